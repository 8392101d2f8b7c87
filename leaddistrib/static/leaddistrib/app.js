// The installed app: its worker, the pool as it was last known, and a clean device after signing out.

const { worker, user, kept } = document.body.dataset;
const USER = "leads-user"; // who the kept pool and the push subscription of this browser belong to
const PATIENCE = 2_000; // ms that signing out waits for the clean-up

async function subscription() {
  const registration = await navigator.serviceWorker?.getRegistration(worker);
  return registration?.pushManager?.getSubscription();
}

async function unsubscribe() {
  await (await subscription())?.unsubscribe();
}

// Nothing of one user is left to the next: neither what they saw nor what they are told. Whose it was
// is known until both are gone, so that what failed is done on the next user's first page.
async function forget() {
  const done = await Promise.allSettled([window.caches?.delete("leads-kept"), unsubscribe()]);
  const failed = done.find(({ status }) => status === "rejected");
  if (failed) throw failed.reason;
  localStorage.removeItem(USER);
}

async function start() {
  const before = localStorage.getItem(USER);
  if (before !== null && before !== user) await forget();
  localStorage.setItem(USER, user);
  await navigator.serviceWorker?.register(worker);
}

// A page that came from the worker's memory says so until it is right again.
if (kept) {
  const note = document.querySelector("[data-kept-note]");
  note.querySelector("time").dateTime = kept;
  note.hidden = false;
  document.addEventListener("leads:snapshot", () => { note.hidden = true; });
  document.dispatchEvent(new CustomEvent("leads:drawn"));
} else {
  start().catch(() => {}); // private windows have no worker; everything else works without it
}

for (const form of document.querySelectorAll("[data-sign-out]")) {
  let clean = false;
  form.addEventListener("submit", async (event) => {
    if (clean) return;
    event.preventDefault();
    const late = new Promise((resolve) => { setTimeout(resolve, PATIENCE); });
    await Promise.race([forget().catch(() => {}), late]);
    clean = true;
    form.requestSubmit(event.submitter);
  });
}
