// @ts-check
// Symbols of the map, drawn from SVG paths on a canvas when the map first asks for one.
// A symbol's name is `layer|level|state|sign`; sign = one of the layer's own; level = colour + shape (square, diamond, triangle, circle), state = ring.

/** Shapes on a 12 x 12 grid, the same as in the lists: read without colour. */
export const SHAPES = {
  1: "M1 1h10v10H1z",
  2: "M6 0l6 6-6 6-6-6z",
  3: "M6 1l6 10H0z",
  4: "M6 11.5a5.5 5.5 0 100-11 5.5 5.5 0 000 11",
};
const WORDS = { 红: 1, 橙: 2, 黄: 3, 蓝: 4, 一级: 1, 二级: 2, 三级: 3, 四级: 4, 特别重大: 1, 重大: 2, 较大: 3, 一般: 4, red: 1, orange: 2, yellow: 3, blue: 4 };
const SIZE = 30;
const RATIO = 2;

/** 1..4 of whatever a layer calls its level, or 0. @param {any} value @returns {number} */
export function levelOf(value) {
  if (value === null || value === undefined || value === "") return 0;
  const number = Number(value);
  return number >= 1 && number <= 4 ? number : (WORDS[String(value).slice(0, 4)] ?? WORDS[String(value).slice(0, 2)] ?? WORDS[String(value).slice(0, 1)] ?? 0);
}

/** @param {string} name */
export function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** A layer's colour as it reads on this theme: colours chosen for paper are lightened on dark. @param {string} colour */
export function toned(colour) {
  const hex = /^#([0-9a-f]{6})$/i.exec(colour)?.[1];
  if (!hex || document.documentElement.dataset.theme === "light") return colour;
  const parts = [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const luminance = (0.3 * parts[0] + 0.59 * parts[1] + 0.11 * parts[2]) / 255;
  const by = Math.max(0, 0.62 - luminance);
  return `rgb(${parts.map((part) => Math.round(part + (255 - part) * by)).join(" ")})`;
}

/** @param {number} level */
export function levelColour(level) {
  return token(["", "--alarm-red", "--alarm-orange", "--alarm-yellow", "--alarm-blue"][level]);
}

/** @param {string} state */
export function stateColour(state) {
  return { ok: token("--ok"), warn: token("--warn"), bad: token("--bad"), off: token("--faint"), info: token("--info") }[state] ?? "";
}

/**
 * One symbol as pixels.
 * @param {{icon: string, colour: string}} layer @param {number} level @param {string} state
 */
export function draw(layer, level, state) {
  const canvas = new OffscreenCanvas(SIZE * RATIO, SIZE * RATIO);
  const pen = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.scale(RATIO, RATIO);
  if (level) urgent(pen, layer, level);
  else calm(pen, layer, state);
  return pen.getImageData(0, 0, SIZE * RATIO, SIZE * RATIO);
}

/** @param {OffscreenCanvasRenderingContext2D} pen @param {string} path @param {number} size @param {string} colour @param {number} width */
function glyph(pen, path, size, colour, width) {
  pen.save();
  pen.translate((SIZE - size) / 2, (SIZE - size) / 2);
  pen.scale(size / 24, size / 24);
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.lineCap = pen.lineJoin = "round";
  pen.stroke(new Path2D(path || "M12 8a4 4 0 100 8 4 4 0 000-8"));
  pen.restore();
}

/** @param {OffscreenCanvasRenderingContext2D} pen @param {{icon: string, colour: string}} layer @param {string} state */
function calm(pen, layer, state) {
  const ring = stateColour(state) || toned(layer.colour);
  pen.beginPath();
  pen.arc(SIZE / 2, SIZE / 2, 11, 0, 7);
  pen.fillStyle = token("--surface");
  pen.fill();
  pen.lineWidth = 2;
  pen.strokeStyle = ring;
  if (state === "off") pen.setLineDash([3, 2.5]);
  pen.stroke();
  glyph(pen, layer.icon, 14, state === "off" ? token("--faint") : toned(layer.colour), 2.1);
}

/** @param {OffscreenCanvasRenderingContext2D} pen @param {{icon: string}} layer @param {number} level */
function urgent(pen, layer, level) {
  const shape = new Path2D();
  const size = level === 3 ? 27 : 24;
  shape.addPath(new Path2D(SHAPES[level]), new DOMMatrix([size / 12, 0, 0, size / 12, (SIZE - size) / 2, (SIZE - size) / 2 - (level === 3 ? 1 : 0)]));
  pen.lineJoin = "round";
  pen.lineWidth = 3.5;
  pen.strokeStyle = token("--bg-deep");
  pen.stroke(shape);
  pen.fillStyle = levelColour(level);
  pen.fill(shape);
  pen.save();
  if (level === 3) pen.translate(0, 3);
  glyph(pen, layer.icon, level === 2 || level === 3 ? 11 : 14, "#0b1120", 2.6);
  pen.restore();
}

/** Let the map draw any `layer|level|state` symbol when it meets it. @param {any} map @param {Map<string, any>} layers */
export function provide(map, layers) {
  map.setMissingStyleImageResolver((/** @type {string} */ id) => {
    const [key, level, state, symbol] = id.split("|");
    const layer = layers.get(key);
    const sign = layer?.symbols?.[symbol];
    if (layer && !map.hasImage(id)) map.addImage(id, draw(sign ? { icon: sign[0], colour: sign[1] } : layer, Number(level), state), { pixelRatio: RATIO });
  });
}
