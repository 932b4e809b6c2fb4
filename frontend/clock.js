// @ts-check
// The platform's time: as the page was made, then as the live stream tells it. A scenario may begin, end or change its pace, and
// a machine's clock may be set, while the page is open.

const shown = /** @type {HTMLTimeElement | null} */ (document.querySelector("[data-clock]"));
let at = shown ? Date.parse(shown.dateTime) : Date.now();
let speed = Number(shown?.dataset.speed || "1");
let heard = performance.now();

document.addEventListener("anlan:clock", (event) => {
  const told = /** @type {CustomEvent<{ at: string, speed: number, scenario: string }>} */ (event).detail;
  [at, speed, heard] = [Date.parse(told.at), told.speed, performance.now()];
  for (const badge of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-scenario]"))) {
    badge.hidden = !told.scenario;
    badge.title = told.scenario;
    const times = badge.querySelector("i");
    if (times) times.textContent = String(Math.round(speed));
  }
});

/** The platform's time in milliseconds; a scenario's runs faster. */
export function platformNow() {
  return at + (performance.now() - heard) * speed;
}

/**
 * Calls `show` now and again every second, more often where time runs faster.
 * @param {() => void} show
 */
export function everySecond(show) {
  show();
  setTimeout(() => everySecond(show), speed > 1 ? 250 : 1000);
}
