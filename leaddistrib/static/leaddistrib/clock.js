// What is still to come, by the server's clock: a colleague's work lapses, a lead has waited too
// long, is passed on, or is to be answered. The page marks it by itself; nobody sends a message for it.

const language = document.documentElement.lang;
const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];
const formats = new Map(UNITS.map(([unit]) =>
  [unit, new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" })]));
// ms by which the server's clock is ahead of this device's; a page without a socket says when it was drawn
const drawn = Date.parse(document.querySelector("[data-now]")?.dataset.now);
let ahead = drawn ? drawn - Date.now() : 0;

function left(milliseconds) {
  const seconds = milliseconds / 1000;
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? UNITS.at(-1);
  return formats.get(unit).format(Math.max(1, Math.ceil(seconds / size)));
}

function tick() {
  const now = Date.now() + ahead;
  for (const part of document.querySelectorAll("[data-lapses]")) {
    const then = Date.parse(part.querySelector("time").dateTime);
    const since = Date.parse(part.dataset.since); // what is said only from then on
    part.hidden = !(then > now) || since > now; // not a time: nothing is to come
  }
  for (const element of document.querySelectorAll("time[data-left]")) {
    const then = Date.parse(element.dateTime);
    const text = then > now ? left(then - now) : "";
    if (element.textContent !== text) element.textContent = text;
  }
  for (const element of document.querySelectorAll("[data-over]")) {
    element.hidden = Date.parse(element.dataset.over) > now;
  }
  for (const element of document.querySelectorAll("[data-stales]")) {
    element.classList.toggle("is-stale", Date.parse(element.dataset.stales) <= now);
  }
  for (const element of document.querySelectorAll("[data-due]")) {
    element.classList.toggle("is-late", Date.parse(element.dataset.due) <= now);
  }
  document.dispatchEvent(new CustomEvent("leads:tick", { detail: now }));
}

document.addEventListener("leads:snapshot", ({ detail: { now } }) => {
  if (now) ahead = Date.parse(now) - Date.now();
  tick();
});
document.addEventListener("leads:drawn", tick);
setInterval(tick, 1_000);
tick();
