// @ts-check
// Drawing the outline of a warning: click for corners, double-click to close, drag a corner, click between two to put one in,
// right-click to take one away. Every change is held against the law of outlines by the server at once.

import { draw, fit } from "./minimap.js";
import { token } from "./map/symbols.js";
import { tr } from "../words.js";

/** @typedef {[number, number]} Place */

const holder = /** @type {HTMLElement | null} */ (document.querySelector("[data-outline]"));
const words = /** @type {HTMLTextAreaElement | null} */ (document.getElementById(holder?.dataset.outline ?? ""));
const said = /** @type {HTMLElement | null} */ (document.querySelector("[data-outline-said]"));

/** @param {Place[]} ring @returns {any} */
const polygon = (ring) => ({ type: "Polygon", coordinates: [[...ring, ring[0]]] });

/** The corners of what stands in the field; only one simple outline can be moved by hand. @returns {Place[]} */
function corners() {
  try {
    const given = JSON.parse(words?.value || "null");
    return given?.type === "Polygon" ? given.coordinates[0].slice(0, -1) : [];
  } catch {
    return [];
  }
}

class Outline {
  /** @param {any} map */
  constructor(map) {
    this.map = map;
    this.ring = corners();
    this.drawing = false;
    this.found = /** @type {any} */ (null);
    this.asked = 0;
    this.timer = 0;
    this.checked = Promise.resolve();
    map.doubleClickZoom.disable();
    map.addSource("corner", { type: "geojson", data: this.dots() });
    map.addLayer({ id: "corner", type: "circle", source: "corner", paint: { "circle-radius": ["case", ["get", "middle"], 4, 7], "circle-color": ["case", ["get", "middle"], token("--map-bg"), token("--accent")], "circle-stroke-color": token("--accent"), "circle-stroke-width": 2 } });
    map.on("click", (/** @type {any} */ event) => this.drawing && this.add(event.lngLat));
    map.on("dblclick", () => this.close());
    map.on("mousedown", "corner", (/** @type {any} */ event) => this.grab(event));
    map.on("contextmenu", "corner", (/** @type {any} */ event) => this.remove(event));
    map.on("mouseenter", "corner", () => (map.getCanvas().style.cursor = "move"));
    map.on("mouseleave", "corner", () => (map.getCanvas().style.cursor = this.drawing ? "crosshair" : ""));
    words?.addEventListener("input", () => this.take());
    this.show(false);
  }

  dots() {
    const dot = (/** @type {Place} */ place, /** @type {number} */ at, middle = false) => ({ type: "Feature", properties: { at, middle }, geometry: { type: "Point", coordinates: place } });
    const next = (/** @type {number} */ n) => this.ring[(n + 1) % this.ring.length];
    const middles = this.drawing || this.ring.length < 3 ? [] : this.ring.map((p, n) => dot([(p[0] + next(n)[0]) / 2, (p[1] + next(n)[1]) / 2], n, true));
    return { type: "FeatureCollection", features: [...middles, ...this.ring.map((p, n) => dot(p, n))] };
  }

  /** @param {boolean} changed */
  show(changed) {
    const line = this.ring.length > 2 ? polygon(this.ring) : { type: "LineString", coordinates: this.ring };
    const whole = this.ring.length ? line : this.other();
    this.map.getSource("own").setData({ type: "FeatureCollection", features: whole ? [{ type: "Feature", properties: {}, geometry: whole }] : [] });
    this.map.getSource("corner").setData(this.dots());
    if (changed && words) words.value = this.ring.length > 2 ? JSON.stringify(polygon(this.ring)) : "";
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), 300);
  }

  /** Hold what stands in the field against the law now; the promise ends when the last look has. */
  look() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.checked = this.check();
    return this.checked;
  }

  /** What was found is about what stands in the field: whoever presses a button while it is being looked at waits for it. */
  async settled() {
    while (this.timer) await this.look();
    await this.checked;
  }

  /** What is in the field but cannot be moved by hand. */
  other() {
    try {
      return JSON.parse(words?.value || "null");
    } catch {
      return null;
    }
  }

  take() {
    this.ring = corners();
    this.drawing = false;
    this.show(false);
  }

  begin() {
    this.ring = [];
    this.drawing = true;
    this.map.getCanvas().style.cursor = "crosshair";
    this.show(true);
  }

  /** @param {{lng: number, lat: number}} at */
  add(at) {
    this.ring.push([+at.lng.toFixed(5), +at.lat.toFixed(5)]);
    this.show(true);
  }

  close() {
    if (!this.drawing) return;
    this.drawing = false;
    this.ring = this.ring.filter((p, n) => n === 0 || p[0] !== this.ring[n - 1][0] || p[1] !== this.ring[n - 1][1]);
    this.map.getCanvas().style.cursor = "";
    this.show(true);
  }

  /** @param {any} event */
  grab(event) {
    if (this.drawing || event.originalEvent.button) return;
    event.preventDefault();
    const { at, middle } = event.features[0].properties;
    const n = middle ? at + 1 : at;
    if (middle) this.ring.splice(n, 0, [event.lngLat.lng, event.lngLat.lat]);
    const move = (/** @type {any} */ e) => {
      this.ring[n] = [+e.lngLat.lng.toFixed(5), +e.lngLat.lat.toFixed(5)];
      this.show(true);
    };
    this.map.on("mousemove", move);
    this.map.once("mouseup", () => this.map.off("mousemove", move));
  }

  /** @param {any} event */
  remove(event) {
    event.preventDefault();
    const { at, middle } = event.features[0].properties;
    if (middle || this.ring.length < 4) return;
    this.ring.splice(at, 1);
    this.show(true);
  }

  async check() {
    const mine = ++this.asked;
    const text = words?.value ?? "";
    if (!text.trim() || !said || !holder) {
      this.found = null;
      this.enable();
      return;
    }
    const csrf = /** @type {HTMLInputElement | null} */ (document.querySelector("[name=csrfmiddlewaretoken]"))?.value ?? "";
    const answer = await fetch(holder.dataset.check ?? "", { method: "POST", body: text, headers: { "X-CSRFToken": csrf } }).catch(() => null);
    const found = answer?.ok ? await answer.json() : { legal: false, why: tr("没有连上服务器，提交时再检查。") };
    if (mine !== this.asked) return;
    this.found = found;
    said.textContent = found.legal ? [tr("范围合法。"), ...found.notes, found.areas.length ? `${tr("涉及")}：${found.areas.map((/** @type {any} */ a) => a.name).join("、")}` : tr("没有边界已知的区划，请在下面选择。")].join(" ") : found.why;
    said.className = found.legal ? "muted" : "field-error";
    this.enable();
  }

  enable() {
    for (const name of ["areas", "snap"]) {
      const button = /** @type {HTMLButtonElement | null} */ (document.querySelector(`[data-do=${name}]`));
      if (button) button.disabled = !this.found?.areas?.length;
    }
  }

  async areas() {
    await this.settled();
    const list = /** @type {HTMLSelectElement | null} */ (document.getElementById(holder?.dataset.areas ?? ""));
    const ids = new Set(this.found?.areas.map((/** @type {any} */ a) => String(a.id)));
    if (!this.found?.areas?.length) return;
    for (const option of list?.options ?? []) option.selected = ids.has(option.value);
  }

  async snap() {
    await this.settled();
    if (words && this.found?.snapped) words.value = JSON.stringify(this.found.snapped);
    this.take();
  }

  clear() {
    if (words) words.value = "";
    this.take();
  }
}

if (holder && words) {
  const given = { type: "FeatureCollection", features: words.value.trim() && corners().length ? [{ type: "Feature", properties: {}, geometry: JSON.parse(words.value) }] : [] };
  draw(holder, given)
    .then((map) => {
      const outline = new Outline(map);
      fit(map, given);
      for (const button of document.querySelectorAll("[data-do]")) {
        button.addEventListener("click", () => /** @type {any} */ (outline)[/** @type {HTMLElement} */ (button).dataset.do ?? ""]());
      }
    })
    .catch((error) => {
      holder.dataset.state = "failed";
      holder.textContent = tr("地图未能载入，下面的表格不受影响。");
      console.warn("outline:", error);
    });
}
