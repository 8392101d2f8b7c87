// A preview was seen once somebody touched the page, or had it before them for a while: programs
// that look at links in mails open pages too, and are gone at once.

const WHILE = 10_000; // ms
const address = document.querySelector("[data-preview]").dataset.seen;
const SIGNS = ["pointerdown", "keydown", "touchstart", "wheel"];
let before = 0; // ms that the page was visible
let since = document.hidden ? null : performance.now();
let timer;

function saw() {
  stop();
  navigator.sendBeacon(address);
}

function look() {
  clearTimeout(timer);
  if (document.hidden) {
    if (since !== null) before += performance.now() - since;
    since = null;
  } else {
    since ??= performance.now();
    timer = setTimeout(saw, WHILE - before);
  }
}

function stop() {
  clearTimeout(timer);
  document.removeEventListener("visibilitychange", look);
  for (const sign of SIGNS) removeEventListener(sign, saw);
}

document.addEventListener("visibilitychange", look);
for (const sign of SIGNS) addEventListener(sign, saw, { passive: true });
look();
