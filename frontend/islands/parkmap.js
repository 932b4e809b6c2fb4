// @ts-check
// The map of a park's page: contours, units, targets. A click fills in the place and asks what brings the risk there; what a
// supposed unit would change is drawn dashed over it. The form beside it does the same without a mouse.

import { draw } from "./minimap.js";
import { token } from "./map/symbols.js";
import { tr } from "../words.js";

const FONT = ["Noto Sans CJK SC Regular"];
const COLOURS = [[3e-5, "#b3001b"], [1e-5, "#e4572e"], [3e-6, "#f2a33a"], [0, "#f6d55c"]];
const empty = () => /** @type {any} */ ({ type: "FeatureCollection", features: [] });

/** @param {number} risk */
const colourOf = (risk) => String(COLOURS.find(([least]) => risk >= Number(least) * 0.999)?.[1]);

/** @param {string} id @returns {any} */
const read = (id) => JSON.parse(document.getElementById(id)?.textContent ?? "null");

/** Units as triangles, targets as dots by whether they pass. @param {any} map */
function symbols(map) {
  const points = ["match", ["geometry-type"], "Point", true, false];
  const kind = (/** @type {string} */ name) => ["==", ["get", "kind"], name];
  map.setFilter("own.point", ["all", points, ["!", kind("unit")]]);
  map.setPaintProperty("own.point", "circle-color", ["match", ["get", "kind"], "bad", token("--bad"), token("--ok")]);
  map.setFilter("own.fill", ["all", ["has", "risk"], ["match", ["geometry-type"], ["Polygon", "MultiPolygon"], true, false]]);
  map.setPaintProperty("own.fill", "fill-opacity", 0.2);
  map.addLayer({ id: "park.edge", type: "line", source: "own", filter: ["has", "outline"], paint: { "line-color": token("--text"), "line-width": 1.6, "line-dasharray": [4, 2] } });
  map.addLayer({ id: "park.unit", type: "symbol", source: "own", filter: kind("unit"), layout: { "text-field": "▲", "text-font": FONT, "text-size": 12, "text-allow-overlap": true }, paint: { "text-color": token("--text"), "text-halo-color": token("--map-bg"), "text-halo-width": 1 } });
  map.addSource("plan", { type: "geojson", data: empty() });
  const line = { "line-color": ["get", "colour"], "line-width": 2.4, "line-dasharray": [2, 1.4] };
  map.addLayer({ id: "plan.line", type: "line", source: "plan", filter: ["has", "colour"], paint: line });
  map.addLayer({ id: "plan.place", type: "circle", source: "plan", filter: points, paint: { "circle-radius": 7, "circle-color": "rgba(0,0,0,0)", "circle-stroke-width": 2.5, "circle-stroke-color": token("--accent") } });
}

/** What a place, and a unit supposed there, look like. @param {number} lon @param {number} lat @param {any[]} contours */
function planned(lon, lat, contours) {
  return {
    type: "FeatureCollection",
    features: [
      ...contours.map((one) => ({ type: "Feature", geometry: one.geometry, properties: { colour: colourOf(one.risk) } })),
      { type: "Feature", geometry: { type: "Point", coordinates: [lon, lat] }, properties: {} },
    ],
  };
}

/** @param {any} map */
function asked(map) {
  const form = /** @type {HTMLFormElement} */ (document.querySelector("[data-plan]"));
  map.getCanvas().style.cursor = "crosshair";
  map.on("click", (/** @type {any} */ event) => {
    /** @type {HTMLInputElement} */ (form.elements.namedItem("lon")).value = event.lngLat.lng.toFixed(5);
    /** @type {HTMLInputElement} */ (form.elements.namedItem("lat")).value = event.lngLat.lat.toFixed(5);
    map.getSource("plan").setData(planned(event.lngLat.lng, event.lngLat.lat, []));
    const plan = document.getElementById("plan");
    if (plan) plan.replaceChildren();
    /** @type {HTMLButtonElement} */ (form.querySelector("[data-ask=point]")).click();
  });
  // a refused question is an answer too: what is wrong with it stands where the answer would
  document.body.addEventListener("htmx:beforeSwap", (/** @type {any} */ event) => {
    if (event.detail.xhr.status === 422) [event.detail.shouldSwap, event.detail.isError] = [true, false];
  });
  document.body.addEventListener("htmx:beforeRequest", (/** @type {any} */ event) => {
    event.detail.target.replaceChildren(tr("正在计算…"));
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (/** @type {HTMLElement} */ (event.target).id !== "plan") return;
    const found = read("plan-data");
    if (found) map.getSource("plan").setData(planned(found.lon, found.lat, found.contours));
    document.dispatchEvent(new CustomEvent("park:plan", { detail: found }));
  });
}

const holder = /** @type {HTMLElement | null} */ (document.querySelector("[data-park-map]"));
if (holder) {
  draw(holder, read("park-map-data"))
    .then((map) => {
      symbols(map);
      asked(map);
    })
    .catch((error) => {
      holder.dataset.state = "failed";
      holder.textContent = tr("地图未能载入，下面的表格不受影响。");
      console.warn("parkmap:", error);
    });
}
