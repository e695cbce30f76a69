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

async function send(form, button) {
  const body = new URLSearchParams(new FormData(form, button));
  // Not form.action: a button of that name hides it.
  const response = await fetch(form.getAttribute("action"), { method: "POST", body });
  const page = parsed(await response.text());
  if (response.redirected) {
    history.replaceState(null, "", response.url);
    replaceLive(page);
    if ("clear" in form.dataset) form.querySelector("input:not([type=hidden])").value = "";
    document.getElementById(form.dataset.show)?.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }
  replaceAnswers(page);
}

document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  if (form.getAttribute("aria-busy") === "true") return;
  form.setAttribute("aria-busy", "true");
  try {
    await send(form, event.submitter);
  } catch {
    showPulse(false);
  } finally {
    form.removeAttribute("aria-busy");
  }
});

document.getElementById("tabs").addEventListener("click", (event) => {
  const tab = event.target.closest("a");
  if (!tab) return;
  event.preventDefault();
  history.replaceState(null, "", tab.href);
  refresh();
});

follow("/sandbox/events");
