// @ts-check
// The data of one layer: fetched whole, then kept true by differences. Positions are gathered and written once a frame.

import { levelOf } from "./symbols.js";

const STATES = { ok: "ok", online: "ok", ready: "ok", 待命: "ok", 在线: "ok", 正常: "ok", warn: "warn", dispatched: "info", 出动: "info", bad: "bad", alarm: "bad", offline: "off", off: "off", 离线: "off", 停用: "off", 休整: "off", resting: "off" };
/** How often layers are asked for again on a machine without a graphics card. */
const BEAT_MS = 3000;
/** Times of measurement hooks read by tests and `make bench`. */
export const counters = { moves: 0, frames: 0, fetches: 0 };

/** Layers whose level is an urgency; elsewhere it is a rank (a hospital's 三级). */
export const HAPPENING = /alarm|incident|warning|event|hazard-event|footprint|fire-front/;

/** @param {any} feature @param {string} key */
function prepared(feature, key) {
  const p = feature.properties ?? {};
  feature.id = p.id = feature.id ?? p.id;
  p._level = HAPPENING.test(key) ? levelOf(p.level ?? p.priority ?? p.grade) : 0;
  p._state = STATES[p.state ?? p.status ?? p.readiness] ?? "";
  feature.properties = p;
  return feature;
}

export class LayerData {
  /** @param {any} layer @param {(data: LayerData) => void} changed */
  constructor(layer, changed) {
    this.layer = layer;
    this.changed = changed;
    /** @type {Map<string | number, any>} */
    this.features = new Map();
    /** @type {Map<string | number, string>} */
    this.prints = new Map();
    /** @type {Map<string | number, [number, number]>} */
    this.moves = new Map();
    this.tag = "";
    this.at = "";
    /** Where the figures come from, when the layer says so. */
    this.sourceNote = "";
    this.state = "empty";
    /** @type {any} */
    this.source = null;
    this.busy = false;
    this.again = false;
    this.timer = 0;
    /** How long the last fetch took, ms. */
    this.cost = 0;
  }

  /** Get it, or what is new of it. */
  async load() {
    if (this.busy) {
      this.again = true;
      return;
    }
    this.busy = true;
    if (this.state !== "ready") this.state = "loading";
    this.changed(this);
    try {
      await this.fetchOnce();
      this.state = "ready";
    } catch {
      this.state = "error";
    }
    this.busy = false;
    this.changed(this);
    if (this.again) {
      this.again = false;
      this.reload();
    }
  }

  async fetchOnce() {
    counters.fetches += 1;
    const start = performance.now();
    const answer = await fetch(`/api/map/layers/${encodeURIComponent(this.layer.key)}`, { headers: { "Anlan-Background": "1", ...(this.tag ? { "If-None-Match": this.tag } : {}) }, cache: "no-store" });
    if (answer.status !== 304) {
      if (!answer.ok) throw new Error(String(answer.status));
      this.tag = answer.headers.get("ETag") ?? "";
      this.take(await answer.json());
    }
    this.at = answer.headers.get("Anlan-Data-Time") ?? this.at;
    this.cost = performance.now() - start;
  }

  /** Soon, and the less often the more it costs: a big layer must not keep server and browser busy with itself. */
  reload() {
    if (this.timer) return;
    let wait = Math.max(200, 4 * this.cost);
    // Drawn by the processor a frame takes a fifth of a second: all layers wait for the same beat and share its frames.
    if (document.documentElement.dataset.graphics === "software") wait = BEAT_MS - (Date.now() % BEAT_MS);
    this.timer = setTimeout(() => {
      this.timer = 0;
      this.load();
    }, wait);
  }

  /** @param {any} collection */
  take(collection) {
    const first = this.features.size === 0;
    this.sourceNote = collection.source ?? "";
    const diff = { add: /** @type {any[]} */ ([]), remove: /** @type {any[]} */ ([]) };
    const seen = new Set();
    for (const raw of collection.features) {
      const print = JSON.stringify(raw);
      const id = raw.id ?? raw.properties?.id;
      seen.add(id);
      if (this.prints.get(id) === print) continue;
      this.prints.set(id, print);
      const feature = prepared(raw, this.layer.key);
      this.features.set(id, feature);
      diff.add.push(feature);
    }
    for (const id of [...this.features.keys()]) {
      if (seen.has(id)) continue;
      this.features.delete(id);
      this.prints.delete(id);
      diff.remove.push(id);
    }
    if (!this.source) return;
    if (first) {
      // Told before it is drawn, so that thousands of symbols are not laid out only to be hidden.
      this.changed(this);
      this.source.setData(this.collection());
    }
    else if (diff.add.length || diff.remove.length) this.source.updateData(diff);
  }

  collection() {
    return { type: "FeatureCollection", features: [...this.features.values()] };
  }

  /** Remember the newest place of a feature; written with all others at the next frame. @param {string | number} id @param {number} lon @param {number} lat */
  move(id, lon, lat) {
    counters.moves += 1;
    if (!this.features.has(id)) return;
    if (this.moves.size === 0) requestAnimationFrame(() => this.flush());
    this.moves.set(id, [lon, lat]);
  }

  flush() {
    counters.frames += 1;
    const update = [];
    for (const [id, coordinates] of this.moves) {
      const feature = this.features.get(id);
      if (!feature) continue;
      feature.geometry = { type: "Point", coordinates };
      this.prints.delete(id);
      update.push({ id, newGeometry: feature.geometry });
    }
    this.moves.clear();
    if (update.length && this.source) this.source.updateData({ update });
  }
}
