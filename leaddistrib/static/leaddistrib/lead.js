// One lead on screen: says so when it is gone, or is no longer what the page shows.

const page = document.querySelector("[data-lead-page]");
const { leadPage: id, pool, version } = page.dataset;
const texts = document.querySelector("[data-texts]")?.dataset ?? {};
const say = (name, detail) => document.dispatchEvent(new CustomEvent(`leads:${name}`, { detail }));

document.addEventListener("leads:gone", ({ detail: { lead, by } }) => {
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

// Something happened in its pool while nobody was listening: look whether it was this lead.
document.addEventListener("leads:snapshot", ({ detail: { pools } }) => {
  const now = pools.get(pool);
  if (!("claimable" in page.dataset) || !now || now.version === Number(version)) return;
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
