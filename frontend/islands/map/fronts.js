// @ts-check
// The time slider of a fire or flood: one front of the forecast at a time, stepped or played. Keys: arrows, Home, End, space.

import { tr } from "../../words.js";

const KEY = "fire-fronts";
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

  /** The layer was fetched, shown or hidden. */
  update() {
    const kept = this.scene.data.get(KEY);
    if (!kept) return;
    const had = this.minutes.length;
    this.minutes = [...new Set([...kept.features.values()].map((feature) => Number(feature.properties.minute)))].sort((a, b) => a - b);
    this.box.hidden = !this.minutes.length || !this.scene.isShown(KEY);
    this.slider.max = String(Math.max(0, this.minutes.length - 1));
    if (this.minutes.length !== had) this.slider.value = this.slider.max;
    this.show();
  }

  /** Only the front of the chosen time is drawn. */
  show() {
    const minute = this.minutes[Number(this.slider.value)];
    if (minute === undefined) return;
    this.text.value = tr("起算后 {time}（模型推算）", { time: words(minute) });
    this.slider.setAttribute("aria-valuetext", this.text.value);
    this.box.dataset.minute = String(minute);
    for (const entry of this.scene.map?.getStyle().layers ?? []) {
      if (entry.source === KEY) this.scene.map.setFilter(entry.id, ["==", ["get", "minute"], minute]);
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
