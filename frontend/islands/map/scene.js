// @ts-check
// A map with its layers, kept live: what the one map and the wall have in common.

import { baseLayers, baseStyle, dataLayers } from "./style.js";
import { HAPPENING, LayerData } from "./data.js";
import { Online } from "./online.js";
import { tr } from "../../words.js";
import { levelColour, levelOf, provide, token } from "./symbols.js";

/** More features than this are shown as dots below that zoom. */
const CROWD = 1500;
const CROWD_ZOOM = 11.5;
/** Rings at once, and how long each: in a flood of alarms the map must not spend the machine on drawing rings. */
const MOST_RINGS = 4;
const RING_MS = 4000;

/** @param {[number, number, number, number]} b @returns {[number, number, number, number]} */
function wider([west, south, east, north]) {
  const [dx, dy] = [(east - west) * 1.5, (north - south) * 1.5];
  return [west - dx, south - dy, east + dx, north + dy];
}

/** Without a graphics card (virtual desktops, old office machines) every frame is drawn by the processor: no animation. @param {any} map */
function calm(map) {
  const gl = map.getCanvas().getContext("webgl2");
  const known = gl?.getExtension("WEBGL_debug_renderer_info");
  const drawnBy = known ? String(gl.getParameter(known.UNMASKED_RENDERER_WEBGL)) : "";
  if (/swiftshader|llvmpipe|software|basic render/i.test(drawnBy)) document.documentElement.dataset.graphics = "software";
}

export class Scene {
  /** @param {any} config @param {{isShown: (key: string) => boolean, changed: (data: LayerData) => void}} parts */
  constructor(config, { isShown, changed }) {
    this.config = config;
    this.isShown = isShown;
    /** @type {Map<string, any>} */
    this.layers = new Map(config.layers.map((/** @type {any} */ layer) => [layer.key, layer]));
    /** @type {Map<string, LayerData>} */
    this.data = new Map(config.layers.map((/** @type {any} */ layer) => [layer.key, new LayerData(layer, (kept) => {
      this.thin(kept);
      changed(kept);
    })]));
    /** @type {any} */
    this.map = null;
    /** Ends of the rings that are spreading, oldest first. @type {(() => void)[]} */
    this.rings = [];
    /** @type {Promise<any>} */
    this.loading = Promise.resolve();
  }

  /** The data is on its way while the map library is still being read. */
  load() {
    this.loading = Promise.all([...this.data].filter(([key]) => this.isShown(key)).map(([, kept]) => kept.load()));
  }

  /** The map, or in its place why there is none (no WebGL, a library that did not come). @param {HTMLElement} holder @param {any} options */
  async open(holder, options) {
    try {
      return await this.begin(holder, options);
    } catch (error) {
      holder.dataset.state = "failed";
      const place = holder.parentElement?.querySelector(".map-loading") ?? document.createElement("div");
      const reason = error instanceof Error ? error.message.slice(0, 120) : "";
      place.className = "map-loading";
      place.textContent = tr("地图不能显示，列表和登记簿照常可用。请用支持 WebGL 2 的浏览器，或刷新重试。（{reason}）", { reason });
      place.setAttribute("role", "alert");
      place.removeAttribute("aria-hidden");
      holder.after(place);
      console.warn("map:", error);
      return new Promise(() => {}); // what builds on the map is never built
    }
  }

  /** @param {HTMLElement} holder @param {any} options */
  async begin(holder, options) {
    const library = await import("maplibre-gl");
    library.setWorkerUrl(this.config.worker);
    this.map = new library.Map({
      container: holder,
      style: baseStyle(),
      bounds: this.config.bounds,
      fitBoundsOptions: { padding: 30 },
      maxBounds: wider(this.config.bounds),
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      fadeDuration: 0,
      localIdeographFontFamily: token("--font"),
      ...options,
    });
    this.map.touchZoomRotate.disableRotation();
    calm(this.map);
    this.map.addControl(new library.AttributionControl({ compact: false, customAttribution: this.config.attribution }), "bottom-right");
    provide(this.map, this.layers);
    this.map.on("error", (/** @type {any} */ event) => console.warn("map:", event.error?.message));
    await new Promise((resolve) => this.map.once("load", resolve));
    this.build();
    if (this.config.tianditu) new Online(this.map, holder);
    holder.dataset.state = "ready";
    this.loading.then(() => {
      this.map.once("idle", () => performance.mark("anlan-map-drawn"));
      this.map.triggerRepaint();
    });
    return library;
  }

  /** Base layers lie below, then surfaces, lines, points, and what is happening on top. @param {any} layer */
  rank(layer) {
    if (layer.group === "base") return this.config.layers.indexOf(layer);
    // What is always there lies below what happens.
    if (layer.key === "population") return 90;
    return { polygon: 100, line: 200, point: 300 }[/** @type {"point"} */ (layer.kind)] + (HAPPENING.test(layer.key) ? 50 : 0);
  }

  build() {
    for (const layer of [...this.config.layers].sort((a, b) => this.rank(a) - this.rank(b))) {
      const kept = /** @type {LayerData} */ (this.data.get(layer.key));
      this.map.addSource(layer.key, { type: "geojson", promoteId: "id", data: kept.collection(), ...(layer.kind === "point" ? { maxzoom: 14 } : {}) });
      kept.source = this.map.getSource(layer.key);
      const visibility = this.isShown(layer.key) ? "visible" : "none";
      for (const entry of baseLayers(layer.key) ?? dataLayers(layer)) {
        this.map.addLayer({ ...entry, source: layer.key, layout: { ...(entry.layout ?? {}), visibility } });
      }
      this.thin(kept);
    }
  }

  /** Thousands of symbols at once are neither readable nor quick: dots until one comes near. @param {LayerData} kept */
  thin(kept) {
    const { key, group, kind } = kept.layer;
    if (kind !== "point" || group === "base" || !this.map?.getLayer(key)) return;
    this.map.setLayerZoomRange(key, kept.features.size > CROWD ? CROWD_ZOOM : 0, 24);
  }

  /** @param {string} key @param {boolean} shown */
  show(key, shown) {
    if (shown) this.data.get(key)?.load();
    for (const entry of this.map?.getStyle().layers ?? []) {
      if (entry.source === key) this.map.setLayoutProperty(entry.id, "visibility", shown ? "visible" : "none");
    }
  }

  /** Which layers an event concerns: moved in place, or fetched again. */
  live() {
    document.addEventListener("anlan:event", (event) => {
      const detail = /** @type {CustomEvent} */ (event).detail;
      for (const [key, kept] of this.data) {
        const { moved_by: moved, refresh } = kept.layer;
        if (moved && moved[0] === detail.type) kept.move(detail[moved[1]], detail.lon, detail.lat);
        else if ((refresh.includes(detail.type) || detail.type === "reset") && this.isShown(key)) kept.reload();
      }
      if (detail.type === "monitoring.AlarmRaised") this.ping(detail.lon, detail.lat, levelOf(detail.priority));
      if (detail.type === "command.IncidentOpened") this.ping(detail.lon, detail.lat, levelOf(detail.grade) || 1);
    });
  }

  /** Rings spread for a moment where something has just happened; the newest few. @param {number} lon @param {number} lat @param {number} level */
  ping(lon, lat, level) {
    if (!this.map || document.hidden) return;
    if (this.rings.length >= MOST_RINGS) this.rings[0]();
    const ring = document.createElement("div");
    ring.className = "ping";
    ring.style.setProperty("--c", levelColour(level || 4));
    const place = () => {
      const { x, y } = this.map.project([lon, lat]);
      ring.style.transform = `translate(${x}px, ${y}px)`;
    };
    place();
    this.map.on("move", place);
    this.map.getContainer().append(ring);
    const end = () => {
      this.map.off("move", place);
      ring.remove();
      this.rings = this.rings.filter((one) => one !== end);
    };
    this.rings.push(end);
    setTimeout(end, RING_MS);
  }
}
