// @ts-check
// What is being read must not move: while the box is ticked the list of the page is not fetched again.

document.addEventListener("htmx:beforeRequest", (event) => {
  const hold = /** @type {HTMLInputElement | null} */ (document.getElementById("hold"));
  if (hold?.checked && /** @type {HTMLElement} */ (event.target).hasAttribute("data-held")) event.preventDefault();
});
