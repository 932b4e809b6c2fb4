// @ts-check
// The series of a station page as a chart that can be zoomed: every zoom asks the server for the points of its span,
// thinned there, so that a million readings draw as smoothly as a thousand. Without script the server's drawing stays.

const POINTS = 1200;
/** Times are those of the place, whatever the machine's zone. */
const ZONE = { timeZone: "Asia/Shanghai", hour12: false };
const DAY_MS = 86_400_000;
/** @param {string} name */
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** @param {number} at @param {number} span what the axis shows, ms */
function shown(at, span) {
  const day = { month: "2-digit", day: "2-digit" }, time = { hour: "2-digit", minute: "2-digit" };
  const shape = span > 3 * DAY_MS ? day : span > DAY_MS ? { ...day, ...time } : span > 600_000 ? time : { ...time, second: "2-digit" };
  return new Date(at).toLocaleString("zh-CN", /** @type {any} */ ({ ...ZONE, ...shape })).replace("/", "-");
}

/** @param {HTMLElement} holder */
async function draw(holder) {
  const echarts = await import("echarts");
  const { series, start, end, unit } = /** @type {Record<string, string>} */ (holder.dataset);
  const first = await load(series, Number(start), Number(end));
  if (!first || !first.at.length) return;
  holder.replaceChildren();
  holder.style.height = "16rem";
  holder.dataset.readings = String(first.readings);
  const chart = echarts.init(holder, null, { renderer: "canvas" });
  const label = { color: token("--muted") }, line = { lineStyle: { color: token("--line") } };
  let span = Number(end) - Number(start);
  chart.setOption({
    animation: false,
    textStyle: { fontFamily: token("--font"), color: token("--text") },
    grid: { left: 64, right: 24, top: 30, bottom: 70, containLabel: false, outerBoundsMode: "none" },
    tooltip: {
      trigger: "axis",
      formatter: (/** @type {any[]} */ all) => {
        const [at, value] = all[0].data;
        return `${new Date(at).toLocaleString("zh-CN", ZONE)}<br><b>${value}</b> ${unit}`;
      },
    },
    xAxis: {
      type: "time", min: Number(start), max: Number(end), axisLine: line, splitLine: { show: false },
      axisLabel: { ...label, hideOverlap: true, formatter: (/** @type {number} */ at) => shown(at, span) },
    },
    yAxis: { type: "value", name: unit, nameTextStyle: label, scale: true, axisLabel: label, splitLine: line },
    dataZoom: [
      { type: "inside", filterMode: "none" },
      {
        type: "slider", filterMode: "none", height: 22, bottom: 8, textStyle: label, borderColor: token("--line"),
        labelFormatter: (/** @type {number} */ at) => shown(at, 2 * DAY_MS),
      },
    ],
    series: [
      { id: "line", type: "line", showSymbol: false, lineStyle: { width: 1.5 }, itemStyle: { color: token("--accent") }, data: pairs(first) },
      { id: "bad", type: "scatter", symbolSize: 5, itemStyle: { color: token("--alarm-yellow") }, data: first.bad },
    ],
  });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  chart.on("datazoom", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const zoom = chart.getOption().dataZoom[0];
      span = zoom.endValue - zoom.startValue;
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
