// What managers watch is drawn by the server, and asked for again while it is on screen. It has no
// messages of its own: a list that is some seconds old is good enough for people who look after it.

const EVERY = 15_000; // ms

function look() {
  if (document.hidden) return;
  document.dispatchEvent(new CustomEvent("leads:refresh", { detail: "due" }));
}
setInterval(look, EVERY);
document.addEventListener("visibilitychange", look);

// A list that cannot be had says since when: its times go on, and would seem to be right.
const note = document.querySelector("[data-stale-note]");
let right = new Date();
document.addEventListener("leads:refreshed", () => {
  right = new Date();
  note.hidden = true;
});
document.addEventListener("leads:stale", ({ detail: { elsewhere } }) => {
  if (elsewhere) return location.reload(); // the session is over: the way leads to sign in, and back
  note.querySelector("time").dateTime = right.toISOString();
  note.hidden = false;
  document.dispatchEvent(new CustomEvent("leads:drawn"));
});
