// The pages work without this. With it they stay fresh, and a slider tells its value.
import { follow, refresh } from "/static/live.js";

const here = new URL(location.href);
if (here.searchParams.has("said")) {
  here.searchParams.delete("said"); // told once
  history.replaceState(null, "", here);
}

// <input type="range" data-shows="id of an output">
document.addEventListener("input", ({ target }) => {
  const shown = target.dataset?.shows && document.getElementById(target.dataset.shows);
  if (shown) shown.textContent = target.value;
});

// <input data-steps>: the page as it was after so many facts
document.addEventListener("input", ({ target }) => {
  if (!("steps" in (target.dataset ?? {}))) return;
  const address = new URL(location.href);
  address.searchParams.set(target.name, target.value);
  history.replaceState(null, "", address);
  refresh();
});

// A form that was sent is not sent again by a second click.
document.addEventListener("submit", (event) => {
  if (event.target.getAttribute("aria-busy") === "true") event.preventDefault();
  else if (event.target.method === "post") event.target.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[aria-busy]")) form.removeAttribute("aria-busy");
});

follow("/events");
