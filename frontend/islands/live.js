// @ts-check
// Any page kept true: what a page polls (`hx-trigger="every …"`) is asked for at once when an event of its room came in.
// Nothing is replaced under somebody's hands: a region with the focus in a field, or an open question, is left alone.

import "./stream.js";

const AFTER_MS = 200;
let timer = 0;
const room = location.pathname.split("/")[1];

/** @param {Element} region */
function busy(region) {
  const field = document.activeElement?.closest("input, select, textarea");
  return (field && region.contains(field)) || region.querySelector(":popover-open");
}

function renew() {
  for (const region of document.querySelectorAll('[hx-get][hx-trigger*="every"]')) {
    if (busy(region)) continue;
    /** @type {any} */ (window).htmx?.ajax("GET", region.getAttribute("hx-get"), {
      source: region,
      target: region,
      swap: region.getAttribute("hx-swap") ?? "innerHTML",
      select: region.getAttribute("hx-select") ?? undefined,
    });
  }
}

// What the page asks for by itself is no sign that anybody sits before it: the session's idle time runs on.
document.addEventListener("htmx:configRequest", (event) => {
  const { headers, triggeringEvent } = /** @type {CustomEvent} */ (event).detail;
  if (!triggeringEvent?.isTrusted) headers["Anlan-Background"] = "1";
});

document.addEventListener("anlan:event", (event) => {
  const { type } = /** @type {CustomEvent} */ (event).detail;
  if (type !== "reset" && !type.startsWith(`${room}.`)) return;
  clearTimeout(timer);
  timer = setTimeout(renew, AFTER_MS);
});
