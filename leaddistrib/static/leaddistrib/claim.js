// CLAIM: a confirmation against slips, then the answer at once. Without this script the same link
// leads to a page that asks.

const dialog = document.getElementById("claim-dialog");
const form = dialog.querySelector("[data-claim-form]");
const confirm = dialog.querySelector("[data-claim-confirm]");
const problem = dialog.querySelector("[data-claim-problem]");
const texts = document.querySelector("[data-texts]").dataset;
const SLOW = 15_000; // ms after which no answer counts as none
const AGAIN = 800; // ms until it is asked whether a collected claim was decided
const LONGEST = 10_000; // ms for which claims are collected at most, whatever this clock says

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-claim]");
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
  if (!link?.href || !plain) return;
  event.preventDefault();
  ask(link);
});

function ask(link) {
  const row = link.closest("[data-lead]");
  const text = (field) => row?.querySelector(`[data-field=${field}]:not([hidden])`)?.textContent ?? "";
  form.action = link.href;
  dialog.querySelector("[data-claim-company]").textContent = link.dataset.company || text("company");
  dialog.querySelector("[data-claim-line]").textContent = [text("title"), text("place")].filter(Boolean).join(" · ");
  show("ask");
  dialog.showModal();
  confirm.focus();
}

function show(state) {
  for (const part of dialog.querySelectorAll("[data-state]")) part.hidden = part.dataset.state !== state;
  problem.hidden = true;
  confirm.removeAttribute("aria-busy");
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (confirm.hasAttribute("aria-busy")) return; // a second tap
  confirm.setAttribute("aria-busy", "true");
  problem.hidden = true;
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new FormData(form),
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(SLOW),
    });
    await react(answer);
  } catch {
    trouble(texts.unsure);
  }
});

async function react(answer) {
  const told = answer.headers.get("Content-Type")?.includes("application/json") ? await answer.json() : {};
  if (told.result === "won") return location.assign(told.url);
  if (told.result === "collected") return wait(told);
  if (told.result === "lost") return lose(told);
  if (told.result === "refused") return refuse(told);
  if (told.detail && answer.status !== 401) return trouble(told.detail);
  // Signed out, too old a form, or a lead that went away: its page says which.
  location.assign(form.action);
}

// Claims are collected: asked again once it is decided, more and more seldom, until the worker has
// decided it or the dialog is about something else. The lead's page says it in any case.
let asked = 0;
let timer = 0;

function wait({ message, decided_at: decided }) {
  let pause = Math.min(AGAIN * 1.5 ** asked, LONGEST);
  if (asked === 0) {
    dialog.querySelector("[data-collected-message]").textContent = message;
    show("collected");
    dialog.querySelector("[data-state=collected] [data-close]").focus();
    const left = decided ? new Date(decided) - Date.now() : 0;
    pause = Math.min(Math.max(left, 0), LONGEST) + AGAIN;
  }
  asked += 1;
  timer = setTimeout(askAgain, pause, form.action);
}

async function askAgain(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(SLOW) });
    if (dialog.open && form.action === address) await react(answer);
  } catch {
    if (dialog.open && form.action === address) timer = setTimeout(askAgain, LONGEST, address);
  }
}

dialog.addEventListener("close", () => {
  clearTimeout(timer);
  asked = 0;
});

function trouble(text) {
  problem.textContent = text;
  problem.hidden = false;
  confirm.removeAttribute("aria-busy");
}

function lose({ message }) {
  dialog.querySelector("[data-lost-message]").textContent = message;
  show("lost");
  dialog.querySelector("[data-state=lost] [data-close]").focus();
}

function refuse({ message, reasons }) {
  dialog.querySelector("[data-refused-message]").textContent = message;
  dialog.querySelector("[data-refused-reasons]").replaceChildren(
    ...reasons.map(({ message: text }) => Object.assign(document.createElement("li"), { textContent: text })),
  );
  show("refused");
  dialog.querySelector("[data-state=refused] [data-close]").focus();
}

for (const button of dialog.querySelectorAll("[data-close]")) {
  button.addEventListener("click", () => dialog.close());
}
dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
