// @ts-check
// The series of a station page as a chart that can be zoomed: every zoom asks the server for the points of its span,
// thinned there, so that a million readings draw as smoothly as a thousand. Without script the server's drawing stays.

const POINTS = 1200;

/** @param {HTMLElement} holder */
async function draw(holder) {
  const echarts = await import("echarts");
  const { series, start, end, unit } = /** @type {Record<string, string>} */ (holder.dataset);
  const first = await load(series, Number(start), Number(end));
  if (!first || !first.at.length) return;
  holder.replaceChildren();
  holder.style.height = "16rem";
  const chart = echarts.init(holder, null, { renderer: "canvas" });
  chart.setOption({
    animation: false,
    grid: { left: 56, right: 12, top: 16, bottom: 56 },
    tooltip: { trigger: "axis" },
    xAxis: { type: "time", min: Number(start), max: Number(end) },
    yAxis: { type: "value", name: unit, scale: true },
    dataZoom: [{ type: "inside", filterMode: "none" }, { type: "slider", filterMode: "none", height: 20 }],
    series: [
      { id: "line", type: "line", showSymbol: false, lineStyle: { width: 1.5 }, data: pairs(first) },
      { id: "bad", type: "scatter", symbolSize: 5, itemStyle: { color: "#e6c229" }, data: first.bad },
    ],
  });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  chart.on("datazoom", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const zoom = chart.getOption().dataZoom[0];
      const found = await load(series, Math.floor(zoom.startValue), Math.ceil(zoom.endValue));
      if (found) chart.setOption({ series: [{ id: "line", data: pairs(found) }, { id: "bad", data: found.bad }] });
    }, 120);
  });
  new ResizeObserver(() => chart.resize()).observe(holder);
}

/** @param {string} address @param {number} start @param {number} end */
async function load(address, start, end) {
  const answer = await fetch(`${address}?start=${start}&end=${end}&points=${POINTS}`);
  return answer.ok ? answer.json() : null;
}

/** @param {{ at: number[], value: number[] }} found */
function pairs(found) {
  return found.at.map((at, n) => [at, found.value[n]]);
}

for (const holder of document.querySelectorAll("[data-series]")) void draw(/** @type {HTMLElement} */ (holder));
