// @ts-check
// 天地图 below our own map. It comes after the first picture, so that nothing waits for it; its tiles are seen through our land, and
// when its server does not answer the land is drawn again and a line says so.

import { tr } from "../../words.js";

const KINDS = ["vec", "cva"];
/** Fills that would hide the tiles. */
const LAND = ["area.city", "area.district"];
/** One tile may fail on the way; so many one after the other are a server that does not answer. */
const MISSES = 3;

export class Online {
  /** @param {any} map @param {HTMLElement} holder */
  constructor(map, holder) {
    this.map = map;
    this.holder = holder;
    this.missed = 0;
    this.land = new Map(LAND.filter((id) => map.getLayer(id)).map((id) => [id, map.getPaintProperty(id, "fill-opacity")]));
    const ours = (/** @type {any} */ event) => event.sourceId?.startsWith("tdt-");
    map.on("error", (/** @type {any} */ event) => ours(event) && ++this.missed === MISSES && this.see(false));
    map.on("data", (/** @type {any} */ event) => ours(event) && event.tile && this.came());
    const first = map.getStyle().layers.find((/** @type {any} */ entry) => entry.id !== "background")?.id;
    for (const kind of KINDS) {
      map.addSource(`tdt-${kind}`, { type: "raster", tiles: [`${location.origin}/tiles/tianditu/${kind}/{z}/{x}/{y}`], tileSize: 256, maxzoom: 18, attribution: tr("天地图") });
      map.addLayer({ id: `tdt-${kind}`, type: "raster", source: `tdt-${kind}`, paint: { "raster-opacity": 0.75, "raster-saturation": -0.4 } }, first);
    }
    holder.dataset.online = "asked";
  }

  came() {
    this.missed = 0;
    if (this.holder.dataset.online === "asked") this.see(true);
  }

  /** @param {boolean} shown */
  see(shown) {
    this.holder.dataset.online = shown ? "shown" : "off";
    for (const [id, opacity] of this.land) this.map.setPaintProperty(id, "fill-opacity", shown ? 0 : opacity);
    if (!shown) {
      for (const kind of KINDS) this.map.setLayoutProperty(`tdt-${kind}`, "visibility", "none");
      this.tell();
    }
  }

  tell() {
    const note = Object.assign(document.createElement("div"), { className: "map-online", textContent: tr("在线底图（天地图）无应答，已改用离线底图") });
    note.setAttribute("role", "status");
    this.holder.parentElement?.append(note);
  }
}
