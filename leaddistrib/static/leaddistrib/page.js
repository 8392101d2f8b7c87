// What every page does: times that stay true, the connection's state, the rep's own figures.
// Scripts talk to each other by events on the document, so that each file stands alone.

const language = document.documentElement.lang;
const texts = document.querySelector("[data-texts]")?.dataset ?? {};

const ago = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const STEPS = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];

function age(then) {
  const seconds = Math.min(0, (then - Date.now()) / 1000);
  const [unit, size] = STEPS.find(([, size]) => -seconds >= size) ?? STEPS.at(-1);
  // Ages below a minute move in steps: a page of numbers that tick is not calm.
  const number = unit === "second" ? Math.trunc(seconds / 10) * 10 : Math.trunc(seconds / size);
  return ago.format(number, unit);
}

function showTimes() {
  for (const element of document.querySelectorAll("time[datetime]")) {
    const then = Date.parse(element.dateTime);
    if (Number.isNaN(then)) continue;
    if ("ago" in element.dataset) {
      const text = age(then);
      if (element.textContent !== text) element.textContent = text;
    } else if ("moment" in element.dataset) {
      element.textContent = moment.format(then);
    }
  }
}
showTimes();
setInterval(showTimes, 10_000);
document.addEventListener("leads:drawn", showTimes);

document.addEventListener("leads:connection", ({ detail: state }) => {
  const shown = document.querySelector("[data-connection]");
  if (!shown || shown.dataset.connection === state) return;
  shown.hidden = false;
  shown.dataset.connection = state;
  const name = state.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
  shown.querySelector("[data-connection-text]").textContent = texts[name];
});

document.addEventListener("leads:announce", ({ detail: text }) => {
  document.querySelector("[data-announce]").textContent = text;
});

// The rep's own figures. A message brings all of them or a part.
const me = {};
document.addEventListener("leads:me", ({ detail }) => {
  Object.assign(me, detail);
  for (const element of document.querySelectorAll("[data-me]")) {
    if (element.dataset.me in me) element.textContent = me[element.dataset.me];
  }
  const meter = document.querySelector("[data-me-meter]");
  if (meter) {
    if ("capacity" in me) meter.max = me.capacity;
    if ("open_leads" in me) meter.value = me.open_leads;
  }
  const button = document.querySelector("[data-switch]");
  if (button && "paused" in me) {
    button.setAttribute("aria-checked", String(!me.paused));
    button.value = me.paused ? "0" : "1";
  }
  const resume = document.querySelector("[data-resume]");
  if (resume && "paused" in me) resume.hidden = !me.paused;
  if ("may_claim" in me) showClaimable(me.may_claim);
  if ("reasons" in me) showReasons(me.reasons);
  for (const id of ["own-leads", "limits-near"]) {
    const part = document.getElementById(id);
    if (part && "open_leads" in me && part.dataset.open !== String(me.open_leads)) refresh(id);
  }
});

function showClaimable(may) {
  document.body.dataset.mayClaim = may;
  const box = document.querySelector("[data-reasons]");
  if (!box) return;
  box.querySelector("[data-none]").hidden = may;
  box.querySelector("[data-some]").hidden = !may;
}

function showReasons(reasons) {
  const box = document.querySelector("[data-reasons]");
  if (!box) return;
  box.hidden = reasons.length === 0;
  box.querySelector("[data-reasons-list]").replaceChildren(
    ...reasons.map(({ message, lifts_at: lifts }) => {
      const item = document.createElement("li");
      item.textContent = lifts
        ? texts.until.replace("{reason}", message).replace("{moment}", moment.format(new Date(lifts)))
        : message;
      return item;
    }),
  );
}

// How many leads wait, in each pool and in all.
const sizes = new Map();
function showSizes() {
  const put = (element, number) => {
    element.textContent = number;
    element.classList.toggle("none", number === 0);
  };
  for (const element of document.querySelectorAll("[data-size]")) {
    if (sizes.has(element.dataset.size)) put(element, sizes.get(element.dataset.size));
  }
  const total = document.querySelector("[data-size-total]");
  if (total) put(total, [...sizes.values()].reduce((all, size) => all + size, 0));
}
for (const name of ["opened", "updated", "gone"]) {
  document.addEventListener(`leads:${name}`, ({ detail: { pool, size } }) => {
    sizes.set(pool, size);
    showSizes();
  });
}
document.addEventListener("leads:snapshot", ({ detail: { pools, whole } }) => {
  if (whole) sizes.clear();
  for (const [id, { size }] of pools) sizes.set(id, size);
  showSizes();
});

// Some parts are drawn by the server only: fetch the page again and put the new part in place.
const refreshing = new Set();
const again = new Set(); // asked for once more while it was under way
const SLOW = 10_000; // ms after which no answer counts as none
async function refresh(id) {
  if (refreshing.has(id)) return again.add(id);
  refreshing.add(id);
  try {
    const answer = await fetch(location.href, {
      headers: { Accept: "text/html" },
      redirect: "manual",
      signal: AbortSignal.timeout(SLOW),
    });
    if (answer.status === 404) document.dispatchEvent(new CustomEvent("leads:away", { detail: id }));
    if (!answer.ok) return stale(id, answer.type === "opaqueredirect");
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.dispatchEvent(new CustomEvent("leads:refreshed", { detail: id }));
    for (const part of document.querySelectorAll("[data-along]")) {
      const other = page.getElementById(part.id);
      if (other && !other.isEqualNode(part)) part.replaceWith(document.adoptNode(other));
    }
    const fresh = page.getElementById(id);
    const shown = document.getElementById(id);
    if (!fresh || !shown || (fresh.dataset.state && fresh.dataset.state === shown.dataset.state)) return;
    put(document.adoptNode(fresh), shown);
  } catch {
    stale(id, false); // no connection: the next message, heartbeat or interval asks again
  } finally {
    refreshing.delete(id);
    if (again.delete(id)) refresh(id);
  }
}

function stale(id, elsewhere) {
  document.dispatchEvent(new CustomEvent("leads:stale", { detail: { id, elsewhere } }));
}

// The keyboard stays where it was, and a wide table as far to the side.
function put(fresh, shown) {
  const focused = shown.contains(document.activeElement) ? document.activeElement : null;
  const sideways = shown.querySelector(".table-box")?.scrollLeft;
  shown.replaceWith(fresh);
  document.dispatchEvent(new CustomEvent("leads:drawn"));
  if (sideways) fresh.querySelector(".table-box")?.scrollTo({ left: sideways, behavior: "instant" });
  if (!focused) return;
  const href = focused.getAttribute("href");
  const same = focused.id
    ? document.getElementById(focused.id)
    : href && [...fresh.querySelectorAll("a")].find((link) => link.getAttribute("href") === href);
  (same || fresh.querySelector(".table-box"))?.focus({ preventScroll: true });
}

// The rep's own leads may be others now, or as many others.
document.addEventListener("leads:own", () => {
  if (document.getElementById("own-leads") && !refreshing.has("own-leads")) refresh("own-leads");
});
document.addEventListener("leads:refresh", ({ detail: id }) => refresh(id));

for (const form of document.querySelectorAll("[data-autosubmit]")) {
  form.querySelector("button").hidden = true;
  form.addEventListener("change", () => form.requestSubmit());
  // What is left empty narrows nothing, and need not stand in the address.
  form.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData]) if (value === "") formData.delete(name);
  });
}

// What is logged with each tap is logged once, however often an impatient thumb taps.
for (const form of document.querySelectorAll("[data-once]")) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  addEventListener("pageshow", () => { sent = false; });
}
