// @ts-check
// The right side: the chosen thing with its verbs, fetched as a fragment from the room that owns it.

import { tr } from "../../words.js";

/** Where the fragment of a feature lives when its layer does not say. */
const FRAGMENTS = [
  [/alarm/, (/** @type {any} */ id) => `/monitoring/alarms/${id}/panel`],
  [/incident/, (/** @type {any} */ id) => `/command/incidents/${id}/panel`],
];

export class Panel {
  /** @param {HTMLElement} holder @param {any} map */
  constructor(holder, map) {
    this.holder = holder;
    this.body = /** @type {HTMLElement} */ (holder.querySelector(".panel-body"));
    this.map = map;
    this.url = "";
    this.timer = 0;
    holder.querySelector("[data-close]")?.addEventListener("click", () => this.close());
    document.addEventListener("click", (event) => this.chosenInList(event));
    document.addEventListener("anlan:event", (event) => this.refresh(/** @type {CustomEvent} */ (event).detail));
    document.addEventListener("anlan-open", (event) => {
      const { url, lon, lat, correlation } = /** @type {CustomEvent} */ (event).detail;
      this.open(url, tr("突发事件"));
      this.fly(lon, lat);
      document.dispatchEvent(new CustomEvent("anlan:chosen", { detail: { correlation, title: tr("突发事件") } }));
    });
    document.body.addEventListener("htmx:afterRequest", (event) => {
      const { elt, requestConfig, successful } = /** @type {CustomEvent} */ (event).detail;
      if (successful && requestConfig?.verb !== "get" && this.holder.contains(elt)) this.reload();
    });
  }

  /** @param {string} key @param {any} feature @param {any} layer */
  choose(key, feature, layer) {
    const p = feature.properties ?? {};
    const id = feature.id ?? p.id;
    const known = FRAGMENTS.find(([pattern]) => /** @type {RegExp} */ (pattern).test(key));
    const url = p.panel ?? (known ? /** @type {Function} */ (known[1])(id) : `/map/thing?layer=${encodeURIComponent(key)}&id=${encodeURIComponent(id)}`);
    this.mark(feature.geometry);
    this.open(url, layer?.title ?? "");
    if (p.correlation_id) document.dispatchEvent(new CustomEvent("anlan:chosen", { detail: { correlation: p.correlation_id, title: p.title ?? p.name } }));
  }

  /** @param {string} url @param {string} [title] */
  open(url, title = "") {
    this.url = url;
    this.holder.hidden = false;
    document.body.dataset.panel = "open";
    const head = this.holder.querySelector("h2");
    if (head && title) head.textContent = title;
    this.body.setAttribute("aria-busy", "true");
    this.fetch();
  }

  async fetch() {
    const url = this.url;
    try {
      const answer = await fetch(url, { headers: { "HX-Request": "true" } });
      const text = await answer.text();
      if (url !== this.url) return;
      if (!answer.ok && !text) throw new Error(String(answer.status));
      const open = this.body.querySelector("details.signs[open]") !== null;
      this.body.innerHTML = text;
      this.body.querySelector("details.signs")?.toggleAttribute("open", open);
      /** @type {any} */ (window).htmx?.process(this.body);
    } catch {
      if (url === this.url) this.body.innerHTML = `<div class="state error-state" role="alert"><strong>${tr("没有取到")}</strong><span>${tr("网络或服务暂不可用，稍后自动重试。")}</span></div>`;
    }
    this.body.removeAttribute("aria-busy");
  }

  reload() {
    if (this.url) this.fetch();
  }

  close() {
    this.url = "";
    this.holder.hidden = true;
    delete document.body.dataset.panel;
    document.dispatchEvent(new CustomEvent("anlan:chosen", { detail: {} }));
  }

  /** Entries of the lists carry data-panel, and data-lon/data-lat to fly to. @param {MouseEvent} event */
  chosenInList(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const entry = /** @type {HTMLElement | null} */ (target.closest("[data-panel-url]"));
    if (!entry || target.closest("button, a, form")) return;
    this.openEntry(entry);
  }

  /** @param {HTMLElement} entry */
  openEntry(entry) {
    const { panelUrl, panelTitle, lon, lat, correlation } = entry.dataset;
    this.open(panelUrl ?? "", panelTitle);
    if (lon && lat) this.fly(Number(lon), Number(lat));
    if (correlation) document.dispatchEvent(new CustomEvent("anlan:chosen", { detail: { correlation, title: panelTitle } }));
  }

  /** @param {number} lon @param {number} lat */
  fly(lon, lat) {
    this.mark({ type: "Point", coordinates: [lon, lat] });
    this.map.easeTo({ center: [lon, lat], zoom: Math.max(this.map.getZoom(), 12.5), duration: 600 });
  }

  /** @param {any} geometry */
  mark(geometry) {
    this.map.getSource("chosen")?.setData({ type: "Feature", geometry, properties: {} });
  }

  /** The open thing is fetched again when something happened that names it. @param {any} detail */
  refresh(detail) {
    const found = /\/(alarms|incidents|drawings)\/(\d+)/.exec(this.url);
    if (!found || this.body.contains(document.activeElement?.closest("input, textarea, select") ?? null)) return;
    const id = { alarms: detail.alarm_id, incidents: detail.incident_id, drawings: detail.drawing_id }[found[1]];
    if (String(id) !== found[2] && detail.type !== "reset") return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.reload(), 150);
  }
}
