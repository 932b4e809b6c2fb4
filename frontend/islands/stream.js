// @ts-check
// The live stream of the page: server-sent events become DOM events `anlan:<name>` and `anlan:event` on document.
// Resumes where it was. A tab out of sight closes its connection (browsers allow six per host) and catches up on return.

const HIDDEN_MS = 30_000;
const SILENT_MS = 16_000;
const TELL_TIME = ["hello", "beat", "clock"];
const meta = /** @type {HTMLMetaElement | null} */ (document.querySelector('meta[name="anlan-position"]'));
let last = meta ? meta.content : "";
let heard = performance.now();
/** @type {EventSource | null} */
let source = null;
let state = "connecting";
let hiddenTimer = 0;

/** @param {string} next @param {string} [at] */
function show(next, at) {
  const detail = { state: next, was: state, at };
  state = next;
  document.documentElement.dataset.stream = next;
  document.dispatchEvent(new CustomEvent("anlan:stream", { detail }));
}

/** @param {MessageEvent<string>} message */
function pass(message) {
  heard = performance.now();
  if (message.lastEventId) last = message.lastEventId;
  const data = JSON.parse(message.data);
  if (TELL_TIME.includes(message.type)) document.dispatchEvent(new CustomEvent("anlan:clock", { detail: data }));
  show("open", data.published_at ?? data.at);
  if (message.type !== "hello" && TELL_TIME.includes(message.type)) return;
  const detail = { ...data, seq: Number(message.lastEventId) };
  document.dispatchEvent(new CustomEvent(`anlan:${message.type}`, { detail }));
  document.dispatchEvent(new CustomEvent("anlan:event", { detail: { ...detail, type: message.type } }));
}

function connect() {
  source?.close();
  heard = performance.now();
  const mine = new EventSource(last ? `/stream?after=${last}` : "/stream");
  source = mine;
  mine.addEventListener("hello", (message) => {
    for (const name of JSON.parse(message.data).names) mine.addEventListener(name, pass);
    pass(message);
  });
  mine.addEventListener("beat", pass);
  mine.addEventListener("clock", pass);
  mine.addEventListener("reset", pass);
  mine.addEventListener("bye", () => location.reload());
  mine.addEventListener("error", () => {
    show("lost");
    if (mine.readyState === EventSource.CLOSED && source === mine) setTimeout(connect, 3000);
  });
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(hiddenTimer);
  if (document.hidden && document.body.dataset.stream !== "always") hiddenTimer = setTimeout(() => source?.close(), HIDDEN_MS);
  else if (!source || source.readyState === EventSource.CLOSED) connect();
});
// A connection that died without a word (cable, sleeping laptop): beats come every five seconds.
setInterval(() => {
  if (!document.hidden && performance.now() - heard > SILENT_MS) {
    show("lost");
    connect();
  }
}, 4000);
addEventListener("pagehide", () => source?.close());
// Only when every script of the page listens: what came before would be missed by the later ones.
if (document.readyState === "complete") connect();
else addEventListener("DOMContentLoaded", connect, { once: true });
