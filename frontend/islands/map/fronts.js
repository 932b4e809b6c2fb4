// @ts-check
// The time slider of layers whose features are frames (a fire's or flood's fronts, days of fire danger, hours of lightning, months
// of drought): one frame at a time, stepped or played. Keys: arrows, Home, End, space.

import { tr } from "../../words.js";

// The first of these that is shown and has frames has the slider; features carry `minute` (the frame) and perhaps a `label`.
const KEYS = ["fire-fronts", "monitoring.lightning", "monitoring.fire-danger", "monitoring.drought"];
const STEP_MS = 350;

/** @param {number} minute */
function words(minute) {
  const [hours, minutes] = [Math.floor(minute / 60), minute % 60];
  if (!hours) return tr("{minutes} 分钟", { minutes });
  return minutes ? tr("{hours} 小时 {minutes} 分", { hours, minutes }) : tr("{hours} 小时", { hours });
}

export class Fronts {
  /** @param {HTMLElement} holder @param {any} scene */
  constructor(holder, scene) {
    this.scene = scene;
    this.timer = 0;
    /** @type {number[]} */
    this.minutes = [];
    this.key = "";
    /** @type {Map<number, string>} */
    this.labels = new Map();
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
    this.box.append(this.button, this.slider, this.text);
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

  /** A layer was fetched, shown or hidden. */
  update() {
    const frames = (/** @type {string} */ key) => this.scene.data.get(key)?.features ?? new Map();
    const key = KEYS.find((one) => this.scene.isShown(one) && frames(one).size) ?? "";
    const had = `${this.key} ${this.minutes.length}`;
    this.key = key;
    /** @type {Map<number, string>} */
    this.labels = new Map();
    for (const { properties } of key ? frames(key).values() : []) this.labels.set(Number(properties.minute), properties.label ?? "");
    this.minutes = [...this.labels.keys()].sort((a, b) => a - b);
    this.box.hidden = this.minutes.length < 1;
    this.slider.max = String(Math.max(0, this.minutes.length - 1));
    if (`${key} ${this.minutes.length}` !== had) this.slider.value = this.slider.max;
    this.slider.setAttribute("aria-label", key === KEYS[0] ? tr("起算后时间") : tr("时间"));
    for (const other of KEYS) if (other !== key) this.filter(other, Math.max(...[...frames(other).values()].map((one) => Number(one.properties.minute))));
    this.show();
  }

  /** Of a layer only one frame is drawn. @param {string} key @param {number} minute */
  filter(key, minute) {
    for (const entry of this.scene.map?.getStyle()?.layers ?? []) {
      if (entry.source === key) this.scene.map.setFilter(entry.id, ["==", ["get", "minute"], minute]);
    }
  }

  /** Only the frame of the chosen time is drawn. */
  show() {
    const minute = this.minutes[Number(this.slider.value)];
    if (minute === undefined) return;
    const label = this.labels.get(minute);
    this.text.value = label || tr("起算后 {time}（模型推算）", { time: words(minute) });
    this.slider.setAttribute("aria-valuetext", this.text.value);
    this.box.dataset.minute = String(minute);
    this.filter(this.key, minute);
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
