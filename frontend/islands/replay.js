// @ts-check
// The replay of an incident: one slider over the timeline and a small map. Works from the keyboard: arrows, Home, End, space.

import { baseLayers, baseStyle } from "./map/style.js";
import { LOCALE, tr } from "../words.js";

const box = /** @type {HTMLElement} */ (document.getElementById("replay"));
const slider = /** @type {HTMLInputElement} */ (document.getElementById("replay-slider"));
const button = /** @type {HTMLButtonElement} */ (document.getElementById("replay-play"));
const clock = /** @type {HTMLOutputElement} */ (document.getElementById("replay-time"));
const list = /** @type {HTMLOListElement} */ (document.getElementById("replay-lines"));
const holder = /** @type {HTMLElement} */ (document.getElementById("replay-map"));
const format = new Intl.DateTimeFormat(LOCALE, { timeZone: "Asia/Shanghai", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const COLOURS = ["", "--alarm-red", "--alarm-orange", "--alarm-yellow", "--alarm-blue"];
const PLAY_MS = 30_000;
const MOVING = new Set(["en_route", "on_scene", "done"]);

/** @param {string} name */
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const story = await (await fetch(box.dataset.source ?? "", { headers: { Accept: "application/json" } })).json();
const [start, end] = [Date.parse(story.start), Date.parse(story.end)];
const span = Math.max(1, end - start);

const lines = story.timeline.map((/** @type {any} */ entry) => {
  const item = document.createElement("li");
  const time = document.createElement("time");
  time.textContent = format.format(new Date(entry.at));
  const tag = document.createElement("span");
  tag.className = "tag";
  tag.textContent = entry.label;
  item.append(time, tag, ` ${entry.text}`);
  list.append(item);
  return { at: Date.parse(entry.at), item };
});

/** @param {any[]} features */
const collection = (features) => ({ type: "FeatureCollection", features });

/** Length along a line, by straight pieces. @param {number[][]} points @param {number} share */
function along(points, share) {
  const lengths = points.slice(1).map((p, i) => Math.hypot((p[0] - points[i][0]) * 0.78, p[1] - points[i][1]));
  let left = lengths.reduce((a, b) => a + b, 0) * Math.min(1, Math.max(0, share));
  for (let i = 0; i < lengths.length; i += 1) {
    if (left <= lengths[i]) {
      const t = lengths[i] ? left / lengths[i] : 0;
      return [points[i][0] + (points[i + 1][0] - points[i][0]) * t, points[i][1] + (points[i + 1][1] - points[i][1]) * t];
    }
    left -= lengths[i];
  }
  return points[points.length - 1];
}

/** Where a team was: its last reported position, else along its planned way between start and arrival (推算). @param {any} task @param {number} at */
function position(task, at) {
  const track = story.tracks.find((/** @type {any} */ t) => t.team === task.team);
  const seen = track?.points.filter((/** @type {any} */ p) => Date.parse(p[0]) <= at).at(-1);
  if (seen) return { point: [seen[1], seen[2]], how: tr("定位") };
  const when = (/** @type {string} */ state) => Date.parse(task.steps.find((/** @type {any} */ s) => s.state === state)?.at ?? "");
  const [left, arrived] = [when("en_route") || when("acknowledged"), when("on_scene") || when("done")];
  if (!task.route || !left || at < left) return null;
  const until = arrived || left + (task.eta_min ?? 30) * 60_000;
  return { point: along(task.route.coordinates, (at - left) / Math.max(1, until - left)), how: tr("推算") };
}

/** What the map shows at a moment. @param {number} at */
function scene(at) {
  const zones = story.zones.filter((/** @type {any} */ run) => Date.parse(run.at) <= at).at(-1)?.zones ?? [];
  const active = story.tasks.filter((/** @type {any} */ t) => t.team && t.steps.some((/** @type {any} */ s) => Date.parse(s.at) <= at));
  const teams = active.map((/** @type {any} */ task) => {
    const found = position(task, at);
    const state = task.steps.filter((/** @type {any} */ s) => Date.parse(s.at) <= at).at(-1);
    return found && { type: "Feature", geometry: { type: "Point", coordinates: found.point }, properties: { name: `${task.assignee}·${state.label}（${found.how}）` } };
  });
  return {
    zones: [...zones].reverse().map((/** @type {any} */ z) => ({ type: "Feature", geometry: z.geometry, properties: { colour: token(COLOURS[z.level] || "--accent") } })),
    routes: active.filter((/** @type {any} */ t) => t.route && t.steps.some((/** @type {any} */ s) => MOVING.has(s.state))).map((/** @type {any} */ t) => ({ type: "Feature", geometry: t.route, properties: {} })),
    teams: teams.filter(Boolean),
  };
}

/** @type {any} */
let map = null;

/** Show the moment `share` of the way through. @param {number} share */
function show(share) {
  const at = start + span * share;
  const text = format.format(new Date(at));
  clock.value = text;
  slider.setAttribute("aria-valuetext", text);
  let last = null;
  for (const line of lines) {
    const past = line.at <= at + 1;
    line.item.classList.toggle("ahead", !past);
    line.item.classList.remove("now");
    if (past) last = line.item;
  }
  if (last) {
    last.classList.add("now");
    list.scrollTop = last.offsetTop - list.clientHeight / 2;
  }
  if (map) for (const [key, features] of Object.entries(scene(at))) map.getSource(key)?.setData(collection(features));
  box.dataset.at = new Date(at).toISOString();
}

let playing = 0;
function stop() {
  cancelAnimationFrame(playing);
  playing = 0;
  button.textContent = tr("播放");
  button.setAttribute("aria-pressed", "false");
}
function play() {
  if (playing) return stop();
  const from = Number(slider.value) >= 1000 ? 0 : Number(slider.value);
  const began = performance.now();
  button.textContent = tr("暂停");
  button.setAttribute("aria-pressed", "true");
  const step = () => {
    const value = Math.min(1000, from + ((performance.now() - began) / PLAY_MS) * 1000);
    slider.value = String(value);
    show(value / 1000);
    if (value >= 1000) stop();
    else playing = requestAnimationFrame(step);
  };
  playing = requestAnimationFrame(step);
}

slider.addEventListener("input", () => {
  stop();
  show(Number(slider.value) / 1000);
});
button.addEventListener("click", play);
slider.addEventListener("keydown", (event) => {
  if (event.key !== " ") return;
  event.preventDefault();
  play();
});
show(Number(slider.value) / 1000);

/** A base layer of the one map, empty when this user may not see it. @param {string} key */
async function base(key) {
  const answer = await fetch(`/api/map/layers/${key}`);
  return answer.ok ? answer.json() : collection([]);
}

async function draw() {
  const { Map: MapLibre, Marker, setWorkerUrl } = await import("maplibre-gl");
  setWorkerUrl(box.dataset.worker);
  const { lon, lat } = story.incident;
  map = new MapLibre({ container: holder, style: baseStyle(false), center: [lon, lat], zoom: 11, attributionControl: false, dragRotate: false, keyboard: true, localIdeographFontFamily: token("--font") });
  await new Promise((ready) => map.once("load", ready));
  for (const key of ["area.city", "area.district", "base.water"]) {
    map.addSource(key, { type: "geojson", data: await base(key) });
    for (const layer of baseLayers(key) ?? []) map.addLayer({ ...layer, source: key });
  }
  for (const key of ["zones", "routes", "teams"]) map.addSource(key, { type: "geojson", data: collection([]) });
  map.addLayer({ id: "zones", type: "fill", source: "zones", paint: { "fill-color": ["get", "colour"], "fill-opacity": 0.3 } });
  map.addLayer({ id: "routes", type: "line", source: "routes", paint: { "line-color": token("--accent"), "line-width": 2.5, "line-dasharray": [2, 1.5] } });
  map.addLayer({ id: "teams", type: "circle", source: "teams", paint: { "circle-radius": 6, "circle-color": token("--accent"), "circle-stroke-color": token("--text"), "circle-stroke-width": 1.5 } });
  map.addLayer({ id: "names", type: "symbol", source: "teams", layout: { "text-field": ["get", "name"], "text-size": 12, "text-offset": [0, 1.2], "text-anchor": "top", "text-font": ["Noto Sans CJK SC Regular"] }, paint: { "text-color": token("--text"), "text-halo-color": token("--bg"), "text-halo-width": 1.4 } });
  new Marker({ color: token("--alarm-red") }).setLngLat([lon, lat]).addTo(map);
  const routes = story.tasks.flatMap((/** @type {any} */ t) => t.route?.coordinates ?? []);
  if (routes.length) map.fitBounds(routes.reduce((/** @type {any} */ b, /** @type {any} */ [x, y]) => [[Math.min(b[0][0], x), Math.min(b[0][1], y)], [Math.max(b[1][0], x), Math.max(b[1][1], y)]], [[lon, lat], [lon, lat]]), { padding: 40, duration: 0, maxZoom: 14 });
  holder.dataset.state = "ready";
  show(Number(slider.value) / 1000);
}

draw().catch((error) => {
  // The timeline and its slider work without a map.
  holder.dataset.state = "failed";
  holder.textContent = tr("地图未能载入，时间线仍可回放。");
  console.warn("replay map:", error);
});
