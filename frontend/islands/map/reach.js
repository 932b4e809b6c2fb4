// @ts-check
// How far one comes in so many minutes from a place, drawn on the one map around what is closed.

import { tr } from "../../words.js";

export class Reach {
  /** @param {any} map */
  constructor(map) {
    this.map = map;
    this.note = /** @type {HTMLElement} */ (document.getElementById("map-note"));
    map.addSource("reach", { type: "geojson", data: { type: "FeatureCollection", features: [] } });
    map.addLayer({ id: "reach", type: "fill", source: "reach", filter: ["!=", ["geometry-type"], "Point"], paint: { "fill-color": ["coalesce", ["get", "colour"], "#888"], "fill-opacity": 0.2 } });
    map.addLayer({ id: "reach.line", type: "line", source: "reach", filter: ["!=", ["geometry-type"], "Point"], paint: { "line-color": ["coalesce", ["get", "colour"], "#888"], "line-width": 1.4 } });
    document.addEventListener("click", (event) => {
      const from = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("[data-reach]"));
      if (from) this.show(from.dataset.reach ?? "");
    });
  }

  /** @param {string} place `lon,lat` */
  async show(place) {
    this.say(tr("正在计算到达范围…"));
    try {
      const answer = await fetch(`/resources/isochrones.json?${new URLSearchParams({ place })}`);
      const said = await answer.json();
      if (!answer.ok) throw new Error(said.error);
      this.map.getSource("reach")?.setData(said);
      this.say(said.features.length > 1 ? tr("到达范围 {minutes} min（模型推算，绕开管控）", { minutes: said.minutes }) : tr("起点附近没有可通行的道路"), true);
    } catch (error) {
      this.say(error instanceof Error && error.message ? error.message : tr("没有取到"), true);
    }
  }

  /** @param {string} text @param {boolean} [closing] */
  say(text, closing = false) {
    this.note.hidden = false;
    this.note.replaceChildren(text);
    if (!closing) return;
    const end = document.createElement("button");
    end.type = "button";
    end.className = "button small";
    end.textContent = tr("关闭");
    end.addEventListener("click", () => this.hide());
    this.note.append("　", end);
  }

  hide() {
    this.map.getSource("reach")?.setData({ type: "FeatureCollection", features: [] });
    this.note.hidden = true;
  }
}
