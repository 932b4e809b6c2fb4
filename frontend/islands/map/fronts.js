// @ts-check
// The time slider of a fire, flood or earthquake: one picture of the forecast at a time, stepped or played. Keys: arrows, Home, End, space.

import { tr } from "../../words.js";

const [KEY, WHOLE] = ["fire-fronts", "footprints"];
const STEP_MS = 350;

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

  /** The layer was fetched, shown or hidden. */
  update() {
    const kept = this.scene.data.get(KEY);
    if (!kept) return;
    /** @type {Map<number, string>} */
    const runs = new Map();
    for (const { properties } of kept.features.values()) runs.set(Number(properties.run), properties.title ?? "");
    const [newest, before] = [Math.max(...runs.keys()), this.which.dataset.newest];
    const chosen = String(newest) !== before ? newest : Number(this.which.value);
    this.which.replaceChildren(...[...runs].sort((a, b) => b[0] - a[0]).map(([run, title]) => new Option(title, String(run), false, run === chosen)));
    this.which.dataset.newest = String(newest);
    this.which.hidden = runs.size < 2;
    this.box.hidden = !runs.size || !this.scene.isShown(KEY);
    this.choose();
  }

  /** The pictures of the chosen run. */
  choose() {
    const kept = this.scene.data.get(KEY);
    this.run = Number(this.which.value);
    const had = `${this.box.dataset.run}:${this.minutes.length}`;
    const mine = [...(kept?.features.values() ?? [])].filter((feature) => Number(feature.properties.run) === this.run);
    this.minutes = [...new Set(mine.map((feature) => Number(feature.properties.minute)))].sort((a, b) => a - b);
    this.slider.max = String(Math.max(0, this.minutes.length - 1));
    this.box.dataset.run = String(this.run);
    if (`${this.run}:${this.minutes.length}` !== had) this.slider.value = this.slider.max;
    this.show();
  }

  /** Only the front of the chosen time is drawn. */
  show() {
    const minute = this.minutes[Number(this.slider.value)];
    if (minute === undefined) return;
    this.text.value = tr("起算后 {time}（模型推算）", { time: words(minute) });
    this.slider.setAttribute("aria-valuetext", this.text.value);
    this.box.dataset.minute = String(minute);
    this.reveal(Number(this.slider.value) >= this.minutes.length - 1 && !this.timer);
    for (const entry of this.scene.map?.getStyle().layers ?? []) {
      if (entry.source === KEY) this.scene.map.setFilter(entry.id, ["all", ["==", ["get", "minute"], minute], ["==", ["get", "run"], this.run]]);
    }
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
