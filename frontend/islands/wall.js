// @ts-check
// The wall display 大屏: nobody touches it. The map's focus goes round what is urgent; figures and charts stay true by
// events; the page loads itself anew every night and whenever it is told to.

import { Scene } from "./map/scene.js";
import { token } from "./map/symbols.js";
import "./worklist.js";
import { everySecond, platformNow } from "../clock.js";
import { LOCALE, tr } from "../words.js";

const FOCUS_MS = 12_000;
const CHART_MS = 60_000;
const RELOAD_HOUR = 4;
const config = JSON.parse(document.getElementById("map-config")?.textContent ?? "{}");
const holder = /** @type {HTMLElement} */ (document.getElementById("map"));
const scene = new Scene(config, { isShown: (key) => shown(key), changed: () => undefined });

/** @param {string} key */
function shown(key) {
  return scene?.layers.get(key)?.shown ?? false;
}

/** Things worth looking at, from the lists on the page. */
function targets() {
  return /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".wall-entry[data-lon]")]);
}

let turn = 0;
function rotate() {
  const all = targets();
  for (const entry of all) entry.classList.remove("focus");
  if (!all.length || turn % (all.length + 1) === all.length) scene.map.fitBounds(config.bounds, { padding: 40, duration: 2500 });
  else {
    const entry = all[turn % (all.length + 1)];
    entry.classList.add("focus");
    scene.map.easeTo({ center: [Number(entry.dataset.lon), Number(entry.dataset.lat)], zoom: 12.6, duration: 2500 });
  }
  turn += 1;
}

/** @param {any} echarts @param {string} id */
function chart(echarts, id) {
  const made = echarts.init(document.getElementById(id), null, { renderer: "svg" });
  addEventListener("resize", () => made.resize());
  return made;
}

/** @returns {any} */
function axes() {
  const line = { lineStyle: { color: token("--line") } };
  const label = { color: token("--muted"), fontSize: 13 };
  return {
    grid: { left: 34, right: 8, top: 26, bottom: 24 },
    legend: { top: 0, right: 0, textStyle: { color: token("--muted"), fontSize: 13 }, itemWidth: 12, itemHeight: 8 },
    textStyle: { fontFamily: token("--font") },
    animation: false,
    xAxis: { type: "category", axisLine: line, axisTick: { show: false }, axisLabel: label },
    yAxis: { type: "value", minInterval: 1, splitLine: line, axisLabel: label },
  };
}

/** @param {any} alarms @param {any} tasks */
async function draw(alarms, tasks) {
  const answer = await fetch("/api/map/trends");
  if (!answer.ok) return;
  const found = await answer.json();
  const base = axes();
  const bars = [[tr("红"), "--alarm-red"], [tr("橙"), "--alarm-orange"], [tr("黄"), "--alarm-yellow"], [tr("蓝"), "--alarm-blue"]];
  alarms.setOption({
    ...base,
    color: bars.map(([, name]) => token(name)),
    xAxis: { ...base.xAxis, data: found.hours },
    series: bars.map(([name], index) => ({ name, type: "bar", stack: "all", barWidth: "62%", data: found.alarms[index] })),
  });
  tasks.setOption({
    ...base,
    color: [token("--info"), token("--warn"), token("--ok")],
    xAxis: { ...base.xAxis, data: found.hours, boundaryGap: false },
    series: found.tasks.map((/** @type {any} */ { name, data }) => ({ name, type: "line", step: "end", showSymbol: false, lineStyle: { width: 2.5 }, areaStyle: { opacity: 0.08 }, data })),
  });
}

async function charts() {
  const echarts = await import("echarts");
  const [alarms, tasks] = [chart(echarts, "chart-alarms"), chart(echarts, "chart-tasks")];
  await draw(alarms, tasks);
  setInterval(() => draw(alarms, tasks), CHART_MS);
  let timer = 0;
  document.addEventListener("anlan:event", () => {
    clearTimeout(timer);
    timer = setTimeout(() => draw(alarms, tasks), 1500);
  });
}

/** A page that runs for months is loaded anew once a night, and after an outage of the stream that lost events. */
function renew() {
  const born = new Date();
  setInterval(() => {
    const now = new Date();
    if (now.getHours() === RELOAD_HOUR && now.getTime() - born.getTime() > 3 * 3600_000) location.reload();
  }, 60_000);
  document.addEventListener("anlan:reset", () => location.reload());
}

function sizeClock() {
  const shownAt = document.getElementById("wall-time");
  const format = new Intl.DateTimeFormat(LOCALE, { timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
  everySecond(() => { if (shownAt) shownAt.textContent = format.format(new Date(platformNow())); });
}

scene.live();
scene.load();
sizeClock();
renew();
charts();
await scene.open(holder, { interactive: false });
rotate();
setInterval(rotate, Number(config.focus_ms ?? FOCUS_MS));
Object.assign(window, { anlanMap: { map: scene.map, data: scene.data, rotate } });
