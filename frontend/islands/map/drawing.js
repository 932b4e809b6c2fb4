// @ts-check
// 标绘: draw on an open incident, for everybody at once. What was drawn is kept here until the platform has taken it.

import { csrfToken } from "../../csrf.js";
import { token } from "./symbols.js";
import { tr } from "../../words.js";

/** @typedef {{kind: string, form: string, title: string, incident?: string, id?: string, version?: string}} Wanted */
const LEAST = /** @type {Record<string, number>} */ ({ Point: 1, LineString: 2, Polygon: 3 });

/** A button in the bar. @param {string} text @param {() => void} run */
function button(text, run) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "button small";
  element.textContent = text;
  element.addEventListener("click", run);
  return element;
}

/** @param {string} url @param {any} body */
function post(url, body) {
  const csrf = csrfToken();
  return fetch(url, { method: "POST", headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrf }, body: JSON.stringify(body) });
}

export class Drawing {
  /** @param {any} map @param {{panel: any, tools: any}} parts */
  constructor(map, { panel, tools }) {
    this.map = map;
    this.panel = panel;
    this.tools = tools;
    this.note = /** @type {HTMLElement} */ (document.getElementById("map-note"));
    /** @type {Wanted | null} */
    this.wanted = null;
    /** @type {[number, number][]} */
    this.places = [];
    this.label = "";
    this.key = "";
    this.busy = false;
    map.addSource("sketch", { type: "geojson", data: { type: "FeatureCollection", features: [] } });
    map.addLayer({ id: "sketch.fill", type: "fill", source: "sketch", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": token("--bad"), "fill-opacity": 0.18 } });
    map.addLayer({ id: "sketch", type: "line", source: "sketch", paint: { "line-color": token("--bad"), "line-width": 2.2 } });
    map.addLayer({ id: "sketch.dot", type: "circle", source: "sketch", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 5, "circle-color": token("--bad"), "circle-stroke-width": 1.5, "circle-stroke-color": token("--bg") } });
    document.addEventListener("click", (event) => this.asked(/** @type {HTMLElement} */ (event.target)));
  }

  /** @param {HTMLElement} target */
  asked(target) {
    const from = /** @type {HTMLElement | null} */ (target.closest("[data-draw], [data-redraw]"));
    if (!from) return;
    const { draw, redraw, kind, form, incident, version, label, title } = from.dataset;
    this.start({ kind: draw ?? kind ?? "", form: form ?? "Point", title: title ?? label ?? from.textContent ?? "", incident, id: redraw, version });
    this.label = redraw ? (label ?? "") : "";
    this.show();
  }

  /** @param {Wanted} wanted */
  start(wanted) {
    this.tools.stop();
    this.wanted = wanted;
    this.places = [];
    this.label = "";
    // Not randomUUID: the page may come over plain http in a closed network.
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    this.key = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    this.show();
  }

  get active() {
    return this.wanted !== null;
  }

  stop() {
    this.wanted = null;
    this.places = [];
    this.paint();
    this.note.hidden = true;
    this.note.replaceChildren();
  }

  /** A click while drawing is a corner. @param {any} event */
  click(event) {
    if (!this.wanted || this.busy) return false;
    this.add(event.lngLat.toArray());
    return true;
  }

  /** @param {[number, number]} place */
  add(place) {
    const corner = /** @type {[number, number]} */ (place.map((part) => Number(part.toFixed(6))));
    this.places = this.wanted?.form === "Point" ? [corner] : [...this.places, corner];
    this.show();
  }

  /** @returns {any} */
  geometry() {
    const form = this.wanted?.form ?? "Point";
    if (form === "Point") return { type: form, coordinates: this.places[0] };
    return { type: form, coordinates: form === "Polygon" ? [[...this.places, this.places[0]]] : this.places };
  }

  paint() {
    const points = this.places.map((coordinates) => ({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates } }));
    const whole = this.places.length >= LEAST[this.wanted?.form ?? "Point"] && this.wanted?.form !== "Point";
    const line = { type: "LineString", coordinates: this.places };
    const shape = this.places.length > 1 ? [{ type: "Feature", properties: {}, geometry: whole ? this.geometry() : line }] : [];
    this.map.getSource("sketch")?.setData({ type: "FeatureCollection", features: [...shape, ...points] });
  }

  /** @param {string} [trouble] */
  show(trouble = "") {
    if (!this.wanted) return;
    this.paint();
    const enough = this.places.length >= LEAST[this.wanted.form];
    const input = document.createElement("input");
    input.value = this.label;
    input.maxLength = 60;
    input.placeholder = tr("名称（可空）");
    input.setAttribute("aria-label", tr("名称（可空）"));
    input.addEventListener("input", () => { this.label = input.value; });
    const done = button(tr("完成"), () => this.save());
    done.classList.add("primary");
    done.disabled = !enough || this.busy;
    const parts = [
      tr("标绘{title}：点选 {count} 点", { title: this.wanted.title.trim(), count: this.places.length }), input, done,
      button(tr("在地图中心加点"), () => this.add(this.map.getCenter().toArray())),
      button(tr("退一点"), () => { this.places = this.places.slice(0, -1); this.show(); }),
      button(tr("取消"), () => this.stop()),
    ];
    const said = document.createElement("span");
    said.className = "bad-text";
    said.setAttribute("role", "alert");
    said.textContent = trouble;
    this.note.hidden = false;
    this.note.replaceChildren(...parts, ...(trouble ? [said] : []));
  }

  async save() {
    if (!this.wanted || this.places.length < LEAST[this.wanted.form]) return;
    const { id, incident, kind, version } = this.wanted;
    const url = id ? `/command/drawings/${id}/do/redraw` : `/command/incidents/${incident}/drawings`;
    this.busy = true;
    this.show();
    let trouble = tr("没有送到，请再点“完成”重试。");
    try {
      const answer = await post(url, { key: this.key, kind, geometry: this.geometry(), label: this.label, ...(version ? { version } : {}) });
      const said = await answer.json();
      trouble = answer.ok ? "" : `${said.error ?? ""}${said.rule ? `（${said.rule}）` : ""}`;
    } catch {
      // stays as it is: the same key is sent again
    }
    this.busy = false;
    if (trouble) this.show(trouble);
    else {
      this.stop();
      this.panel.reload();
    }
  }
}
