// @ts-check
// Scanning with the camera where the browser can read codes; elsewhere the phone's own camera or the typed code serve.

import { tr } from "../words.js";

const start = /** @type {HTMLButtonElement} */ (document.getElementById("scan-start"));
const video = /** @type {HTMLVideoElement} */ (document.getElementById("scan-video"));
const note = /** @type {HTMLElement} */ (document.getElementById("scan-note"));
const Detector = /** @type {any} */ (window).BarcodeDetector;

/** The code in what a label says: its address, or the code alone. @param {string} text */
function codeOf(text) {
  try {
    const url = new URL(text);
    return decodeURIComponent(url.pathname.split("/").pop() ?? "");
  } catch {
    return text;
  }
}

async function scan() {
  start.hidden = true;
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  video.srcObject = stream;
  video.hidden = false;
  await video.play();
  note.textContent = tr("正在识别…");
  const detector = new Detector({ formats: ["qr_code"] });
  const look = async () => {
    const [found] = await detector.detect(video).catch(() => []);
    if (!found) {
      setTimeout(look, 150);
      return;
    }
    for (const track of stream.getTracks()) track.stop();
    note.textContent = found.rawValue;
    location.assign(`?code=${encodeURIComponent(codeOf(found.rawValue))}`);
  };
  void look();
}

if (Detector && navigator.mediaDevices) {
  start.hidden = false;
  start.addEventListener("click", () => scan().catch(() => {
    start.hidden = false;
    note.textContent = tr("相机没有打开，请允许使用相机，或输入编码。");
  }));
} else {
  note.textContent = tr("此浏览器不能在页面内识别二维码：请用手机自带相机扫标签，或输入编码。");
}
