// One tap: the contact is logged, and the telephone or the e-mail program opens. Without this script
// the same button is a form whose answer leads on.

const SLOW = 4_000; // ms after which no answer counts as none: a browser soon forgets the tap
const texts = document.querySelector("[data-texts]")?.dataset ?? {};
const say = (name, detail) => document.dispatchEvent(new CustomEvent(`leads:${name}`, { detail }));
let busy = false;

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!("reach" in form.dataset)) return;
  event.preventDefault();
  if (busy) return; // a second tap
  busy = true;
  const button = event.submitter ?? form.querySelector("button");
  button.setAttribute("aria-busy", "true");
  try {
    await reach(form, button);
  } finally {
    busy = false;
    button.removeAttribute("aria-busy");
    say("stays"); // the page is still there
  }
});

async function reach(form, button) {
  const data = new FormData(form);
  data.set(button.name, button.value);
  let answer;
  let told = {};
  try {
    answer = await fetch(form.action, {
      method: "POST",
      body: data,
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(SLOW),
    });
    if (answer.headers.get("Content-Type")?.includes("application/json")) told = await answer.json();
    if (told.code === "offline") throw new Error(told.detail); // said by the app itself
  } catch {
    // Whoever has no connection can still call. That it is not logged is said, and never put off.
    flash("error", texts.notLogged);
    return go(button);
  }
  if (told.result === "logged") {
    flash("success", told.message);
    go(button);
  } else if (told.message) {
    flash(told.result === "lost" ? "warning" : "error", told.message);
  } else {
    return location.reload(); // signed out, or too old a form: its page says which
  }
  say("refresh", "lead");
}

function go(button) {
  Object.assign(document.createElement("a"), { href: button.dataset.go }).click();
}

function flash(level, text) {
  const shown = document.createElement("p");
  shown.className = `flash ${level}`;
  shown.setAttribute("role", level === "success" ? "status" : "alert");
  const said = document.createElement("span");
  said.textContent = text;
  shown.append(said);
  document.querySelector(".flashes").replaceChildren(shown);
}
