// @ts-check
// The layer tree: groups, symbols, counts, age of the data, legend. What is shown is remembered by this browser.

import { levelColour, levelOf, toned } from "./symbols.js";
import { LOCALE, tr } from "../../words.js";

const STORE = "anlan.layers";

export class Tree {
  /** @param {HTMLElement | null} holder @param {any[]} layers @param {(key: string, shown: boolean) => void} show */
  constructor(holder, layers, show) {
    this.holder = /** @type {HTMLElement} */ (holder);
    this.layers = layers;
    this.show = show;
    /** @type {Record<string, boolean>} */
    this.chosen = JSON.parse(localStorage.getItem(STORE) ?? "{}");
    // A page of ours that asks for a layer (/?layer=mobilisation.coverage) gets it shown, for this once.
    for (const key of new URLSearchParams(location.search).getAll("layer")) this.chosen[key] = true;
    /** @type {Map<string, HTMLElement>} */
    this.rows = new Map();
    this.draw();
  }

  /** @param {string} key */
  isShown(key) {
    return this.chosen[key] ?? this.layers.find((layer) => layer.key === key)?.shown ?? false;
  }

  draw() {
    /** @type {Map<string, any[]>} */
    const groups = new Map();
    for (const layer of this.layers) groups.set(layer.group_title, [...(groups.get(layer.group_title) ?? []), layer]);
    for (const [title, members] of groups) {
      const group = document.createElement("details");
      group.open = members[0].group !== "base";
      const head = document.createElement("summary");
      head.textContent = title;
      group.append(head, ...members.map((layer) => this.row(layer)));
      this.holder.append(group);
    }
  }

  /** @param {any} layer */
  row(layer) {
    const row = document.createElement("label");
    row.className = "layer";
    const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: this.isShown(layer.key) });
    box.addEventListener("change", () => this.set(layer.key, box.checked));
    const name = Object.assign(document.createElement("span"), { className: "layer-name", textContent: layer.title });
    const count = Object.assign(document.createElement("small"), { className: "num" });
    row.append(box, swatch(layer), name, count);
    this.rows.set(layer.key, row);
    if (!layer.legend.length && !layer.empty) return row;
    const legend = document.createElement("div");
    legend.className = "legend";
    legend.append(row, ...layer.legend.map((/** @type {[string, string]} */ [colour, text]) => legendEntry(colour, text)), remark());
    return legend;
  }

  /** @param {string} key @param {boolean} shown */
  set(key, shown) {
    this.chosen[key] = shown;
    localStorage.setItem(STORE, JSON.stringify(this.chosen));
    const box = /** @type {HTMLInputElement | null} */ (this.rows.get(key)?.querySelector("input") ?? null);
    if (box) box.checked = shown;
    this.show(key, shown);
  }

  /** @param {{layer: any, state: string, at: string, sourceNote: string, features: Map<any, any>}} data */
  update(data) {
    const row = this.rows.get(data.layer.key);
    const count = row?.querySelector("small");
    if (!row || !count) return;
    row.dataset.state = data.state;
    count.textContent = data.state === "loading" ? "…" : data.state === "error" ? tr("未取到") : String(data.features.size);
    row.title = data.at ? tr("数据时间 {time}", { time: clockTime(data.at) }) : "";
    const remarks = /** @type {HTMLElement | null | undefined} */ (row.parentElement?.querySelector(":scope > .legend-remark"));
    if (remarks) {
      const empty = data.state === "ready" && data.features.size === 0;
      remarks.textContent = empty ? data.layer.empty : data.sourceNote && tr("来源：{source}", { source: data.sourceNote });
    }
    const stamp = document.getElementById("data-time");
    if (stamp && data.at) stamp.textContent = clockTime(data.at);
  }
}

/** @param {string} at */
export function clockTime(at) {
  return new Date(at).toLocaleTimeString(LOCALE, { timeZone: "Asia/Shanghai", hour12: false });
}

/** @param {string} colour @param {string} text */
function legendEntry(colour, text) {
  const entry = document.createElement("span");
  entry.className = "legend-entry";
  const dot = document.createElement("i");
  // A legend names a level (1..4) where the colour is the theme's.
  dot.style.background = levelOf(colour) ? levelColour(levelOf(colour)) : colour;
  entry.append(dot, text);
  return entry;
}

/** Where the figures come from, or why there is nothing; filled when the data are there. */
function remark() {
  return Object.assign(document.createElement("small"), { className: "legend-remark" });
}

/** @param {any} layer */
function swatch(layer) {
  const sign = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  sign.setAttribute("viewBox", "0 0 24 24");
  sign.setAttribute("class", "icon");
  sign.setAttribute("aria-hidden", "true");
  sign.style.color = toned(layer.colour);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", layer.icon || "M12 7a5 5 0 100 10 5 5 0 000-10");
  sign.append(path);
  return sign;
}
