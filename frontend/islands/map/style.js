// @ts-check
// How the map looks. No tiles, no glyph server: boundaries and our own data only, text drawn by the browser's fonts.

import { levelColour, token, toned } from "./symbols.js";
import { tr } from "../../words.js";

const NAME = ["coalesce", ["get", "name"], ["get", "title"], ""];
const LEVEL = ["get", "_level"];

/** Colour by level where a feature has one, else the layer's. @param {string} colour @returns {any} */
function byLevel(colour) {
  return ["match", ["coalesce", LEVEL, 0], 1, levelColour(1), 2, levelColour(2), 3, levelColour(3), 4, levelColour(4), ["coalesce", ["get", "colour"], toned(colour)]];
}

/** @returns {any} */
export function baseStyle() {
  return { version: 8, sources: {}, layers: [{ id: "background", type: "background", paint: { "background-color": token("--map-bg") } }] };
}

const FONT = ["Noto Sans CJK SC Regular"];
/** @param {number} size @param {string} colour */
const text = (size, colour) => ({
  layout: { "text-field": NAME, "text-font": FONT, "text-size": size, "text-max-width": 8 },
  paint: { "text-color": colour, "text-halo-color": token("--map-bg"), "text-halo-width": 1.4 },
});

/** @param {number} by @returns {any} */
const roadWidth = (by) => ["interpolate", ["linear"], ["zoom"], 8, 0.7 * by, 11, ["*", by, ["case", [">=", ["get", "speed_km_h"], 90], 2.2, 1.2]], 14, ["*", by, ["case", [">=", ["get", "speed_km_h"], 90], 5, 3]]];

/** Map layers of a base layer, by its key. @param {string} key @returns {any[] | null} */
export function baseLayers(key) {
  const line = token("--map-line");
  const make = /** @type {Record<string, () => any[]>} */ ({
    "area.city": () => [
      { id: "area.city", type: "fill", paint: { "fill-color": token("--map-land") } },
      { id: "area.city.glow", type: "line", paint: { "line-color": token("--accent"), "line-width": 7, "line-opacity": 0.16, "line-blur": 5 } },
      { id: "area.city.line", type: "line", paint: { "line-color": token("--map-city"), "line-width": 1.8 } },
    ],
    "area.district": () => [
      { id: "area.district", type: "fill", paint: { "fill-color": token("--map-land-alt"), "fill-opacity": ["match", ["%", ["to-number", ["get", "code"], 0], 4], 2, 0.25, 3, 0.55, 0, 0.85, 0.55] } },
      { id: "area.district.line", type: "line", paint: { "line-color": line, "line-width": 1.2, "line-dasharray": [4, 2] } },
    ],
    "area.town": () => [
      { id: "area.town.line", type: "line", minzoom: 9.5, paint: { "line-color": line, "line-width": 0.7, "line-opacity": 0.8, "line-dasharray": [2, 2.5] } },
    ],
    "base.water": () => [
      { id: "base.water", type: "fill", filter: ["match", ["geometry-type"], ["Polygon", "MultiPolygon"], true, false], paint: { "fill-color": token("--map-water") } },
      { id: "base.water.line", type: "line", filter: ["match", ["geometry-type"], ["LineString", "MultiLineString"], true, false], layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": token("--map-water"), "line-width": ["interpolate", ["linear"], ["zoom"], 7, 1.6, 10, 4, 13, 9] } },
      { id: "base.water.name", type: "symbol", minzoom: 8.5, filter: ["has", "name"], layout: { ...text(11.5, "").layout, "symbol-placement": "line" }, paint: { ...text(11.5, token("--map-water-label")).paint } },
    ],
    "base.road": () => [
      { id: "base.road.case", type: "line", minzoom: 10, layout: { "line-cap": "round" }, paint: { "line-color": token("--map-bg"), "line-width": roadWidth(2.2), "line-opacity": 0.6 } },
      { id: "base.road", type: "line", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": ["case", [">=", ["get", "speed_km_h"], 90], token("--map-road-main"), token("--map-road")], "line-width": roadWidth(1) } },
      { id: "base.road.name", type: "symbol", minzoom: 10.8, layout: { ...text(10.5, "").layout, "symbol-placement": "line", "symbol-spacing": 380 }, paint: text(0, token("--map-label-weak")).paint },
    ],
    "area.place": () => [
      { id: "area.place", type: "symbol", filter: ["==", ["get", "rank"], 2], layout: { ...text(0, "").layout, "text-size": 15, "text-letter-spacing": 0.16, "text-allow-overlap": true }, paint: text(0, token("--map-label")).paint },
      { id: "area.place.town", type: "symbol", minzoom: 9.6, filter: [">", ["get", "rank"], 2], ...text(11.5, token("--map-label-weak")) },
    ],
    "area.community": () => [
      { id: "area.community.dot", type: "circle", minzoom: 10.5, paint: { "circle-radius": 1.6, "circle-color": token("--map-label-weak") } },
      { id: "area.community", type: "symbol", minzoom: 11.5, layout: { ...text(10.5, "").layout, "text-offset": [0, 0.8] }, paint: text(0, token("--map-label-weak")).paint },
    ],
  });
  return make[key] ? make[key]() : null;
}

/** Map layers of a room's layer. @param {{key: string, kind: string, colour: string}} layer @returns {any[]} */
export function dataLayers(layer) {
  if (layer.kind === "polygon") return polygons(layer);
  if (layer.kind === "line") return lines(layer);
  return points(layer);
}

/** Footprints: what a model computed is hatched by a dashed edge and says so in its label. @param {any} layer */
function polygons({ key, colour }) {
  return [
    { id: key, type: "fill", paint: { "fill-color": byLevel(colour), "fill-opacity": ["coalesce", ["get", "opacity"], 0.22] } },
    { id: `${key}.line`, type: "line", paint: { "line-color": byLevel(colour), "line-width": 1.4, "line-dasharray": [3, 1.5] } },
    { id: `${key}.name`, type: "symbol", minzoom: 9.5, layout: { "text-field": ["concat", NAME, ["case", ["to-boolean", ["get", "modelled"]], `\n${tr("模型推算")}`, ""], ["case", ["to-boolean", ["get", "sketch"]], `\n${tr("示意")}`, ""]], "text-font": FONT, "text-size": 11 }, paint: text(11, token("--text")).paint },
  ];
}

/** @param {any} layer */
function lines({ key, colour }) {
  const width = (/** @type {number} */ by) => ["interpolate", ["linear"], ["zoom"], 8, 0.6 * by, 12, 1.6 * by, 15, 4 * by];
  return [
    { id: `${key}.case`, type: "line", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": token("--map-bg"), "line-width": width(2), "line-opacity": 0.5 } },
    { id: key, type: "line", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": byLevel(colour), "line-width": width(1) } },
    { id: `${key}.name`, type: "symbol", minzoom: 11, layout: { "symbol-placement": "line", "text-field": NAME, "text-font": FONT, "text-size": 10.5 }, paint: text(10.5, token("--map-label-weak")).paint },
  ];
}

/** Dots always, symbols where there is room (urgent ones always), names when near. @param {any} layer */
function points({ key, colour, symbols }) {
  const image = ["concat", key, "|", ["to-string", ["coalesce", LEVEL, 0]], "|", ["coalesce", ["get", "_state"], ""], "|", ["coalesce", ["get", "symbol"], ""]];
  const urgent = [">", ["coalesce", LEVEL, 0], 0];
  const size = ["interpolate", ["linear"], ["zoom"], 8, 0.62, 11, 0.8, 14, 1];
  const name = { "text-field": ["step", ["zoom"], "", 12.2, NAME], "text-font": FONT, "text-size": 11, "text-offset": [0, 1.5], "text-anchor": "top", "text-optional": true, "text-max-width": 9 };
  return [
    { id: `${key}.dot`, type: "circle", filter: ["!", urgent], paint: { "circle-radius": ["interpolate", ["linear"], ["zoom"], 8, 1.7, 12, 3], "circle-color": byLevel(colour), "circle-opacity": 0.9, "circle-stroke-width": 0.6, "circle-stroke-color": token("--map-bg") } },
    { id: key, type: "symbol", filter: ["!", urgent], layout: { "icon-image": image, "icon-size": size, "icon-padding": 1, "icon-allow-overlap": Object.keys(symbols ?? {}).length > 0, ...name }, paint: text(11, token("--text")).paint },
    { id: `${key}.urgent`, type: "symbol", filter: urgent, layout: { "icon-image": image, "icon-size": ["interpolate", ["linear"], ["zoom"], 8, 0.8, 12, 1.1], "icon-allow-overlap": true, "icon-ignore-placement": true, "symbol-sort-key": ["-", 10, LEVEL], ...name }, paint: text(11, token("--text")).paint },
  ];
}
