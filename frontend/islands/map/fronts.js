// @ts-check
// The time slider of layers whose features are frames: runs of a fire, flood or earthquake, days of fire danger, hours of lightning,
// months of drought. One picture at a time, stepped or played. Keys: arrows, Home, End, space.

import { tr } from "../../words.js";

const [KEY, WHOLE] = ["fire-fronts", "footprints"];
// Layers beside the runs whose features carry `minute` (the number of the frame) and `label`.
const SERIES = ["monitoring.lightning", "monitoring.fire-danger", "monitoring.drought"];
const STEP_MS = 350;
const WHEN = new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false });

/** @param {number} minute */
function words(minute) {
  if (minute < 2 && minute % 1) return tr("{seconds} 秒", { seconds: Math.round(minute * 60) });
  if (minute >= 1440 && minute % 1440 === 0) return tr("{days} 天", { days: minute / 1440 });
  const [hours, minutes] = [Math.floor(minute / 60), minute % 60];
  if (!hours) return tr("{minutes} 分钟", { minutes });
  return minutes ? tr("{hours} 小时 {minutes} 分", { hours, minutes }) : tr("{hours} 小时", { hours });
}

export class Fronts {
  /** @param {HTMLElement} holder @param {any} scene */
  constructor(holder, scene) {
    this.scene = scene;
    this.timer = 0;
    this.run = 0;
    this.series = "";
    // A run that a page sent the reader here for: chosen once, when it has come.
    this.asked = new URLSearchParams(location.search).get("run") ?? "";
    /** @type {Map<number, string>} */
    this.labels = new Map();
    /** @type {Map<string, any>} */
    this.filters = new Map();
    /** @type {number[]} */
    this.minutes = [];
    this.box = document.createElement("div");
    this.box.className = "fronts";
    this.box.hidden = true;
    this.box.setAttribute("role", "group");
    this.box.setAttribute("aria-label", tr("推进时间"));
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.className = "button small";
    this.slider = document.createElement("input");
    this.slider.type = "range";
    this.slider.min = "0";
    this.slider.step = "1";
    this.slider.setAttribute("aria-label", tr("起算后时间"));
    this.text = document.createElement("output");
    this.which = document.createElement("select");
    this.which.className = "input";
    this.which.setAttribute("aria-label", tr("看哪一次推演"));
    this.which.addEventListener("change", () => {
      this.stop();
      this.choose();
    });
    this.box.append(this.which, this.button, this.slider, this.text);
    holder.append(this.box);
    this.button.addEventListener("click", () => (this.timer ? this.stop() : this.play()));
    this.slider.addEventListener("input", () => {
      this.stop();
      this.show();
    });
    this.slider.addEventListener("keydown", (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      this.button.click();
    });
    this.stop();
  }

  /** Features of a layer that is shown. @param {string} key @returns {any[]} */
  framesOf(key) {
    return this.scene.isShown(key) ? [...(this.scene.data.get(key)?.features.values() ?? [])] : [];
  }

  /** A layer was fetched, shown or hidden. */
  update() {
    /** @type {Map<string, string>} */
    const found = new Map();
    const runs = new Map(this.framesOf(KEY).map(({ properties }) => [Number(properties.run), `${properties.title ?? ""} ${properties.at ? WHEN.format(new Date(properties.at)) : ""}`]));
    for (const [run, title] of [...runs].sort((a, b) => b[0] - a[0])) found.set(String(run), title);
    for (const key of SERIES) if (this.framesOf(key).length) found.set(key, this.scene.data.get(key).layer.title);
    const [newest, before] = [[...found.keys()][0] ?? "", this.which.dataset.newest];
    const asked = this.asked && found.has(this.asked) ? this.asked : "";
    if (asked) {
      this.asked = "";
      this.go(Number(asked));
    }
    const chosen = asked ? asked : newest !== before || !found.has(this.which.value) ? newest : this.which.value;
    this.which.replaceChildren(...[...found].map(([id, title]) => new Option(title, id, false, id === chosen)));
    this.which.dataset.newest = newest;
    this.box.hidden = !found.size;
    this.choose();
  }

  /** The map over all that a run shows. @param {number} run */
  go(run) {
    const places = this.framesOf(KEY).filter(({ properties }) => Number(properties.run) === run).flatMap(({ geometry }) => geometry.coordinates.flat(Infinity));
    const [lon, lat] = [places.filter((_, i) => i % 2 === 0), places.filter((_, i) => i % 2 === 1)];
    const edge = (/** @type {number[]} */ all, /** @type {(...n: number[]) => number} */ most) => all.reduce((a, b) => most(a, b));
    if (lon.length) this.scene.map?.fitBounds([edge(lon, Math.min), edge(lat, Math.min), edge(lon, Math.max), edge(lat, Math.max)], { padding: 80, maxZoom: 14, duration: 0 });
  }

  /** The pictures of the chosen run or series. */
  choose() {
    this.series = SERIES.includes(this.which.value) ? this.which.value : "";
    this.run = this.series ? Number([...this.which.options].find((one) => !SERIES.includes(one.value))?.value ?? 0) : Number(this.which.value);
    const had = `${this.box.dataset.run}:${this.minutes.length}`;
    const mine = this.framesOf(this.series || KEY).filter((feature) => this.series || Number(feature.properties.run) === this.run);
    this.labels = new Map(mine.map(({ properties }) => [Number(properties.minute), properties.label ?? ""]));
    this.minutes = [...this.labels.keys()].sort((a, b) => a - b);
    this.slider.max = String(Math.max(0, this.minutes.length - 1));
    this.slider.setAttribute("aria-label", this.series ? tr("时间") : tr("起算后时间"));
    this.box.dataset.run = this.which.value;
    if (`${this.which.value}:${this.minutes.length}` !== had) this.slider.value = this.slider.max;
    this.show();
  }

  /** Of every layer of frames only one is drawn: of the chosen one that of the chosen time, of others the last. */
  show() {
    const minute = this.minutes[Number(this.slider.value)];
    if (minute === undefined) return;
    this.text.value = this.labels.get(minute) || tr("起算后 {time}（模型推算）", { time: words(minute) });
    this.slider.setAttribute("aria-valuetext", this.text.value);
    this.box.dataset.minute = String(minute);
    this.reveal(this.series !== "" || (Number(this.slider.value) >= this.minutes.length - 1 && !this.timer));
    for (const key of SERIES) this.filter(key, ["==", ["get", "minute"], key === this.series ? minute : this.last(key)]);
    const front = this.series ? this.last(KEY) : minute;
    this.filter(KEY, ["all", ["==", ["get", "minute"], front], ["==", ["get", "run"], this.run]]);
  }

  /** @param {string} key */
  last(key) {
    return Math.max(0, ...this.framesOf(key).filter((f) => key !== KEY || Number(f.properties.run) === this.run).map((f) => Number(f.properties.minute)));
  }

  /** @param {string} key @param {any} condition */
  filter(key, condition) {
    for (const entry of this.scene.map?.getStyle()?.layers ?? []) if (entry.source === key) this.scene.map.setFilter(entry.id, condition);
  }

  /** The whole footprint of the run is taken away while an earlier picture of it is looked at. @param {boolean} last */
  reveal(last) {
    for (const entry of this.scene.map?.getStyle().layers ?? []) {
      if (entry.source !== WHOLE) continue;
      if (!this.filters.has(entry.id)) this.filters.set(entry.id, entry.filter ?? null);
      const own = this.filters.get(entry.id);
      const others = ["!=", ["get", "run"], this.run];
      this.scene.map.setFilter(entry.id, last ? own : own ? ["all", own, others] : others);
    }
  }

  play() {
    if (Number(this.slider.value) >= this.minutes.length - 1) this.slider.value = "0";
    this.button.textContent = tr("暂停");
    this.button.setAttribute("aria-pressed", "true");
    this.show();
    this.timer = setInterval(() => {
      if (Number(this.slider.value) >= this.minutes.length - 1) return this.stop();
      this.slider.value = String(Number(this.slider.value) + 1);
      this.show();
    }, STEP_MS);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    this.button.textContent = tr("播放");
    this.button.setAttribute("aria-pressed", "false");
  }
}
