// @ts-check
// 接报 by keyboard: Enter goes to the next field, Ctrl+Enter saves, the clock shows how long the caller has been heard.

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("#intake"));
const elapsed = /** @type {HTMLElement | null} */ (document.querySelector("[data-elapsed]"));
const TARGET_S = 60;

form?.addEventListener("keydown", (event) => {
  const from = /** @type {HTMLElement} */ (event.target);
  if (event.key !== "Enter" || event.isComposing || event.shiftKey || from instanceof HTMLButtonElement) return;
  event.preventDefault();
  if (event.ctrlKey || event.metaKey) {
    form.requestSubmit(/** @type {HTMLElement} */ (form.querySelector('button[value="open"], button[value="new"]')));
    return;
  }
  const fields = [...form.querySelectorAll("textarea, input:not([type=hidden])")];
  const next = fields[fields.indexOf(from) + 1];
  if (next instanceof HTMLElement) next.focus();
});

if (elapsed) {
  const loaded = performance.now() - Number(elapsed.dataset.elapsed) * 1000;
  setInterval(() => {
    const seconds = Math.round((performance.now() - loaded) / 1000);
    elapsed.textContent = `${seconds} s`;
    elapsed.dataset.state = seconds > TARGET_S ? "late" : "running";
  }, 1000);
}
