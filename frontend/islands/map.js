// @ts-check
// The one map: the scene, its layer tree, tools, search, panel and timeline, by mouse and by keyboard.

import { counters } from "./map/data.js";
import { Scene } from "./map/scene.js";
import { Fronts } from "./map/fronts.js";
import { Tree } from "./map/tree.js";
import { Tools } from "./map/tools.js";
import { Timeline } from "./map/timeline.js";
import { search } from "./map/search.js";
import { shortcuts } from "./map/keys.js";
import { Panel } from "./map/panel.js";
import { Drawing } from "./map/drawing.js";
import { Reach } from "./map/reach.js";

const config = JSON.parse(document.getElementById("map-config")?.textContent ?? "{}");
const holder = /** @type {HTMLElement} */ (document.getElementById("map"));
const tree = new Tree(document.getElementById("layers"), config.layers, (key, shown) => {
  scene.show(key, shown);
  fronts?.update();
});
/** @type {Fronts | null} */
let fronts = null;
const scene = new Scene(config, {
  isShown: (key) => tree.isShown(key),
  changed: (kept) => {
    tree.update(kept);
    fronts?.update();
  },
});
scene.live();
scene.load();
const timeline = new Timeline(/** @type {HTMLElement} */ (document.getElementById("timeline")));

const { NavigationControl, ScaleControl } = await scene.open(holder, {});
const { map, data, layers } = scene;
map.addControl(new NavigationControl({ showCompass: false }), "top-right");
map.addControl(new ScaleControl({ maxWidth: 110 }), "bottom-left");
const panel = new Panel(/** @type {HTMLElement} */ (document.getElementById("panel")), map);
fronts = new Fronts(/** @type {HTMLElement} */ (holder.parentElement), scene);
fronts.update();
// A link from a page names its place, and the layer that it is about.
const asked = new URLSearchParams(location.search);
const [lon, lat] = ["lon", "lat"].map((name) => Number.parseFloat(asked.get(name) ?? ""));
if (Math.abs(lon) <= 180 && Math.abs(lat) <= 85) map.jumpTo({ center: [lon, lat], zoom: 12.5 });
const about = asked.get("layer");
if (about && layers.has(about)) tree.set(about, true);
const tools = new Tools(map, { panel, layers });
const drawing = new Drawing(map, { panel, tools });
const reach = new Reach(map);

/** Ids of map layers whose features can be chosen, topmost first. */
function choosable() {
  return map
    .getStyle()
    .layers.filter((/** @type {any} */ entry) => entry.source && layers.has(entry.source) && layers.get(entry.source).group !== "base")
    .map((/** @type {any} */ entry) => entry.id)
    .reverse();
}

/** The topmost feature near a point of the screen. @param {{x: number, y: number}} point @param {number} reach */
function featureAt({ x, y }, reach) {
  return map.queryRenderedFeatures([[x - reach, y - reach], [x + reach, y + reach]], { layers: choosable() })[0];
}

map.on("click", (/** @type {any} */ event) => {
  if (drawing.click(event) || tools.click(event)) return;
  const found = featureAt(event.point, 5);
  if (found) panel.choose(found.source, data.get(found.source)?.features.get(found.id) ?? found, layers.get(found.source));
  else tools.here(event.lngLat);
});
map.on("mousemove", (/** @type {any} */ event) => {
  const found = featureAt(event.point, 3);
  map.getCanvas().style.cursor = tools.measuring || drawing.active ? "crosshair" : found ? "pointer" : "";
  tools.hover(event, found);
});
search(/** @type {HTMLInputElement} */ (document.getElementById("search")), { map, data, layers, tree, panel });
shortcuts({ map, panel, tools, timeline, drawing });
// For browser tests and measurements.
Object.assign(window, { anlanMap: { map, data, counters, tools, panel, timeline, fronts, drawing, reach } });
