// Keeps the page fresh. The server renders everything; this only fetches the same page again and puts in place
// what differs. Whatever a person types into lies outside of the replaced parts, so no text and no focus is lost.
//
//   data-live     replaced whenever something changed in the sandbox
//   data-answer   replaced only by the answer to a form of this page (what was typed wrong)
//   data-tail     scrolled to its end as it grows, unless somebody has scrolled up to read
//   data-clear    a form to be emptied once it was taken
//   data-show     what a form brings into view once it was taken
"use strict";

const NEAR = 40;

/** Make the children of `shown` those of `fresh`, touching only what differs; children are told apart by id. */
function replaceChildren(shown, fresh) {
  const known = new Map([...shown.children].map((child) => [child.id, child]));
  const wanted = [...fresh.children];
  wanted.forEach((child, at) => {
    const old = known.get(child.id);
    const next = old && old.isEqualNode(child) ? old : child;
    if (shown.children[at] !== next) shown.insertBefore(next, shown.children[at] ?? null);
  });
  while (shown.children.length > wanted.length) shown.lastElementChild.remove();
}

function replaceLive(page) {
  const focused = document.activeElement?.id;
  const followed = [...document.querySelectorAll("[data-tail]")].filter(
    (tail) => tail.scrollHeight - tail.scrollTop - tail.clientHeight < NEAR,
  );
  for (const shown of document.querySelectorAll("[data-live]")) {
    replaceChildren(shown, page.getElementById(shown.id));
  }
  for (const tail of followed) tail.scrollTop = tail.scrollHeight;
  if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus();
}

function replaceAnswers(page) {
  for (const shown of document.querySelectorAll("[data-answer]")) {
    const fresh = page.getElementById(shown.id).textContent;
    shown.textContent = fresh;
    document.querySelector(`[aria-describedby="${shown.id}"]`)?.setAttribute("aria-invalid", String(fresh !== ""));
  }
  document.querySelector("[aria-invalid=true]")?.focus();
}

function parsed(html) {
  return new DOMParser().parseFromString(html, "text/html");
}

let looking = false;
let again = false;

/** Fetch the page anew. Many changes at once cost two fetches, not many. */
async function refresh() {
  again = looking;
  if (looking) return;
  looking = true;
  try {
    const address = location.pathname + location.search;
    const html = await (await fetch(address)).text();
    if (address === location.pathname + location.search) replaceLive(parsed(html));
    else again = true;
  } finally {
    looking = false;
    if (again) refresh();
  }
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

function showPulse(alive) {
  const pulse = document.getElementById("pulse");
  pulse.hidden = false;
  pulse.classList.toggle("lost", !alive);
  pulse.textContent = alive ? "live" : "server away, trying again";
}

for (const tail of document.querySelectorAll("[data-tail]")) tail.scrollTop = tail.scrollHeight;

const events = new EventSource("/sandbox/events");
events.onopen = () => showPulse(true);
events.onerror = () => showPulse(false);
events.onmessage = () => refresh().catch(() => showPulse(false));
