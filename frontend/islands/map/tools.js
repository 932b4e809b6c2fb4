// @ts-check
// Tools on the map: what is here, measuring, names under the pointer.

import { token } from "./symbols.js";
import { tr } from "../../words.js";

const EARTH_M = 6371008.8;

/** Great-circle length of a line, metres. @param {[number, number][]} line */
export function length(line) {
  let sum = 0;
  for (let i = 1; i < line.length; i += 1) {
    const [[a, b], [c, d]] = [line[i - 1], line[i]].map(([x, y]) => [(x * Math.PI) / 180, (y * Math.PI) / 180]);
    const h = Math.sin((d - b) / 2) ** 2 + Math.cos(b) * Math.cos(d) * Math.sin((c - a) / 2) ** 2;
    sum += 2 * EARTH_M * Math.asin(Math.sqrt(h));
  }
  return sum;
}

/** @param {number} metres */
const distance = (metres) => (metres < 1000 ? `${metres.toFixed(0)} m` : `${(metres / 1000).toFixed(2)} km`);

export class Tools {
  /** @param {any} map @param {{panel: any, layers: Map<string, any>}} parts */
  constructor(map, { panel, layers }) {
    this.map = map;
    this.panel = panel;
    this.layers = layers;
    this.measuring = false;
    /** @type {[number, number][]} */
    this.line = [];
    this.tip = /** @type {HTMLElement} */ (document.getElementById("map-tip"));
    this.note = /** @type {HTMLElement} */ (document.getElementById("map-note"));
    this.build();
    document.addEventListener("click", (event) => {
      const found = /** @type {HTMLElement} */ (event.target).closest("[data-tool]");
      if (found) this.start(/** @type {HTMLElement} */ (found));
    });
  }

  build() {
    const empty = { type: "FeatureCollection", features: [] };
    this.map.addSource("chosen", { type: "geojson", data: empty });
    this.map.addLayer({ id: "chosen", type: "circle", source: "chosen", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 19, "circle-color": "transparent", "circle-stroke-width": 2, "circle-stroke-color": token("--accent-strong") } });
    this.map.addSource("measure", { type: "geojson", data: empty });
    this.map.addLayer({ id: "measure", type: "line", source: "measure", paint: { "line-color": token("--warn"), "line-width": 2, "line-dasharray": [2, 1.5] } });
    this.map.addLayer({ id: "measure.dot", type: "circle", source: "measure", paint: { "circle-radius": 3.5, "circle-color": token("--warn"), "circle-stroke-width": 1.5, "circle-stroke-color": token("--bg") } });
  }

  /** @param {HTMLElement} button */
  start(button) {
    if (button.dataset.tool === "measure") this.measure(button.dataset.lon ? [Number(button.dataset.lon), Number(button.dataset.lat)] : null);
    if (button.dataset.tool === "here") this.here(this.map.getCenter());
    if (button.dataset.tool === "home") this.map.fitBounds(JSON.parse(document.getElementById("map-config")?.textContent ?? "{}").bounds, { padding: 30 });
  }

  /** @param {[number, number] | null} from */
  measure(from) {
    this.measuring = true;
    this.line = from ? [from] : [];
    this.draw();
  }

  stop() {
    this.measuring = false;
    this.line = [];
    this.draw();
  }

  /** A click while measuring is a point of the line. @param {any} event */
  click(event) {
    if (!this.measuring) return false;
    this.line.push(event.lngLat.toArray());
    this.draw();
    return true;
  }

  draw() {
    const points = this.line.map((coordinates) => ({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates } }));
    const line = { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: this.line } };
    this.map.getSource("measure")?.setData({ type: "FeatureCollection", features: this.line.length > 1 ? [line, ...points] : points });
    this.note.hidden = !this.measuring;
    this.note.textContent = this.line.length > 1 ? tr("直线距离 {distance}　继续点选，Esc 结束", { distance: distance(length(this.line)) }) : tr("点选两点以上测距，Esc 结束");
    if (this.line.length > 2) this.note.append("　", this.assess(tr("研判圈内")));
    if (this.line.length > 2) this.note.append("　", this.forecast(tr("作为已观测火线推演"), "perimeter"));
    if (this.line.length > 1) this.note.append("　", this.forecast(tr("作为隔离线推演"), "line"));
  }

  /** A button that asks who and what is inside the drawn ring. @param {string} text */
  assess(text) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button small";
    button.textContent = text;
    const ring = this.line.map((place) => place.map((part) => part.toFixed(6)).join(",")).join(" ");
    button.addEventListener("click", () => this.panel.open(`/command/assess?${new URLSearchParams({ ring })}`, text));
    return button;
  }

  /** A link to the wildfire forecast that takes the drawn line as its input. @param {string} text @param {string} input */
  forecast(text, input) {
    const [lon, lat] = [0, 1].map((axis) => this.line.reduce((sum, place) => sum + place[axis], 0) / this.line.length);
    const places = this.line.map((place) => place.map((part) => part.toFixed(6)).join(",")).join(" ");
    const link = document.createElement("a");
    link.textContent = text;
    if (input === "line") {
      link.href = `/command/fires/?${new URLSearchParams({ line: places })}`;
      return link;
    }
    link.href = `/simulation/new?${new URLSearchParams({ kind: "wildfire", lon: lon.toFixed(6), lat: lat.toFixed(6), [input]: places })}`;
    return link;
  }

  /** What is at this place, and what can be done here. @param {{lng: number, lat: number}} place */
  here({ lng, lat }) {
    this.panel.mark({ type: "Point", coordinates: [lng, lat] });
    this.panel.open(`/map/here?lon=${lng.toFixed(6)}&lat=${lat.toFixed(6)}`, tr("此处"));
  }

  /** @param {any} event @param {any} feature */
  hover(event, feature) {
    const p = feature?.properties;
    const name = p && (p.title ?? p.name);
    this.tip.hidden = !name;
    if (!name) return;
    this.tip.textContent = [this.layers.get(feature.source)?.title, name, p.representative ? tr("演示数据") : "", p.modelled ? tr("模型推算") : ""].filter(Boolean).join(" · ");
    this.tip.style.transform = `translate(${event.point.x + 14}px, ${event.point.y + 14}px)`;
  }
}
