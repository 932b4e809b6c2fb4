// @ts-check
// A shelter chosen from the list becomes a line of the places.

const shelter = /** @type {HTMLSelectElement | null} */ (document.getElementById("shelter"));
const places = /** @type {HTMLTextAreaElement} */ (document.getElementById("places"));
shelter?.addEventListener("change", () => {
  if (!shelter.value) return;
  places.value = `${places.value.trim()}\n${shelter.value}`.trim();
  shelter.value = "";
});
