// @ts-check
// The token that goes with what a script sends. A drill's sandbox has a cookie of its own (settings.py).

/** The token, or "" before the first page that set one. */
export function csrfToken() {
  const name = document.documentElement.dataset.csrf ?? "csrftoken";
  return document.cookie.match(new RegExp(`(?:^|; )${name}=([^;]+)`))?.[1] ?? "";
}
