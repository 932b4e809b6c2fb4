// @ts-check
// The shell's own script: the running clock, and manners for pages that fetch themselves. Every page works without it.

import "./stay.js";
import { everySecond, platformNow } from "./clock.js";
import { LOCALE } from "./words.js";

/** Let the clock of the page run at the installation's pace (scenario seconds per real second). */
function runClock() {
  const shown = /** @type {HTMLTimeElement | null} */ (document.querySelector("[data-clock]"));
  if (!shown) return;
  const day = new Intl.DateTimeFormat(LOCALE, { timeZone: "Asia/Shanghai", month: "2-digit", day: "2-digit", weekday: "short" });
  const time = new Intl.DateTimeFormat(LOCALE, { timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
  const [date, clock] = [shown.querySelector("span"), shown.querySelector("b")];
  everySecond(() => {
    const now = new Date(platformNow());
    if (date) date.textContent = day.format(now);
    if (clock) clock.textContent = time.format(now);
  });
}

/** A part that fetches itself (`data-rest-while-asking`) waits while somebody answers a question or writes in it. */
function restWhileAsking() {
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const part = /** @type {HTMLElement} */ (event.target);
    if (!part.matches("[data-rest-while-asking]")) return;
    const busy = part.querySelector(":popover-open, details[open] :focus, input:focus, textarea:focus, select:focus");
    if (busy) event.preventDefault();
  });
}

runClock();
restWhileAsking();

// Keys of the page work alike in every browser: Alt and the element's own key, as it is written on it.
document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.key.length !== 1) return;
  const key = CSS.escape(event.key.toLowerCase());
  const target = /** @type {HTMLElement | null} */ (document.querySelector(`[accesskey="${key}"]`));
  if (!target) return;
  event.preventDefault();
  target.click();
});
