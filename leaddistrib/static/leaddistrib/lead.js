// One lead on screen: says so when it is gone, or is no longer what the page shows.

let page = document.querySelector("[data-lead-page]");
const { leadPage: id, pool } = page.dataset;
const texts = document.querySelector("[data-texts]")?.dataset ?? {};
const say = (name, detail) => document.dispatchEvent(new CustomEvent(`leads:${name}`, { detail }));
const tell = (text) => { page.querySelector("[data-lost]").textContent = text; };

// The server may have drawn it anew. What was being written is kept.
let note = "";
document.addEventListener("input", ({ target }) => { if (target.id === "contact-note") note = target.value; });
document.addEventListener("leads:drawn", () => {
  const before = page;
  page = document.querySelector("[data-lead-page]") ?? page;
  if (page === before) return;
  const field = document.getElementById("contact-note");
  if (field && note) field.value = note;
  if ("own" in before.dataset && !("own" in page.dataset) && page.dataset.status !== "closed") tell(texts.parted);
});

document.addEventListener("leads:gone", ({ detail: { lead, by } }) => {
  if (lead === id && "shared" in page.dataset) return noLongerShared(by);
  if (lead !== id || !("claimable" in page.dataset)) return;
  // Taken in another tab of one's own: the whole lead is there to be shown now.
  if (by === document.body.dataset.name) return location.reload();
  const claim = page.querySelector("[data-claim]");
  delete page.dataset.claimable;
  claim.removeAttribute("href");
  claim.removeAttribute("data-claim");
  claim.setAttribute("aria-disabled", "true");
  tell(by ? texts.tookThis.replace("{name}", by) : texts.changed);
});

// A colleague was first, or closed it: what stood here for everybody is that one's now.
let leaving = false; // a form was sent: its answer is on the way, and must not be overtaken
document.addEventListener("submit", () => { leaving = true; });
document.addEventListener("leads:stays", () => { leaving = false; });
addEventListener("pageshow", () => { leaving = false; });
const ACTING = ".deadline, .working, .slip, .contact-numbers, .contact-ways, .booking, .contact-form, .parting";
function noLongerShared(by) {
  if (leaving) return;
  if (by === document.body.dataset.name) return location.reload();
  delete page.dataset.shared;
  for (const part of page.querySelectorAll(ACTING)) part.remove();
  tell(by ? texts.tookThis.replace("{name}", by) : texts.changed);
}

// Something of the rep's own has changed: perhaps this lead was passed on, or came to them.
document.addEventListener("leads:own", () => {
  if (!leaving && !("claimable" in page.dataset)) say("refresh", "lead");
});
// It was the rep's, and does not exist for them any more.
document.addEventListener("leads:away", () => {
  for (const part of page.querySelectorAll(".ribbon, .deadline, .columns")) part.remove();
  delete page.dataset.own;
  tell(texts.parted);
});

// Who is at a shared lead, until when: the part of the page that is true is shown.
function showWork(work) {
  const shown = page.querySelector("[data-work]");
  if (!shown) return;
  const state = !work ? "free" : work.by === document.body.dataset.name ? "mine" : "other";
  shown.dataset.until = work?.until ?? "";
  for (const time of shown.querySelectorAll("time")) time.dateTime = work?.until ?? "";
  if (work) shown.querySelector("[data-working-by]").textContent = work.by;
  if (shown.dataset.state === state) return;
  shown.dataset.state = state;
  for (const part of shown.querySelectorAll("[data-work-part]")) part.hidden = part.dataset.workPart !== state;
}
document.addEventListener("leads:updated", ({ detail: { lead } }) => {
  if (lead.id === id) showWork(lead.working);
  say("drawn");
});
document.addEventListener("leads:tick", ({ detail: now }) => {
  const until = Date.parse(page.querySelector("[data-work]")?.dataset.until);
  if (until <= now) showWork(null);
});

// Something happened in its pool while nobody was listening: look whether it was this lead.
document.addEventListener("leads:snapshot", ({ detail: { pools } }) => {
  const now = pools.get(pool);
  if (now?.leads.has(id)) showWork(now.leads.get(id).working);
  const waits = "claimable" in page.dataset || "shared" in page.dataset;
  if (!waits || !now || now.version === Number(page.dataset.version)) return;
  if (!now.leads.has(id)) say("refresh", "lead");
});

// Told once somebody is there to tell the server.
if ("claimable" in page.dataset || "own" in page.dataset) {
  document.addEventListener("leads:snapshot", () => say("seen", [id]), { once: true });
}

// Closing asks first: here in a dialog, without this script on a page of its own.
const dialog = document.getElementById("close-dialog");
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-ask-close]");
  if (!dialog || !link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  dialog.showModal();
});
if (dialog) {
  const cancel = dialog.querySelector("[data-cancel]");
  cancel.autofocus = true; // what cannot be undone is not what Enter does first
  cancel.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}
