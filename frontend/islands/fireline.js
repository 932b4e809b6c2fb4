// @ts-check
// The fire's own map: its fronts, the lines that stand, and drawing a line or the perimeter of now into it.
// One click on a button begins; each further click is a corner; double-click or Enter ends it and sends the form at once.

import { draw, fit } from "./minimap.js";
import { token } from "./map/symbols.js";
import { tr } from "../words.js";

/** @typedef {[number, number]} Place */

const holder = /** @type {HTMLElement | null} */ (document.querySelector("[data-fireline]"));
const said = /** @type {HTMLElement | null} */ (document.querySelector("[data-fireline-said]"));

class Fireline {
  /** @param {any} map */
  constructor(map) {
    this.map = map;
    this.places = /** @type {Place[]} */ ([]);
    this.button = /** @type {HTMLElement | null} */ (null);
    map.doubleClickZoom.disable();
    map.addSource("drawn", { type: "geojson", data: this.shape() });
    map.addLayer({ id: "drawn", type: "line", source: "drawn", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": token("--info"), "line-width": 4 } });
    map.addLayer({ id: "drawn.corner", type: "circle", source: "drawn", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 5, "circle-color": token("--map-bg"), "circle-stroke-color": token("--info"), "circle-stroke-width": 2 } });
    map.on("click", (/** @type {any} */ event) => this.add(event.lngLat));
    map.on("dblclick", () => this.end());
    document.addEventListener("keydown", (event) => this.key(event));
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-fireline-draw]"))) {
      button.addEventListener("click", () => this.begin(button));
    }
  }

  /** @returns {any} */
  shape() {
    const ring = this.button?.dataset.firelineDraw === "ring" && this.places.length > 2 ? [...this.places, this.places[0]] : this.places;
    const points = this.places.map((coordinates) => ({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates } }));
    const line = { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: ring } };
    return { type: "FeatureCollection", features: this.places.length > 1 ? [line, ...points] : points };
  }

  show() {
    this.map.getSource("drawn").setData(this.shape());
    this.map.getCanvas().style.cursor = this.button ? "crosshair" : "";
    if (said) said.textContent = this.button ? tr("已点 {count} 点；双击或回车结束并立即重推，Esc 取消，退格退一点", { count: this.places.length }) : "";
  }

  /** @param {HTMLElement} button */
  begin(button) {
    this.button = button;
    this.places = [];
    holder?.scrollIntoView({ block: "nearest" });
    this.map.getCanvas().focus();
    this.show();
  }

  /** @param {{lng: number, lat: number}} at */
  add(at) {
    if (!this.button) return;
    const place = /** @type {Place} */ ([+at.lng.toFixed(6), +at.lat.toFixed(6)]);
    const last = this.places.at(-1);
    if (last && last[0] === place[0] && last[1] === place[1]) return;
    this.places.push(place);
    this.show();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const typing = event.target instanceof HTMLElement && event.target.matches("input, textarea, select, button");
    if (!this.button || typing) return;
    if (event.key === "Enter") this.end();
    else if (event.key === "Backspace") this.places.pop();
    else if (event.key === "Escape") this.button = null;
    // the keyboard has no pointer: the space bar puts a corner where the cross stands, in the middle of the map
    else if (event.key === " ") this.add(this.map.getCenter());
    else return;
    event.preventDefault();
    if (!this.button) this.places = [];
    this.show();
  }

  end() {
    const least = this.button?.dataset.firelineDraw === "ring" ? 3 : 2;
    const field = /** @type {HTMLTextAreaElement | null} */ (document.getElementById(this.button?.dataset.field ?? ""));
    if (!this.button || !field) return;
    if (this.places.length < least) {
      if (said) said.textContent = tr("至少 {count} 点", { count: least });
      return;
    }
    field.value = this.places.map((place) => place.map((part) => part.toFixed(6)).join(", ")).join("\n");
    if (said) said.textContent = tr("正在重推…");
    this.button = null;
    field.form?.requestSubmit();
  }
}

if (holder) {
  const given = JSON.parse(document.getElementById(holder.dataset.fireline ?? "")?.textContent ?? "null");
  draw(holder, given)
    .then((map) => {
      fit(map, given);
      new Fireline(map);
      holder.dataset.state = "ready";
    })
    .catch((error) => {
      holder.dataset.state = "failed";
      holder.textContent = tr("地图未能载入，下面的表格不受影响。");
      console.warn("fireline:", error);
    });
}
