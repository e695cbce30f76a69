// Beside what /static/live.js does:
//
//   data-answer   replaced only by the answer to a form of this page (what was typed wrong)
//   data-clear    a form to be emptied once it was taken
//   data-show     what a form brings into view once it was taken
import { follow, parsed, refresh, replaceLive, showPulse } from "/static/live.js";

function replaceAnswers(page) {
  for (const shown of document.querySelectorAll("[data-answer]")) {
    const fresh = page.getElementById(shown.id).textContent;
    shown.textContent = fresh;
    document.querySelector(`[aria-describedby="${shown.id}"]`)?.setAttribute("aria-invalid", String(fresh !== ""));
  }
  document.querySelector("[aria-invalid=true]")?.focus();
}

async function send(form, body) {
  // Not form.action: a button of that name hides it.
  const response = await fetch(form.getAttribute("action"), { method: "POST", body });
  const page = parsed(await response.text());
  if (response.redirected) {
    history.replaceState(null, "", response.url);
    replaceLive(page);
    if ("clear" in form.dataset) clear(form, body);
    document.getElementById(form.dataset.show)?.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }
  replaceAnswers(page);
}

/** Empty the form, unless somebody has gone on typing. */
function clear(form, body) {
  const field = form.querySelector("input:not([type=hidden])");
  if (field.value === body.get(field.name)) field.value = "";
}

const underWay = new Map();

/** One after the other; the same once more, while it is under way, is a double click. */
document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const body = new URLSearchParams(new FormData(form, event.submitter));
  const before = underWay.get(form);
  if (before?.body === String(body)) return;
  const mine = { body: String(body) };
  mine.done = Promise.resolve(before?.done)
    .then(() => send(form, body))
    .catch(() => showPulse(false));
  underWay.set(form, mine);
  form.setAttribute("aria-busy", "true");
  await mine.done;
  if (underWay.get(form) !== mine) return;
  underWay.delete(form);
  form.removeAttribute("aria-busy");
});

document.getElementById("tabs").addEventListener("click", (event) => {
  const tab = event.target.closest("a");
  if (!tab) return;
  event.preventDefault();
  history.replaceState(null, "", tab.href);
  refresh();
});

follow("/sandbox/events");
