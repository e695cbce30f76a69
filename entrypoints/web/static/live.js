// Keeps a page fresh. The server renders everything; this only fetches the same page again and puts in place what
// differs. What a person has typed, opened or focused stays.
//
//   data-live     its children are replaced whenever there is news; they are told apart by id
//   data-tail     scrolled to its end as it grows, unless somebody has scrolled up to read
//   #pulse        tells whether news can arrive: data-live-text, data-lost-text

const NEAR = 40;
const TYPED_INTO = "[data-live] :is(input:not([type=hidden]), textarea)[id]";

export function parsed(html) {
  return new DOMParser().parseFromString(html, "text/html");
}

/** Make the children of `shown` those of `fresh`, touching only what differs. */
function replaceChildren(shown, fresh) {
  const known = new Map([...shown.children].map((child) => [child.id, child]));
  const wanted = [...fresh.children].map((child) => {
    const old = known.get(child.id);
    return old?.isEqualNode(child) ? old : child;
  });
  // First what goes, so that what stays need not be moved: a node that is moved loses its focus.
  for (const child of [...shown.children]) if (!wanted.includes(child)) child.remove();
  wanted.forEach((child, at) => {
    if (shown.children[at] !== child) shown.insertBefore(child, shown.children[at] ?? null);
  });
}

/** What is half done in the live parts, as something that puts it back. */
function halfDone() {
  const focused = document.activeElement;
  const typed = [...document.querySelectorAll(TYPED_INTO)]
    .filter((field) => field.value !== field.defaultValue)
    .map((field) => [field.id, field.value]);
  const [start, end] = [focused?.selectionStart, focused?.selectionEnd];
  return () => {
    for (const [id, value] of typed) {
      const field = document.getElementById(id);
      if (field && field.value !== value) field.value = value;
    }
    if (!focused?.id || document.activeElement === focused) return;
    const again = document.getElementById(focused.id);
    again?.focus({ preventScroll: true });
    if (again && start !== null && start !== undefined) again.setSelectionRange(start, end);
  };
}

/** Put the live parts of a fresh page in place. */
export function replaceLive(page) {
  const putBack = halfDone();
  const followed = [...document.querySelectorAll("[data-tail]")].filter(
    (tail) => tail.scrollHeight - tail.scrollTop - tail.clientHeight < NEAR,
  );
  for (const open of document.querySelectorAll("[data-live] details[open][id]")) {
    page.getElementById(open.id)?.setAttribute("open", "");
  }
  for (const shown of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(shown.id);
    if (fresh) replaceChildren(shown, fresh);
  }
  for (const tail of followed) tail.scrollTop = tail.scrollHeight;
  putBack();
}

let looking = false;
let again = false;

/** Fetch the page anew. Many changes at once cost two fetches, not many. */
export async function refresh() {
  again = looking;
  if (looking) return;
  looking = true;
  try {
    const address = location.pathname + location.search;
    const response = await fetch(address);
    if (new URL(response.url).pathname !== location.pathname) location.reload(); // no longer signed in
    else if (!response.ok) showPulse(false);
    else if (address === location.pathname + location.search) replaceLive(parsed(await response.text()));
    else again = true;
    document.dispatchEvent(new Event("refreshed"));
  } finally {
    looking = false;
    if (again) refresh();
  }
}

export function showPulse(alive) {
  const pulse = document.getElementById("pulse");
  pulse.hidden = false;
  pulse.classList.toggle("lost", !alive);
  pulse.textContent = alive ? pulse.dataset.liveText : pulse.dataset.lostText;
}

const SOONEST = 1000;
const LATEST = 30000;

/** Refresh at every event from this address, but not more often than every so many milliseconds (and a bit, so that many
 * pages do not all look at once). A page that nobody sees lets go of its connection: a browser has six. */
export function follow(address, between = 0) {
  let events = null;
  let pause = SOONEST;
  let looked = 0;
  let waiting = null;
  const fresh = () => {
    looked = Date.now();
    waiting = null;
    return refresh().catch(() => showPulse(false));
  };
  const soon = () => {
    if (waiting) return;
    const wait = looked + between - Date.now();
    waiting = setTimeout(fresh, wait > 0 ? wait + (Math.random() * between) / 2 : 0);
  };
  const close = () => {
    events?.close();
    events = null;
  };
  const open = () => {
    if (events || document.hidden) return;
    events = new EventSource(address);
    events.onopen = () => {
      pause = SOONEST;
      showPulse(true);
    };
    events.onmessage = soon;
    events.onerror = () => {
      showPulse(false);
      if (events?.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      close();
      setTimeout(() => fresh().then(open), pause);
      pause = Math.min(2 * pause, LATEST);
    };
  };
  for (const tail of document.querySelectorAll("[data-tail]")) tail.scrollTop = tail.scrollHeight;
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close();
    else fresh().then(open);
  });
  open();
}
