// @ts-check
// Words that scripts write on the page: Chinese in the source, English from the catalogue when the page is in English.

import { EN } from "./locale/en.js";

const english = document.documentElement.lang.startsWith("en");
/** How dates and times are written. */
export const LOCALE = english ? "en-GB" : "zh-CN";

/** The text in the page's language; `{name}` is filled in. @param {string} text @param {Record<string, string | number>} [values] */
export function tr(text, values = {}) {
  const found = english ? (EN[text] ?? text) : text;
  return found.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}
