// @ts-check
// Warnings on this device while the page is closed: asks the browser for an endpoint and gives it to the platform.

import { tr } from "../words.js";

const button = /** @type {HTMLButtonElement | null} */ (document.getElementById("push"));
const said = document.getElementById("push-said");

/** @param {string} text */
function say(text) {
  if (said) said.textContent = text;
}

/** @param {string} key */
function bytes(key) {
  return Uint8Array.from(atob(key.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}

async function subscribe() {
  const form = /** @type {HTMLFormElement} */ (document.querySelector("form"));
  const wanted = new FormData(form);
  if (!wanted.get("area_id")) return say(tr("请先选地点。"));
  if ((await Notification.requestPermission()) !== "granted") return say(tr("浏览器没有允许通知，可在站点设置里打开。"));
  const worker = await navigator.serviceWorker.register(button?.dataset.worker ?? "", { scope: "/public/" });
  const push = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(button?.dataset.key ?? "") });
  const body = JSON.stringify({ push, area_id: Number(wanted.get("area_id")), least: Number(wanted.get("least") ?? 4), hazards: wanted.getAll("hazards") });
  const answer = await fetch("/public/push", { method: "POST", body, headers: { "X-CSRFToken": String(wanted.get("csrfmiddlewaretoken")) } });
  const told = await answer.json();
  if (answer.ok) location.assign(told.link);
  else say(told.why);
}

if (button && !("PushManager" in window && "serviceWorker" in navigator)) {
  button.disabled = true;
  say(tr("这个浏览器不支持推送，请用短信或邮件订阅。"));
}
button?.addEventListener("click", () => subscribe().catch((error) => say(`${tr("没有成功：")}${error.message}`)));
