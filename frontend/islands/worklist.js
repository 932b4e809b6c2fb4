// @ts-check
// Keeps the lists of the left side true: asks for them again after events that concern them, and counts down clocks.

import { everySecond, platformNow } from "../clock.js";
import { csrfToken } from "../csrf.js";
import { tr } from "../words.js";

const CONCERNS = /^(monitoring\.(Alarm|Warning|HazardEvent)|command\.|reset)/;
const TOGETHER_MS = 150;
let timer = 0;
let more = false;

/** At once, then all events of a moment together. */
function refresh() {
  if (timer) {
    more = true;
    return;
  }
  document.dispatchEvent(new CustomEvent("anlan-worklist"));
  timer = setTimeout(() => {
    timer = 0;
    if (more) refresh();
    more = false;
  }, TOGETHER_MS);
}

/** @param {number} ms */
function span(ms) {
  const seconds = Math.abs(Math.round(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${h ? `${h}:` : ""}${String(m).padStart(2, "0")}:${String(s).padStart(2, "0")}`;
}

function tick() {
  const now = platformNow();
  for (const clock of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-due]"))) {
    const left = Date.parse(clock.dataset.due ?? "") - now;
    clock.textContent = left < 0 ? tr("{title} 超 {time}", { title: clock.title || "", time: span(left) }) : `${clock.title || ""} ${span(left)}`;
    clock.classList.toggle("over", left < 0);
    clock.classList.toggle("soon", left >= 0 && left < 600_000);
  }
}

document.addEventListener("anlan:event", (event) => {
  if (CONCERNS.test(/** @type {CustomEvent} */ (event).detail.type)) refresh();
});
// The entry in focus stays in focus when its list is replaced.
document.body.addEventListener("htmx:beforeSwap", () => {
  const held = /** @type {HTMLElement | null} */ (document.activeElement?.closest("[data-panel-url]") ?? null);
  if (held?.closest("#worklist")) document.body.dataset.held = held.dataset.panelUrl;
});
document.body.addEventListener("htmx:afterSwap", () => {
  tick();
  const url = document.body.dataset.held;
  delete document.body.dataset.held;
  if (url) /** @type {HTMLElement | null} */ (document.querySelector(`#worklist [data-panel-url="${url}"]`))?.focus();
});
document.body.addEventListener("htmx:configRequest", (event) => {
  const token = csrfToken();
  if (token) /** @type {CustomEvent} */ (event).detail.headers["X-CSRFToken"] = token;
});
everySecond(tick);
tick();
