// @ts-check
// The one map: layers as sources, kept live; what is chosen on it opens at the right.

import { baseLayers, baseStyle, dataLayers } from "./map/style.js";
import { counters, LayerData } from "./map/data.js";
import { levelOf, provide } from "./map/symbols.js";
import { Tree } from "./map/tree.js";
import { Tools } from "./map/tools.js";
import { Timeline } from "./map/timeline.js";
import { search } from "./map/search.js";
import { shortcuts } from "./map/keys.js";
import { Panel } from "./map/panel.js";

const config = JSON.parse(/** @type {HTMLElement} */ (document.getElementById("map-config")).textContent ?? "{}");
const holder = /** @type {HTMLElement} */ (document.getElementById("map"));
/** @type {Map<string, any>} */
const layers = new Map(config.layers.map((/** @type {any} */ layer) => [layer.key, layer]));
/** @type {Map<string, LayerData>} */
const data = new Map();
const tree = new Tree(document.getElementById("layers"), config.layers, show);
// The data of the layers is on its way while the map library is still being read.
for (const layer of config.layers) {
  data.set(layer.key, new LayerData(layer, (changed) => tree.update(changed)));
  if (tree.isShown(layer.key)) data.get(layer.key)?.load();
}

const { Map: MapLibre, NavigationControl, ScaleControl, AttributionControl, setWorkerUrl } = await import("maplibre-gl");
setWorkerUrl(config.worker);
const map = new MapLibre({
  container: holder,
  style: baseStyle(config.tianditu),
  bounds: config.bounds,
  fitBoundsOptions: { padding: 30 },
  maxBounds: config.tianditu ? undefined : wider(config.bounds),
  attributionControl: false,
  dragRotate: false,
  pitchWithRotate: false,
  fadeDuration: 120,
  localIdeographFontFamily: token("--font"),
});
map.touchZoomRotate.disableRotation();
map.addControl(new NavigationControl({ showCompass: false }), "top-right");
map.addControl(new ScaleControl({ maxWidth: 110 }), "bottom-right");
map.addControl(new AttributionControl({ compact: true, customAttribution: config.attribution }), "bottom-right");
provide(map, layers);

const panel = new Panel(/** @type {HTMLElement} */ (document.getElementById("panel")), map);
const timeline = new Timeline(/** @type {HTMLElement} */ (document.getElementById("timeline")));
const tools = new Tools(map, { panel, layers, data });

/** @param {string} name */
function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** @param {[number, number, number, number]} b @returns {[number, number, number, number]} */
function wider([west, south, east, north]) {
  const [dx, dy] = [(east - west) * 1.5, (north - south) * 1.5];
  return [west - dx, south - dy, east + dx, north + dy];
}

/** Base layers lie below, then surfaces, lines, points, and what is urgent on top. @param {any} layer */
function rank(layer) {
  if (layer.group === "base") return config.layers.indexOf(layer);
  return { polygon: 100, line: 200, point: 300 }[/** @type {"point"} */ (layer.kind)] + (levelled(layer.key) ? 50 : 0);
}

/** @param {string} key */
const levelled = (key) => /alarm|incident|warning|event/.test(key);

function build() {
  for (const layer of [...config.layers].sort((a, b) => rank(a) - rank(b))) {
    const kept = data.get(layer.key);
    if (!kept) continue;
    map.addSource(layer.key, { type: "geojson", data: kept.collection(), ...(layer.kind === "point" ? { maxzoom: 14 } : {}) });
    kept.source = map.getSource(layer.key);
    for (const entry of baseLayers(layer.key) ?? dataLayers(layer)) {
      map.addLayer({ ...entry, source: layer.key, layout: { ...(entry.layout ?? {}), visibility: tree.isShown(layer.key) ? "visible" : "none" } });
    }
  }
  holder.dataset.state = "ready";
  tools.build();
}

/** @param {string} key @param {boolean} shown */
function show(key, shown) {
  for (const entry of map.getStyle().layers) {
    if (entry.source === key) map.setLayoutProperty(entry.id, "visibility", shown ? "visible" : "none");
  }
  if (shown) data.get(key)?.load();
}

/** Ids of map layers whose features can be chosen, topmost first. */
function choosable() {
  return map.getStyle().layers.filter((/** @type {any} */ l) => l.source && layers.get(l.source)?.group !== "base" && ["symbol", "circle", "fill", "line"].includes(l.type)).map((/** @type {any} */ l) => l.id).reverse();
}

function listen() {
  map.on("click", (/** @type {any} */ event) => {
    if (tools.click(event)) return;
    const { x, y } = event.point;
    const [found] = map.queryRenderedFeatures([[x - 5, y - 5], [x + 5, y + 5]], { layers: choosable() });
    if (found) panel.choose(found.source, data.get(found.source)?.features.get(found.id) ?? found, layers.get(found.source));
    else tools.here(event.lngLat);
  });
  map.on("mousemove", (/** @type {any} */ event) => {
    const { x, y } = event.point;
    const found = map.queryRenderedFeatures([[x - 3, y - 3], [x + 3, y + 3]], { layers: choosable() });
    map.getCanvas().style.cursor = tools.measuring ? "crosshair" : found.length ? "pointer" : "";
    tools.hover(event, found[0]);
  });
}

/** Which layers an event concerns: moved in place, or fetched again. */
function live() {
  document.addEventListener("anlan:event", (event) => {
    const detail = /** @type {CustomEvent} */ (event).detail;
    for (const kept of data.values()) {
      const { moved_by: moved, refresh, key } = kept.layer;
      if (moved && moved[0] === detail.type) kept.move(detail[moved[1]], detail.lon, detail.lat);
      else if ((refresh.includes(detail.type) || detail.type === "reset") && tree.isShown(key)) kept.reload();
    }
    if (detail.type === "monitoring.AlarmRaised") tools.ping(detail.lon, detail.lat, levelOf(detail.priority));
    if (detail.type === "command.IncidentOpened") tools.ping(detail.lon, detail.lat, levelOf(detail.grade) || 1);
  });
}

map.on("load", () => {
  build();
  listen();
  live();
  search(/** @type {HTMLInputElement} */ (document.getElementById("search")), { map, data, layers, tree, panel });
  shortcuts({ map, panel, tools, timeline });
});
map.on("error", (/** @type {any} */ event) => console.warn("map:", event.error?.message));
map.once("idle", () => performance.mark("anlan-map-idle"));
// For browser tests and measurements.
Object.assign(window, { anlanMap: { map, data, counters, tools, panel, timeline } });
