// @ts-check
// F-N diagram with the two lines of GB 36894-2018, and the risk index of a park over time. The tables beside them say the same.
import * as echarts from "echarts";
import { tr } from "../words.js";

/** @typedef {{ fn: number[][], lines: { upper: number, lower: number, cut: number }, series: any[][] }} Data */

/** @param {string} selector @returns {any} */
function chart(selector) {
  const holder = /** @type {HTMLElement} */ (document.querySelector(selector));
  const drawn = echarts.getInstanceByDom(holder);
  if (drawn) return drawn;
  holder.replaceChildren();
  holder.style.height = "20rem";
  const made = echarts.init(holder, null, { renderer: "canvas" });
  new ResizeObserver(() => made.resize()).observe(holder);
  return made;
}

/** Lines of a diagram that stay behind its curves in either theme. */
const faint = { lineStyle: { color: "rgba(128, 140, 160, 0.25)" } };

const ink = () => getComputedStyle(document.documentElement).getPropertyValue("--text").trim() || "#888";

/** @param {Data} data @param {number[][]} [planned] the curve with a supposed unit */
function fn(data, planned = []) {
  const { upper, lower, cut } = data.lines;
  /** @param {number} at */
  const line = (at) => [[1, at], [cut, at / cut]];
  const curve = data.fn.filter(([, f]) => f > 0);
  const named = (/** @type {string} */ name, /** @type {string} */ color, /** @type {any} */ more) => ({
    name, type: "line", showSymbol: false, lineStyle: { color, width: 1.5 }, itemStyle: { color }, ...more,
  });
  chart("[data-fn]").setOption({
    animation: false,
    textStyle: { color: ink() },
    legend: { top: 0, right: 0, textStyle: { color: ink() } },
    tooltip: { trigger: "axis", valueFormatter: (/** @type {number} */ v) => v.toExponential(2) },
    grid: { left: 64, right: 16, top: 36, bottom: 44 },
    xAxis: { type: "log", name: tr("死亡人数 N"), nameLocation: "middle", nameGap: 26, min: 1, max: 10 * cut, splitLine: faint },
    yAxis: {
      type: "log", name: tr("F 次/年"), min: 1e-9, max: 1e-2, splitLine: faint,
      axisLabel: { formatter: (/** @type {number} */ v) => v.toExponential(0) },
    },
    series: [
      named(tr("上限"), "#d64545", { data: line(upper), markLine: { symbol: "none", silent: true, data: [{ xAxis: cut }], lineStyle: { color: "#d64545", type: "dotted" }, label: { show: false } } }),
      named(tr("下限"), "#3a9d5d", { data: line(lower) }),
      named(tr("本园区"), "#3d8bfd", { data: curve, step: "start", lineStyle: { color: "#3d8bfd", width: 2.5 } }),
      ...(planned.length ? [named(tr("新增后"), "#b07cff", { data: planned, step: "start", lineStyle: { color: "#b07cff", width: 2, type: "dashed" } })] : []),
    ],
  });
}

/** Index and expected deaths a year, each with its own scale; a point says why it was worked out. @param {Data} data */
function series(data) {
  const style = (/** @type {string} */ color) => ({ lineStyle: { color }, itemStyle: { color } });
  const common = { type: "line", step: "end", showSymbol: data.series.length < 60, symbolSize: 5 };
  chart("[data-risk-series]").setOption({
    animation: false,
    textStyle: { color: ink() },
    legend: { top: 0, left: "center", textStyle: { color: ink() } },
    tooltip: {
      trigger: "axis",
      formatter: (/** @type {any[]} */ [first]) => {
        const [at, k, , pll, grade, reason] = data.series[first.dataIndex];
        return `${new Date(at).toLocaleString()}<br>${grade}　k ${k.toPrecision(3)}　${tr("潜在生命损失")} ${pll.toExponential(2)}<br>${echarts.format.encodeHTML(reason)}`;
      },
    },
    grid: { left: 64, right: 64, top: 44, bottom: 56 },
    xAxis: { type: "time" },
    yAxis: [
      { type: "value", name: tr("个人风险指数 k"), splitLine: faint },
      { type: "value", name: tr("人/年"), splitLine: { show: false }, axisLabel: { formatter: (/** @type {number} */ v) => v.toExponential(0) } },
    ],
    dataZoom: [{ type: "inside", filterMode: "none" }],
    series: [
      {
        ...common, name: tr("个人风险指数 k"), data: data.series.map(([at, k]) => [at, k]), ...style("#3d8bfd"),
        markLine: { symbol: "none", silent: true, data: [{ yAxis: 1, name: tr("限值") }], lineStyle: { color: "#d64545" }, label: { formatter: tr("限值"), position: "insideStartTop" } },
      },
      { ...common, name: tr("潜在生命损失"), yAxisIndex: 1, data: data.series.map(([at, , , pll]) => [at, pll]), ...style("#f2a33a") },
    ],
  });
}

const held = document.getElementById("park-risk-data");
if (held?.textContent) {
  const data = /** @type {Data} */ (JSON.parse(held.textContent));
  fn(data);
  series(data);
  document.addEventListener("park:plan", (event) => fn(data, (/** @type {CustomEvent} */ (event).detail?.fn ?? []).filter((/** @type {number[]} */ [, f]) => f > 0)));
}
