// @ts-check
// A pad to sign on: with a finger, a pen or a mouse. The drawing becomes a PNG in the form; an empty pad is not sent.

import { tr } from "../words.js";

for (const form of document.querySelectorAll("form[data-signing]")) {
  const pad = /** @type {HTMLCanvasElement} */ (form.querySelector("canvas.pad"));
  const field = /** @type {HTMLInputElement} */ (form.querySelector("input[name=signature]"));
  const ink = /** @type {CanvasRenderingContext2D} */ (pad.getContext("2d"));
  let strokes = 0;
  let drawing = false;

  const clear = () => {
    ink.fillStyle = "#fff";
    ink.fillRect(0, 0, pad.width, pad.height);
    Object.assign(ink, { lineWidth: 4, lineCap: "round", lineJoin: "round", strokeStyle: "#0b1f4b" });
    strokes = 0;
    field.value = "";
  };
  /** @param {PointerEvent} event */
  const at = (event) => {
    const box = pad.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * pad.width, ((event.clientY - box.top) / box.height) * pad.height];
  };
  pad.addEventListener("pointerdown", (event) => {
    pad.setPointerCapture(event.pointerId);
    drawing = true;
    ink.beginPath();
    const [x, y] = at(event);
    ink.moveTo(x, y);
  });
  pad.addEventListener("pointermove", (event) => {
    if (!drawing) return;
    const [x, y] = at(event);
    ink.lineTo(x, y);
    ink.stroke();
    strokes += 1;
  });
  for (const end of ["pointerup", "pointercancel"]) pad.addEventListener(end, () => { drawing = false; });
  form.querySelector("[data-clear]")?.addEventListener("click", clear);
  form.addEventListener("submit", (event) => {
    if (strokes < 3) {
      event.preventDefault();
      alert(tr("请先在签名框内手写签名。"));
      return;
    }
    field.value = pad.toDataURL("image/png");
  });
  clear();
}
