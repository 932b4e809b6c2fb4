// @ts-check
// A small map in a page: the base of the one map, and the features the page brings (surfaces, lines, named points).

import { baseLayers, baseStyle } from "./map/style.js";
import { token } from "./map/symbols.js";
import { tr } from "../words.js";

const BASE = ["area.city", "area.district", "base.water", "base.road", "area.place"];
const FONT = ["Noto Sans CJK SC Regular"];
const KIND = ["match", ["get", "kind"], "store", token("--info"), "short", token("--bad"), "place", token("--ok"), token("--accent")];

/** @param {string} key */
async function base(key) {
  const answer = await fetch(`/api/map/layers/${key}`);
  return answer.ok ? answer.json() : { type: "FeatureCollection", features: [] };
}

/** Every position in a geometry. @param {any} coordinates @returns {[number, number][]} */
function positions(coordinates) {
  return typeof coordinates?.[0] === "number" ? [coordinates] : (coordinates ?? []).flatMap(positions);
}

/** @param {any} map @param {any} collection */
export function fit(map, collection) {
  const all = collection.features.flatMap((/** @type {any} */ f) => positions(f.geometry?.coordinates));
  if (!all.length) return;
  const [xs, ys] = [all.map((/** @type {number[]} */ p) => p[0]), all.map((/** @type {number[]} */ p) => p[1])];
  map.fitBounds([[Math.min(...xs), Math.min(...ys)], [Math.max(...xs), Math.max(...ys)]], { padding: 40, duration: 0, maxZoom: 14 });
}

/** @param {any} map */
function own(map) {
  const filter = (/** @type {string[]} */ ...kinds) => ["match", ["geometry-type"], kinds, true, false];
  const colour = ["case", ["to-boolean", ["get", "colour"]], ["get", "colour"], token("--accent")];
  map.addLayer({ id: "own.fill", type: "fill", source: "own", filter: filter("Polygon", "MultiPolygon"), paint: { "fill-color": colour, "fill-opacity": 0.28 } });
  map.addLayer({ id: "own.edge", type: "line", source: "own", filter: filter("Polygon", "MultiPolygon"), paint: { "line-color": colour, "line-width": 1.2 } });
  map.addLayer({ id: "own.line", type: "line", source: "own", filter: filter("LineString", "MultiLineString"), layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": colour, "line-width": ["coalesce", ["get", "width"], 2.5], "line-opacity": 0.85 } });
  map.addLayer({ id: "own.point", type: "circle", source: "own", filter: filter("Point"), paint: { "circle-radius": ["coalesce", ["get", "radius"], 6], "circle-color": ["case", ["to-boolean", ["get", "colour"]], ["get", "colour"], KIND], "circle-stroke-color": token("--map-bg"), "circle-stroke-width": 1.5 } });
  map.addLayer({ id: "own.name", type: "symbol", source: "own", filter: filter("Point"), layout: { "text-field": ["coalesce", ["get", "name"], ""], "text-font": FONT, "text-size": 12, "text-offset": [0, 1.1], "text-anchor": "top", "text-optional": true }, paint: { "text-color": token("--text"), "text-halo-color": token("--map-bg"), "text-halo-width": 1.5 } });
}

/** @param {HTMLElement} holder @param {any} collection */
export async function draw(holder, collection) {
  const { Map: MapLibre, NavigationControl, setWorkerUrl } = await import("maplibre-gl");
  setWorkerUrl(holder.dataset.worker ?? "");
  const map = new MapLibre({ container: holder, style: baseStyle(false), center: [106.8, 39.6], zoom: 9, attributionControl: false, dragRotate: false, pitchWithRotate: false, fadeDuration: 0, localIdeographFontFamily: token("--font") });
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  const bases = Promise.all(BASE.map(base));
  await new Promise((ready) => map.once("load", ready));
  for (const [n, data] of (await bases).entries()) {
    map.addSource(BASE[n], { type: "geojson", data });
    for (const layer of baseLayers(BASE[n]) ?? []) map.addLayer({ ...layer, source: BASE[n] });
  }
  map.addSource("own", { type: "geojson", data: collection });
  own(map);
  fit(map, collection);
  map.once("idle", () => { holder.dataset.state = "ready"; });
  return map;
}

/** Those of the page, and later those that come with a part of it. */
function drawAll() {
  for (const holder of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-minimap]:not([data-state])"))) {
    const data = JSON.parse(document.getElementById(holder.dataset.minimap ?? "")?.textContent ?? "null");
    if (!data) continue;
    holder.dataset.state = "loading";
    draw(holder, data).catch((error) => {
      holder.dataset.state = "failed";
      holder.textContent = tr("地图未能载入，下面的表格不受影响。");
      console.warn("minimap:", error);
    });
  }
}

drawAll();
document.addEventListener("htmx:afterSettle", drawAll);
