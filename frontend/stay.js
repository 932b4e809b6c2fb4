// @ts-check
// Forms that stay (`data-stay`): a refusal is shown beside what was typed, and nothing of it is lost; without this script the
// same form goes to the page that says why. What is accepted goes on as the server says.

import { tr } from "./words.js";

const LASTS_MS = 15_000;

/** The refusal where the eye is: in a form with fields above its button, else at the foot of the screen.
 * @param {HTMLFormElement} form @param {HTMLElement | null} button @param {string} html */
function refuse(form, button, html) {
  for (const old of document.querySelectorAll("[data-refusal]")) old.remove();
  const said = document.createElement("div");
  said.dataset.refusal = "";
  said.setAttribute("role", "alert");
  said.innerHTML = html;
  const typed = form.querySelector("input:not([type=hidden]), select, textarea");
  if (typed && form.checkVisibility()) {
    const foot = button?.closest(".form-foot, .button-row, .field") ?? button;
    if (foot && form.contains(foot)) foot.before(said);
    else form.append(said);
    said.scrollIntoView({ block: "nearest" });
  } else {
    said.className = "toast";
    document.body.append(said);
    setTimeout(() => said.remove(), LASTS_MS);
  }
}

/** @param {HTMLFormElement} form @param {string} name */
function mark(form, name) {
  for (const one of form.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
  const wrong = name ? form.querySelector(`[name="${CSS.escape(name)}"]:not([type=hidden])`) : null;
  if (wrong instanceof HTMLElement) {
    wrong.setAttribute("aria-invalid", "true");
    wrong.focus();
  }
}

/** @param {string} where */
function goOn(where) {
  const to = new URL(where, location.href);
  const same = to.pathname === location.pathname && to.search === location.search;
  if (same && to.hash) {
    history.replaceState(null, "", to);
    location.reload();
  } else location.assign(to);
}

/** @param {string} text */
function plain(text) {
  const said = document.createElement("div");
  said.className = "note error";
  said.textContent = text;
  return said.outerHTML;
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (event.defaultPrevented || !(form instanceof HTMLFormElement) || !form.matches("form[data-stay][method=post]")) return;
  event.preventDefault();
  if (form.getAttribute("aria-busy") === "true") return;
  const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
  const body = new FormData(form, button);
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { "Anlan-Form": "1" } });
    const where = answer.headers.get("Anlan-Location");
    if (where) return goOn(where);
    if (answer.ok) return location.reload();
    const refused = answer.headers.get("Anlan-Refused");
    refuse(form, button, refused === null ? plain(tr("未能完成（{status}）", { status: answer.status })) : await answer.text());
    mark(form, refused ?? "");
  } catch {
    refuse(form, button, plain(tr("网络或服务暂不可用，所填内容仍在，请再试一次。")));
  } finally {
    form.removeAttribute("aria-busy");
  }
});
