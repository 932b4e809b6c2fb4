// @ts-check
// 现场任务: works from the telephone's own store; sends what was noted when there is a line, each thing once by its key.

import { LOCALE, tr } from "../words.js";
import { forget, hear, heard, keep, noted } from "./store.js";

const NEXT = /** @type {Record<string, [string, string]>} */ ({ acknowledged: ["acknowledge", tr("确认收到")], en_route: ["start", tr("出发")], on_scene: ["arrive", tr("到场")], done: ["finish", tr("完成")] });
const AFTER = /** @type {Record<string, string>} */ ({ acknowledge: "acknowledged", start: "en_route", arrive: "on_scene", finish: "done" });
const EVERY_MS = 15_000;
const WIDEST = 1600;
const main = /** @type {HTMLElement} */ (document.getElementById("tasks"));
const line = /** @type {HTMLElement} */ (document.getElementById("line"));
const waiting = /** @type {HTMLElement} */ (document.getElementById("waiting"));
let sending = false;

/** @param {string} tag @param {Record<string, any>} with_ @param {...(Node | string)} inside */
function make(tag, with_ = {}, ...inside) {
  const element = Object.assign(document.createElement(tag), with_);
  element.append(...inside);
  return element;
}

/** Where we are, when the telephone says so within four seconds. @returns {Promise<{lon: number | null, lat: number | null}>} */
function place() {
  return new Promise((done) => {
    if (!navigator.geolocation) return done({ lon: null, lat: null });
    navigator.geolocation.getCurrentPosition(({ coords }) => done({ lon: coords.longitude, lat: coords.latitude }), () => done({ lon: null, lat: null }), { timeout: 4000, maximumAge: 30_000, enableHighAccuracy: true });
  });
}

/** Note something: first kept here, then sent. @param {number} task @param {string} kind @param {Record<string, any>} more */
async function note(task, kind, more = {}) {
  const entry = { key: crypto.randomUUID(), task, kind, at: new Date().toISOString(), ...more };
  await keep(entry);
  await show();
  const here = await place();
  if (here.lon !== null) await keep({ ...entry, ...here });
  await send();
}

/** Send what waits, in order; what was taken, kept or refused for good is forgotten here. */
async function send() {
  const rows = (await noted()).filter((row) => !row.refused);
  if (sending || !rows.length) return;
  sending = true;
  try {
    const answer = await fetch("/command/field/sync", { method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": document.body.dataset.csrf ?? "", Accept: "application/json" }, body: JSON.stringify({ noted: rows.slice(0, 20) }) });
    if (!answer.ok) throw new Error(String(answer.status));
    for (const result of (await answer.json()).results) {
      const row = rows.find((one) => one.key === result.key);
      if (result.outcome === "refused" && row) await keep({ ...row, refused: result.reason });
      else await forget(result.key);
    }
    sending = false;
    await refresh();
    if (rows.length > 20) await send();
  } catch {
    said(false);
  } finally {
    sending = false;
  }
}

/** @param {boolean} there */
function said(there) {
  line.textContent = there ? tr("在线") : tr("离线，已存在手机里");
  line.className = there ? "" : "queued";
}

async function refresh() {
  try {
    const answer = await fetch("/command/field/tasks", { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    await hear(await answer.json());
    said(true);
  } catch {
    said(false);
  }
  await show();
}

/** The way there, drawn small: north up. @param {any} task */
function sketch(task) {
  const points = task.route?.coordinates;
  if (!points || points.length < 2) return "";
  const squeeze = Math.cos((points[0][1] * Math.PI) / 180);
  const flat = points.map(([x, y]) => [x * squeeze, -y]);
  const [xs, ys] = [0, 1].map((axis) => flat.map((p) => p[axis]));
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const scale = Math.min(300 / (Math.max(...xs) - left || 1e-9), 130 / (Math.max(...ys) - top || 1e-9));
  const at = flat.map(([x, y]) => [10 + (x - left) * scale, 10 + (y - top) * scale]);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "route");
  svg.setAttribute("viewBox", "0 0 320 150");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", tr("路线示意"));
  const way = document.createElementNS(svg.namespaceURI, "polyline");
  way.setAttribute("points", at.map((p) => p.map((v) => v.toFixed(1)).join(",")).join(" "));
  const goal = document.createElementNS(svg.namespaceURI, "circle");
  const end = at[at.length - 1];
  for (const [name, value] of Object.entries({ cx: end[0], cy: end[1], r: 6 })) goal.setAttribute(name, String(value));
  svg.append(way, goal);
  return svg;
}

/** A photograph no wider than it needs to be. @param {File} file */
async function smaller(file) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, WIDEST / Math.max(picture.width, picture.height));
  const canvas = /** @type {HTMLCanvasElement} */ (make("canvas", { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale) }));
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", 0.8).split(",")[1];
}

/** @param {Blob} blob @returns {Promise<string>} */
const base64 = (blob) => new Promise((done) => {
  const reader = new FileReader();
  reader.onload = () => done(String(reader.result).split(",")[1]);
  reader.readAsDataURL(blob);
});

/** @param {number} task */
function camera(task) {
  const input = /** @type {HTMLInputElement} */ (make("input", { type: "file", accept: "image/jpeg,image/png", hidden: true }));
  input.setAttribute("capture", "environment");
  input.addEventListener("change", async () => {
    if (input.files?.[0]) await note(task, "photo", { media: await smaller(input.files[0]), media_type: "image/jpeg" });
  });
  return make("label", { className: "button" }, tr("拍照"), input);
}

/** @param {number} task */
function recorder(task) {
  const button = /** @type {HTMLButtonElement} */ (make("button", { type: "button", className: "button", textContent: tr("录音") }));
  /** @type {MediaRecorder | null} */
  let running = null;
  button.addEventListener("click", async () => {
    if (running) return running.stop();
    try {
      const sound = await navigator.mediaDevices.getUserMedia({ audio: true });
      running = new MediaRecorder(sound);
    } catch {
      button.textContent = tr("不能录音");
      return undefined;
    }
    running.ondataavailable = async ({ data }) => {
      running?.stream.getTracks().forEach((track) => track.stop());
      running = null;
      button.className = "";
      button.textContent = tr("录音");
      await note(task, "voice", { media: await base64(data), media_type: data.type.split(";")[0] });
    };
    running.start();
    button.className = "recording";
    button.textContent = tr("停止");
    return undefined;
  });
  return button;
}

/** @param {any} task @param {any[]} queue what waits for this task */
function card(task, queue) {
  const steps = queue.filter((row) => AFTER[row.kind] && !row.refused);
  const state = steps.length ? AFTER[steps[steps.length - 1].kind] : task.state;
  const order = ["issued", "acknowledged", "en_route", "on_scene", "done"];
  const next = order.slice(order.indexOf(state) + 1).filter((name) => NEXT[name]);
  const late = task.due_at && Date.parse(task.due_at) < Date.now();
  const due = task.due_at ? new Intl.DateTimeFormat(LOCALE, { timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", month: "2-digit", day: "2-digit" }).format(new Date(task.due_at)) : "";
  const text = /** @type {HTMLTextAreaElement} */ (make("textarea", { rows: 2, placeholder: tr("现场情况、完成情况") }));
  text.setAttribute("aria-label", tr("现场情况、完成情况"));
  const buttons = next.slice(0, 1).map((name) => {
    const button = make("button", { type: "button", className: "button primary", textContent: NEXT[name][1] });
    button.addEventListener("click", () => note(task.id, NEXT[name][0], name === "done" ? { text: text.value } : {}));
    return button;
  });
  const write = make("button", { type: "button", className: "button", textContent: tr("记一笔") });
  write.addEventListener("click", () => text.value.trim() && note(task.id, "note", { text: text.value.trim() }));
  const here = make("button", { type: "button", className: "button", textContent: tr("报位置") });
  here.addEventListener("click", async () => {
    const found = await place();
    if (found.lon === null) here.textContent = tr("没有定位");
    else await note(task.id, "position", found);
  });
  const box = make("article", { className: late ? "task late" : "task" }, make("h2", {}, task.exercise ? `【${tr("演练")}】${task.title}` : task.title),
    make("p", { className: "muted" }, `${task.assignee} · ${task.incident} · ${task.place}`), make("p", {}, task.text));
  if (due) box.append(make("p", { className: late ? "refused" : "muted" }, tr("须在 {due} 前完成", { due })));
  if (task.eta_min !== null) box.append(make("p", { className: "muted" }, tr("路程 {km} km，约 {min} 分钟（{how}）", { km: ((task.road_m ?? 0) / 1000).toFixed(1), min: Math.round(task.eta_min), how: task.route_how })));
  box.append(sketch(task), make("p", {}, make("a", { href: `geo:${task.lat},${task.lon}?q=${task.lat},${task.lon}`, textContent: tr("用手机地图导航") })), text,
    make("div", { className: "steps" }, ...buttons), make("div", { className: "more" }, camera(task.id), recorder(task.id), write, here));
  for (const row of queue) box.append(make("p", { className: row.refused ? "refused" : "queued" }, row.refused ? tr("未被接受：{why}", { why: row.refused }) : tr("待发送：{what}", { what: NEXT[AFTER[row.kind]]?.[1] ?? row.text ?? row.kind })));
  return box;
}

async function show() {
  const [said_, queue] = await Promise.all([heard(), noted()]);
  const open = queue.filter((row) => !row.refused).length;
  waiting.textContent = open ? tr("待发送 {n} 件", { n: open }) : "";
  if (!said_) return;
  const asOf = document.getElementById("as-of");
  if (asOf) asOf.textContent = new Intl.DateTimeFormat(LOCALE, { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "medium" }).format(new Date(said_.at));
  if (document.activeElement instanceof HTMLTextAreaElement && document.activeElement.value) return;
  main.replaceChildren(...(said_.tasks.length ? said_.tasks.map((task) => card(task, queue.filter((row) => row.task === task.id))) : [make("p", { className: "muted" }, tr("没有进行中的任务"))]));
}

if ("serviceWorker" in navigator) navigator.serviceWorker.register("/command/field/worker.js", { scope: "/command/field/" });
addEventListener("online", () => send().then(refresh));
addEventListener("offline", () => said(false));
setInterval(() => send().then(refresh), EVERY_MS);
await show();
await send();
await refresh();
document.documentElement.dataset.field = "ready";
