// What managers watch is drawn by the server, and asked for again while it is on screen. It has no
// messages of its own: a list that is some seconds old is good enough for people who look after it.

const EVERY = 15_000; // ms

function look() {
  if (document.hidden) return;
  document.dispatchEvent(new CustomEvent("leads:refresh", { detail: "due" }));
}
setInterval(look, EVERY);
document.addEventListener("visibilitychange", look);
