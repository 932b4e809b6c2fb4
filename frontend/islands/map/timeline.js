// @ts-check
// The band at the bottom: what happened in the last hours, or in the chosen incident. Wheel zooms, dragging moves.

import { LOCALE, tr } from "../../words.js";

const LANES = ["alarm", "warning", "incident", "response", "task", "report", "other"];
const LANE_TITLES = { alarm: tr("告警"), warning: tr("预警"), incident: tr("事件"), response: tr("响应"), task: tr("任务"), report: tr("报告"), other: tr("其他") };
const HOUR = 3600_000;
const LEFT = LOCALE.startsWith("en") ? 66 : 46;
const NS = "http://www.w3.org/2000/svg";

/** @param {string} name @param {Record<string, string | number>} attributes @param {string} [text] */
function svg(name, attributes, text) {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  if (text) element.textContent = text;
  return element;
}

export class Timeline {
  /** @param {HTMLElement} holder */
  constructor(holder) {
    this.holder = holder;
    this.canvas = /** @type {HTMLElement} */ (holder.querySelector(".timeline-canvas"));
    this.title = /** @type {HTMLElement} */ (holder.querySelector("h2"));
    this.hours = 6;
    this.correlation = "";
    /** @type {any[]} */
    this.entries = [];
    this.now = Date.now();
    this.span = [this.now - this.hours * HOUR, this.now];
    this.follow = true;
    this.timer = 0;
    this.listen();
    this.load();
  }

  listen() {
    this.canvas.addEventListener("wheel", (event) => this.zoom(event), { passive: false });
    this.canvas.addEventListener("pointerdown", (event) => this.drag(event));
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    document.addEventListener("anlan:event", () => this.soon());
    document.addEventListener("anlan:chosen", (event) => this.choose(/** @type {CustomEvent} */ (event).detail));
    this.holder.addEventListener("click", (event) => {
      const button = /** @type {HTMLElement} */ (event.target).closest("[data-hours]");
      if (button) this.set(Number(/** @type {HTMLElement} */ (button).dataset.hours));
      if (/** @type {HTMLElement} */ (event.target).closest("[data-toggle]")) this.toggle();
    });
  }

  toggle() {
    this.holder.toggleAttribute("data-closed");
  }

  /** @param {number} hours */
  set(hours) {
    this.hours = hours;
    this.follow = true;
    this.correlation = "";
    this.load();
  }

  /** @param {{correlation?: string, title?: string}} detail */
  choose({ correlation = "", title = "" }) {
    if (correlation === this.correlation) return;
    this.correlation = correlation;
    this.follow = true;
    this.title.textContent = correlation ? tr("时间线 · {title}", { title }) : tr("时间线");
    this.load();
  }

  soon() {
    if (!this.timer) {
      this.timer = setTimeout(() => {
        this.timer = 0;
        this.load();
      }, 600);
    }
  }

  async load() {
    const query = this.correlation ? `correlation=${this.correlation}` : `hours=${this.hours}`;
    try {
      const answer = await fetch(`/api/map/timeline?${query}`, { headers: { "Anlan-Background": "1" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const found = await answer.json();
      this.entries = found.entries;
      this.now = Date.parse(found.now);
      this.holder.dataset.state = this.entries.length ? "ready" : "empty";
      if (this.follow) this.fit();
    } catch {
      this.holder.dataset.state = "error";
    }
    this.draw();
  }

  fit() {
    const times = this.entries.map((entry) => Date.parse(entry.at));
    const first = this.correlation && times.length ? Math.min(...times) : this.now - this.hours * HOUR;
    const pad = Math.max((this.now - first) * 0.03, 30_000);
    this.span = [first - pad, this.now + pad];
  }

  /** @param {WheelEvent} event */
  zoom(event) {
    event.preventDefault();
    this.follow = false;
    const box = this.canvas.getBoundingClientRect();
    const at = this.span[0] + ((event.clientX - box.left - LEFT) / (box.width - LEFT)) * (this.span[1] - this.span[0]);
    const by = event.deltaY > 0 ? 1.25 : 0.8;
    this.span = [at - (at - this.span[0]) * by, at + (this.span[1] - at) * by];
    this.draw();
  }

  /** @param {PointerEvent} event */
  drag(event) {
    const [start, span, width] = [event.clientX, [...this.span], this.canvas.clientWidth - LEFT];
    const move = (/** @type {PointerEvent} */ moved) => {
      this.follow = false;
      const by = ((moved.clientX - start) / width) * (span[1] - span[0]);
      this.span = [span[0] - by, span[1] - by];
      this.draw();
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", () => removeEventListener("pointermove", move), { once: true });
  }

  draw() {
    const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight];
    if (width < 100 || height < 40) return;
    const lanes = LANES.filter((lane) => this.entries.some((entry) => entry.lane === lane));
    const shown = lanes.length ? lanes : ["alarm", "incident", "task"];
    const step = (height - 18) / shown.length;
    const x = (/** @type {number} */ at) => LEFT + ((at - this.span[0]) / (this.span[1] - this.span[0])) * (width - LEFT);
    const root = svg("svg", { width, height, role: "img", "aria-label": tr("时间线，{count} 条", { count: this.entries.length }) });
    for (const [tick, label] of this.ticks(width)) {
      root.append(svg("line", { x1: x(tick), x2: x(tick), y1: 0, y2: height - 16, class: "tl-grid" }), svg("text", { x: x(tick), y: height - 4, class: "tl-tick" }, label));
    }
    shown.forEach((lane, index) => {
      const y = step * (index + 0.5);
      root.append(svg("line", { x1: LEFT, x2: width, y1: y, y2: y, class: "tl-lane" }), svg("text", { x: 6, y: y + 4, class: "tl-name" }, LANE_TITLES[/** @type {"alarm"} */ (lane)]));
      this.marks(root, lane, y, x, step);
    });
    root.append(svg("line", { x1: x(this.now), x2: x(this.now), y1: 0, y2: height - 16, class: "tl-now" }));
    this.canvas.replaceChildren(root);
  }

  /** @param {Element} root @param {string} lane @param {number} y @param {(at: number) => number} x @param {number} step */
  marks(root, lane, y, x, step) {
    const shown = this.entries.filter((entry) => entry.lane === lane && x(Date.parse(entry.at)) > LEFT - 4);
    shown.forEach((entry, index) => {
      const at = x(Date.parse(entry.at));
      const mark = svg("circle", { cx: at, cy: y, r: entry.level ? 4.5 : 3.2, class: `tl-mark tl-level-${entry.level}`, tabindex: 0 });
      mark.append(svg("title", {}, `${new Date(entry.at).toLocaleString(LOCALE, { timeZone: "Asia/Shanghai", hour12: false })}\n${entry.title}`));
      root.append(mark);
      // A label only where it ends before the next mark.
      const next = index + 1 < shown.length ? x(Date.parse(shown[index + 1].at)) : at + 300;
      const fits = Math.floor((next - at - 18) / 11.5);
      if (step < 12 || fits < 4) return;
      const label = entry.title.length > Math.min(fits, 22) ? `${entry.title.slice(0, Math.min(fits, 22) - 1)}…` : entry.title;
      root.append(svg("text", { x: at + 8, y: y + 4, class: "tl-text" }, label));
    });
  }

  /** @param {number} width @returns {[number, string][]} */
  ticks(width) {
    const wanted = ((this.span[1] - this.span[0]) / (width - LEFT)) * 90;
    const steps = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440].map((minutes) => minutes * 60_000);
    const step = steps.find((candidate) => candidate >= wanted) ?? steps[steps.length - 1];
    /** @type {[number, string][]} */
    const found = [];
    for (let at = Math.ceil(this.span[0] / step) * step; at < this.span[1]; at += step) {
      found.push([at, new Date(at).toLocaleTimeString(LOCALE, { timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", hour12: false })]);
    }
    return found;
  }
}
