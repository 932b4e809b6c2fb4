// @ts-check
// The search box: areas, stations, enterprises, teams … whatever the layers hold, found while typing.

import { tr } from "../../words.js";

const LIMIT = 12;

/** @param {HTMLInputElement} box @param {{map: any, data: Map<string, any>, layers: Map<string, any>, tree: any, panel: any}} parts */
export function search(box, { map, data, layers, tree, panel }) {
  const list = /** @type {HTMLElement} */ (document.getElementById("search-results"));
  /** @type {{feature: any, key: string, name: string}[]} */
  let found = [];
  let at = 0;

  function look() {
    const words = box.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    found = [];
    at = 0;
    if (words.length) for (const [key, kept] of data) collect(key, kept, words);
    found.sort((a, b) => a.name.length - b.name.length);
    found = found.slice(0, LIMIT);
    draw(words.length > 0);
  }

  /** @param {string} key @param {any} kept @param {string[]} words */
  function collect(key, kept, words) {
    for (const feature of kept.features.values()) {
      const p = feature.properties;
      const text = `${p.name ?? ""} ${p.title ?? ""} ${p.code ?? ""}`.toLowerCase();
      if (words.every((word) => text.includes(word))) found.push({ feature, key, name: p.title ?? p.name ?? p.code ?? "" });
      if (found.length > 400) return;
    }
  }

  /** @param {boolean} asked */
  function draw(asked) {
    list.hidden = !asked;
    list.replaceChildren(...found.map((entry, index) => option(entry, index)));
    if (asked && !found.length) list.innerHTML = `<li class="faint">${tr("没有找到。可试名称或编码的一部分。")}</li>`;
    box.setAttribute("aria-expanded", String(asked));
  }

  /** @param {{feature: any, key: string, name: string}} entry @param {number} index */
  function option(entry, index) {
    const item = document.createElement("li");
    item.role = "option";
    item.ariaSelected = String(index === at);
    const kind = Object.assign(document.createElement("small"), { textContent: layers.get(entry.key)?.title ?? "" });
    item.append(entry.name, kind);
    item.addEventListener("mousedown", (event) => {
      event.preventDefault();
      choose(entry);
    });
    return item;
  }

  /** @param {{feature: any, key: string, name: string}} entry */
  function choose({ feature, key }) {
    const [lon, lat] = middle(feature.geometry);
    if (!tree.isShown(key)) tree.set(key, true);
    map.easeTo({ center: [lon, lat], zoom: feature.geometry.type === "Point" ? 13.5 : 11, duration: 500 });
    if (layers.get(key)?.group !== "base") panel.choose(key, feature, layers.get(key));
    else panel.open(`/map/here?lon=${lon}&lat=${lat}`, tr("此处"));
    list.hidden = true;
    box.blur();
  }

  box.addEventListener("input", look);
  box.addEventListener("focus", () => {
    for (const kept of data.values()) if (kept.state === "empty") kept.load().then(look);
    look();
  });
  box.addEventListener("blur", () => { list.hidden = true; });
  box.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      at = (at + (event.key === "ArrowDown" ? 1 : -1) + found.length) % Math.max(found.length, 1);
      draw(true);
      event.preventDefault();
    } else if (event.key === "Enter" && found[at]) choose(found[at]);
    else if (event.key === "Escape") box.blur();
  });
}

/** A point inside the extent of any geometry. @param {any} geometry @returns {[number, number]} */
export function middle(geometry) {
  const flat = geometry.coordinates.flat(Infinity);
  let [west, south, east, north] = [180, 90, -180, -90];
  for (let i = 0; i < flat.length; i += 2) {
    west = Math.min(west, flat[i]);
    east = Math.max(east, flat[i]);
    south = Math.min(south, flat[i + 1]);
    north = Math.max(north, flat[i + 1]);
  }
  return [(west + east) / 2, (south + north) / 2];
}
