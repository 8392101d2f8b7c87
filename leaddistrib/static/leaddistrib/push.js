// Push notifications on this browser: on, off, and what stands in the way.

const box = document.querySelector("[data-push]");
const problem = box.querySelector("[data-push-problem]");
const { worker } = document.body.dataset;

function show(state) {
  for (const part of box.querySelectorAll("[data-push-state]")) part.hidden = part.dataset.pushState !== state;
}

function trouble(text) {
  problem.textContent = text;
  problem.hidden = false;
}

const bytes = (base64url) =>
  Uint8Array.from(atob(base64url.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));

const same = (buffer, key) => {
  const given = new Uint8Array(buffer ?? []);
  return given.length === key.length && given.every((byte, place) => byte === key[place]);
};

async function fingerprint(endpoint) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(endpoint));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// The server's list says whether this browser is reached: it forgets those that were not.
async function known(subscription) {
  const own = subscription && document.querySelector(`[data-device="${await fingerprint(subscription.endpoint)}"]`);
  if (own) own.querySelector("[data-here]").hidden = false;
  return own;
}

async function registered() {
  await navigator.serviceWorker.register(worker);
  return navigator.serviceWorker.ready;
}

async function turnOn() {
  if (await Notification.requestPermission() !== "granted") return look();
  const { pushManager } = await registered();
  const key = bytes(box.dataset.key);
  const old = await pushManager.getSubscription();
  // One that was made with another key of the site takes no messages from this one.
  if (old && !same(old.options.applicationServerKey, key)) await old.unsubscribe();
  const subscription = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const answer = await fetch(box.dataset.subscribe, {
    method: "POST",
    headers: {
      "Accept": "application/json",
      "Content-Type": "application/json",
      "X-CSRFToken": box.querySelector("[name=csrfmiddlewaretoken]").value,
    },
    body: JSON.stringify(subscription),
  });
  if (answer.ok) return location.reload();
  const told = answer.headers.get("Content-Type")?.includes("application/json") ? await answer.json() : {};
  trouble(told.detail ?? problem.dataset.failed);
}

async function turnOff() {
  const subscription = await (await registered()).pushManager.getSubscription();
  const own = await known(subscription);
  await subscription?.unsubscribe();
  if (own) own.querySelector("form").requestSubmit();
  else location.reload();
}

async function look() {
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) return show("unsupported");
  if (Notification.permission === "denied") return show("denied");
  const registration = await navigator.serviceWorker.getRegistration(worker);
  const subscription = await registration?.pushManager.getSubscription();
  show(await known(subscription) ? "on" : "off");
}

for (const [part, act] of [["[data-push-on]", turnOn], ["[data-push-off]", turnOff]]) {
  const button = box.querySelector(part);
  button.addEventListener("click", async () => {
    if (button.hasAttribute("aria-busy")) return;
    button.setAttribute("aria-busy", "true");
    problem.hidden = true;
    try {
      await act();
    } catch {
      trouble(problem.dataset.failed);
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
}
look();
