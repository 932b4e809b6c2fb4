// @ts-check
// Countdowns: every <time data-due> shows what is left by the installation's clock. Without script the due time stands there.

import { everySecond, platformNow } from "../clock.js";
import { tr } from "../words.js";

const SOON_MS = 30 * 60_000;

/** @param {number} ms */
function words(ms) {
  const seconds = Math.floor(Math.abs(ms) / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
}

function tick() {
  for (const element of document.querySelectorAll("time[data-due]")) {
    const time = /** @type {HTMLTimeElement} */ (element);
    const due = Date.parse(time.dataset.due ?? "");
    if (time.dataset.done) {
      const late = Date.parse(time.dataset.done) > due;
      time.dataset.state = late ? "late" : "done";
      time.textContent = tr(late ? "迟报" : "按时");
      continue;
    }
    const left = due - platformNow();
    time.dataset.state = left < 0 ? "late" : left < SOON_MS ? "soon" : "running";
    time.textContent = tr(left < 0 ? "超 {time}" : "余 {time}", { time: words(left) });
  }
}

everySecond(tick);
document.addEventListener("htmx:afterSettle", tick);
// A list that refreshes itself waits while somebody answers a question or fills a field in it.
document.addEventListener("htmx:beforeRequest", (event) => {
  const list = /** @type {HTMLElement} */ (event.target);
  if (!list.hasAttribute?.("data-quiet")) return;
  const busy = list.querySelector(":popover-open, form:focus-within");
  if (busy) event.preventDefault();
});
