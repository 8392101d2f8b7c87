// The app between the page and the network: push notifications, and what is shown offline.
//
// Loaded by the worker that web/views/app.py serves, which sets APP: addresses and words.
// Nothing that somebody does offline is kept to be sent later: a claim that arrives an hour late is
// worse than none. It is refused, and says so.
/* global APP */

const SHELL = `leads-shell-${APP.version}`; // the offline page and what the pages are made of
const KEPT = "leads-kept"; // the pool as it was last seen: personal, so emptied on signing out
const KEPT_AT = "X-Kept-At";
const KEPT_FOR = 24 * 3_600_000; // ms
const REFUSED = "refused", UNSURE = "unsure", PAGE = "page";

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(caches.open(SHELL).then((shell) => shell.addAll([APP.offline, ...APP.assets])));
});

addEventListener("activate", (event) => event.waitUntil((async () => {
  const old = (await caches.keys()).filter((name) => name.startsWith("leads-shell-") && name !== SHELL);
  await Promise.all(old.map((name) => caches.delete(name)));
  await clients.claim();
})()));

// --- Pages

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  const reads = request.method === "GET" || request.method === "HEAD";
  if (reads && APP.assets.includes(url.pathname)) event.respondWith(asset(request));
  else if (reads && request.mode === "navigate") event.respondWith(page(event, url));
  else if (!reads && (request.mode === "navigate" || !navigator.onLine)) event.respondWith(send(request));
});

async function asset(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match(request, { ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
}

async function page(event, { pathname, search }) {
  const isPool = pathname === APP.pool;
  let answer;
  try {
    answer = await fetch(event.request);
  } catch {
    return (isPool && await lastPool()) || offline(PAGE, 503);
  }
  // Only all of it is "the pool". A page does not wait for its copy, nor fail if there is no room.
  if (isPool && !search && answer.ok && !answer.redirected) event.waitUntil(keep(answer.clone()).catch(() => {}));
  return answer;
}

async function send(request) {
  if (!navigator.onLine) return refusal(request);
  try {
    return await fetch(request);
  } catch {
    return offline(UNSURE, 503); // it may have arrived, and only its answer be lost
  }
}

async function refusal(request) {
  if (request.mode === "navigate") return offline(REFUSED, 503);
  return Response.json({ code: "offline", detail: APP.refused }, { status: 503 });
}

// The page says which of its texts holds by an attribute of its body, and leads to the pool if one
// is kept.
async function offline(which, status) {
  await lastPool();
  const kept = await caches.match(APP.offline, { ignoreVary: true });
  return kept ? marked(kept, "case", which, status) : Response.error();
}

async function keep(answer) {
  const headers = new Headers(answer.headers);
  headers.set(KEPT_AT, new Date().toISOString());
  const kept = new Response(await answer.blob(), { headers });
  await (await caches.open(KEPT)).put(APP.pool, kept);
}

// One that is too old to be shown is thrown away.
async function lastPool() {
  const kept = await caches.match(APP.pool, { cacheName: KEPT, ignoreVary: true });
  if (!kept) return null;
  const at = kept.headers.get(KEPT_AT);
  if (Date.now() - Date.parse(at) <= KEPT_FOR) return marked(kept, "kept", at, 200);
  await caches.delete(KEPT);
  return null;
}

async function marked(answer, name, value, status) {
  const text = await answer.text();
  const headers = new Headers(answer.headers);
  for (const gone of ["Content-Encoding", "Content-Length"]) headers.delete(gone);
  return new Response(text.replace("<body", `<body data-${name}="${value}"`), { headers, status });
}

// --- Push

// What a message brings: title, body, url, tag, receipt (a signed token), actions [{action, title,
// url}], urgent. All of it is optional; what cannot be read is still shown as a message.
function read(data) {
  try {
    return data?.json() ?? {};
  } catch {
    return {};
  }
}

addEventListener("push", (event) => {
  const told = read(event.data);
  const actions = told.actions ?? [];
  const shown = registration.showNotification(told.title || APP.untitled, {
    body: told.body ?? "",
    icon: APP.icon,
    badge: APP.badge,
    lang: told.lang ?? APP.language,
    tag: told.tag ?? "", // what came twice is shown once
    requireInteraction: Boolean(told.urgent),
    actions: actions.map(({ action, title }) => ({ action, title })),
    data: {
      url: told.url,
      receipt: told.receipt,
      actions: Object.fromEntries(actions.map(({ action, url }) => [action, url])),
    },
  });
  event.waitUntil(Promise.all([shown, tell(told.receipt, "delivered")]));
});

addEventListener("notificationclick", (event) => {
  const { notification, action } = event;
  notification.close();
  const { url, receipt, actions = {} } = notification.data ?? {};
  event.waitUntil(Promise.all([show(ours(actions[action] ?? url)), tell(receipt, "seen")]));
});

// The browser changed the address at which it is reached: the server learns of it from whoever
// knows the old one.
addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));

async function renew({ oldSubscription: old, newSubscription }) {
  if (!old) return;
  const options = { userVisibleOnly: true, applicationServerKey: old.options.applicationServerKey };
  const fresh = newSubscription ?? await registration.pushManager.subscribe(options);
  await fetch(APP.renew, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ endpoint: old.endpoint, subscription: fresh }),
  });
}

// A message opens pages of this app only, whoever sent it.
function ours(address) {
  const url = new URL(address || APP.home, location.origin);
  return url.origin === location.origin && url.pathname.startsWith(APP.home) ? url.href : new URL(APP.home, location.origin).href;
}

async function show(url) {
  const open = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = open.find((client) => client.url === url);
  await (there ? there.focus() : clients.openWindow(url));
}

async function tell(receipt, what) {
  if (!receipt) return;
  try {
    await fetch(`${APP.receipts}${encodeURIComponent(receipt)}/${what}/`, { method: "POST", keepalive: true });
  } catch {
    // The message was shown all the same; an SMS may follow it.
  }
}
