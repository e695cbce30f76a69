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

// The slider reaches as far as the story does by now, and stays at its end.
document.addEventListener("refreshed", () => {
  const slider = document.querySelector("[data-steps]");
  const { last } = document.getElementById("then-at")?.dataset ?? {};
  if (!slider || !last) return;
  slider.max = last;
  if (new URL(location.href).searchParams.has(slider.name)) return;
  slider.value = last;
  document.getElementById(slider.dataset.shows).textContent = last;
});

// What was done leads back to where it was done.
const PLACE = "replyes-place";
addEventListener("submit", () => sessionStorage.setItem(PLACE, `${location.pathname} ${scrollY}`));
addEventListener("load", () => {
  const [path, place] = (sessionStorage.getItem(PLACE) ?? "").split(" ");
  sessionStorage.removeItem(PLACE);
  if (path === location.pathname && !location.hash) scrollTo(0, Number(place));
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

follow(`${document.body.dataset.base}/events`, 2000);
