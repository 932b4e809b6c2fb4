// @ts-check
// Everything by keyboard. `?` shows the list; keys do nothing while somebody is typing.

/** @param {{map: any, panel: any, tools: any, timeline: any, drawing: any}} parts */
export function shortcuts({ map, panel, tools, timeline, drawing }) {
  const help = /** @type {HTMLElement} */ (document.getElementById("shortcuts"));

  const entries = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#worklist [data-panel-url]")]);
  const current = () => /** @type {HTMLElement | null} */ (document.activeElement?.closest("#worklist [data-panel-url]") ?? null);

  /** @param {number} step */
  function walk(step) {
    const all = entries();
    if (!all.length) return;
    const here = current();
    const at = here ? all.indexOf(here) : step > 0 ? -1 : all.length;
    all[Math.min(all.length - 1, Math.max(0, at + step))].focus();
  }

  /** Press a button of the entry in focus, or of the open panel. @param {string} verb */
  function press(verb) {
    const scope = current() ?? panel.body;
    /** @type {HTMLElement | null} */ (scope.querySelector(`[data-verb="${verb}"]`))?.click();
  }

  function escape() {
    if (drawing.active) drawing.stop();
    else if (tools.measuring) tools.stop();
    else if (help.matches(":popover-open")) help.hidePopover();
    else panel.close();
  }

  /** @type {Record<string, () => void>} */
  const keys = {
    j: () => walk(1),
    k: () => walk(-1),
    ArrowDown: () => walk(1),
    ArrowUp: () => walk(-1),
    a: () => press("acknowledge"),
    e: () => press("incident"),
    Enter: () => { const entry = current(); if (entry) panel.openEntry(entry); },
    "/": () => document.getElementById("search")?.focus(),
    m: () => (tools.measuring ? tools.stop() : tools.measure(null)),
    i: () => tools.here(map.getCenter()),
    h: () => /** @type {HTMLElement | null} */ (document.querySelector('[data-tool="home"]'))?.click(),
    l: () => /** @type {HTMLElement | null} */ (document.querySelector("#layers input"))?.focus(),
    t: () => timeline.toggle(),
    "+": () => map.zoomIn(),
    "-": () => map.zoomOut(),
    "?": () => help.togglePopover(),
    Escape: escape,
  };

  document.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const typing = target.matches("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (event.ctrlKey || event.metaKey || event.altKey || (typing && event.key !== "Escape")) return;
    const inMap = target.closest("#map");
    if (inMap && event.key.startsWith("Arrow")) return;
    if (event.key === "Enter" && target.closest("button, a, summary")) return;
    const run = keys[event.key];
    if (!run) return;
    event.preventDefault();
    run();
  });
}
