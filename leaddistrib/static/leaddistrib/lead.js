// One lead on screen: says so when it is gone, or is no longer what the page shows.

let page = document.querySelector("[data-lead-page]");
const { leadPage: id, pool } = page.dataset;
const texts = document.querySelector("[data-texts]")?.dataset ?? {};
const say = (name, detail) => document.dispatchEvent(new CustomEvent(`leads:${name}`, { detail }));

// The server may have drawn it anew.
document.addEventListener("leads:drawn", () => {
  page = document.querySelector("[data-lead-page]") ?? page;
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
  page.querySelector("[data-lost]").textContent = by ? texts.tookThis.replace("{name}", by) : texts.changed;
});

// A colleague was first, or closed it: what stood here for everybody is that one's now.
let leaving = false; // a form was sent: its answer is on the way, and must not be overtaken
document.addEventListener("submit", () => { leaving = true; });
addEventListener("pageshow", () => { leaving = false; });
function noLongerShared(by) {
  if (leaving) return;
  if (by === document.body.dataset.name) return location.reload();
  delete page.dataset.shared;
  for (const part of page.querySelectorAll(".working, .contact-ways, .contact-form, .parting")) part.remove();
  page.querySelector("[data-lost]").textContent = by ? texts.tookThis.replace("{name}", by) : texts.changed;
}

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
if ("claimable" in page.dataset) {
  document.addEventListener("leads:snapshot", () => say("seen", [id]), { once: true });
}

// Closing asks first: here in a dialog, without this script on a page of its own.
const dialog = document.getElementById("close-dialog");
if (dialog) {
  page.querySelector("[data-ask-close]").addEventListener("click", (event) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    dialog.showModal();
  });
  const cancel = dialog.querySelector("[data-cancel]");
  cancel.autofocus = true; // what cannot be undone is not what Enter does first
  cancel.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}
