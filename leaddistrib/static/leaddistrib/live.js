// Keeps what this page knows of its pools right: by a socket, and by polling where there is none.
//
// Messages only hint. Each carries its pool's version: one that was missed shows as a gap, or as a
// version behind the heartbeat's, and then the pool is asked for anew.

const { socket: path, snapshot: snapshotUrl } = document.body.dataset;
const SILENCE = 45_000; // ms without a word after which a socket counts as dead
const POLL = 10_000;
const TRIES = 3; // failures after which polling starts beside further tries
const LONGEST_WAIT = 30_000;
const ASK_AGAIN = 5_000;
const RENEW = 1012, SIGNED_OUT = 4401, NOT_A_REP = 4403; // why the server ends a socket

const pools = new Map(); // id → { version, size, leads: Map of id → card }
const asked = new Map(); // pool id → when it was last asked for
const seen = new Set(); // lead ids on screen, not yet told
let socket = null;
let epoch = null; // of the connection's snapshot; null until it came
let early = []; // messages that came before it
let live = false;
let failures = 0;
let silence, retry, poll;

const say = (name, detail) => document.dispatchEvent(new CustomEvent(`leads:${name}`, { detail }));

function connect() {
  clearTimeout(retry);
  const mine = new WebSocket(`${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}${path}`);
  socket = mine;
  epoch = null;
  early = [];
  listen();
  // Whatever an older socket still says is ignored: its snapshot is not ours.
  mine.onmessage = (event) => {
    if (mine !== socket) return;
    listen();
    receive(JSON.parse(event.data));
  };
  mine.onclose = ({ code }) => mine === socket && ended(code);
}

function ended(code) {
  if (code === SIGNED_OUT || code === NOT_A_REP) signedOut();
  else if (code === RENEW) connect();
  else lost();
}

function listen() {
  clearTimeout(silence);
  silence = setTimeout(lost, SILENCE);
}

function lost() {
  clearTimeout(silence);
  clearTimeout(retry);
  const dead = socket;
  socket = null;
  dead?.close();
  live = false;
  failures += 1;
  const wait = Math.min(LONGEST_WAIT, 500 * 2 ** failures) * (0.5 + Math.random());
  retry = setTimeout(connect, wait);
  if (failures >= TRIES) startPolling();
  else say("connection", failures > 1 || epoch ? "reconnecting" : "connecting");
}

function hurry() {
  if (!live && socket?.readyState !== WebSocket.CONNECTING) connect();
}

function startPolling() {
  if (poll) return;
  say("connection", navigator.onLine ? "polling" : "offline");
  poll = setTimeout(pollOnce, 0);
}

async function pollOnce() {
  try {
    const answer = await fetch(snapshotUrl, { headers: { Accept: "application/json" } });
    if (live) return; // a socket came meanwhile and knows better
    if (answer.status === 401 || answer.status === 403) return signedOut();
    if (!answer.ok) throw new Error(answer.statusText);
    takeSnapshot(await answer.json(), true);
    say("connection", "polling");
  } catch {
    say("connection", "offline");
  }
  poll = live ? null : setTimeout(pollOnce, POLL);
}

function signedOut() {
  clearTimeout(retry);
  clearTimeout(silence);
  socket = null;
  say("connection", "signed-out");
}

function receive(message) {
  if (message.type === "snapshot") return connected(message);
  if (epoch === null) return early.push(message);
  if (message.type === "me.changed") return say("me", message.me);
  if (message.type === "heartbeat") return compare(message.versions);
  if (message.pool) apply(message);
}

function connected(message) {
  const first = message.epoch !== epoch;
  epoch = message.epoch;
  takeSnapshot(message, first);
  if (!first) return;
  live = true;
  failures = 0;
  clearTimeout(poll);
  poll = null;
  say("connection", "live");
  for (const one of early.splice(0)) receive(one);
  tellSeen();
}

// A whole snapshot names every pool of the rep; another one answers for the pools it names.
function takeSnapshot({ pools: shown, me }, whole) {
  if (whole) {
    asked.clear();
    for (const id of [...pools.keys()]) if (!shown.some((pool) => pool.id === id)) pools.delete(id);
  }
  for (const { id, version, size, leads } of shown) {
    pools.set(id, { version, size: size ?? leads.length, leads: new Map(leads.map((lead) => [lead.id, lead])) });
    asked.delete(id);
  }
  say("snapshot", { pools, named: shown.map((pool) => pool.id), whole });
  if (me) say("me", me);
}

function compare(versions) {
  for (const [id, version] of Object.entries(versions)) {
    if ((pools.get(id)?.version ?? -1) < version) ask(id);
  }
}

function ask(pool) {
  if (Date.now() - (asked.get(pool) ?? 0) < ASK_AGAIN) return;
  asked.set(pool, Date.now());
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: "resync", pool }));
}

function apply(message) {
  const pool = pools.get(message.pool);
  if (!pool) return ask(message.pool);
  if (message.version <= pool.version) return; // doubled, or late
  if (message.version === pool.version + 1) pool.version = message.version;
  else ask(message.pool); // what is new is shown at once all the same
  const change = { opened, updated, taken: gone, withdrawn: gone }[message.type.replace("lead.", "")];
  change?.(pool, message);
}

function opened(pool, { pool: id, lead }) {
  if (!pool.leads.has(lead.id)) pool.size += 1;
  pool.leads.set(lead.id, lead);
  say("opened", { pool: id, lead, size: pool.size });
}

function updated(pool, { pool: id, lead }) {
  if (pool.leads.has(lead.id)) pool.leads.set(lead.id, lead);
  say("updated", { pool: id, lead, size: pool.size });
}

function gone(pool, { type, pool: id, lead, by }) {
  // A lead that is not among those known was counted only if the pool holds more than is known.
  if (pool.leads.delete(lead) || pool.size > pool.leads.size) pool.size = Math.max(0, pool.size - 1);
  say("gone", { pool: id, lead, by: type === "lead.taken" ? by : null, size: pool.size });
}

document.addEventListener("leads:seen", ({ detail: ids }) => {
  for (const id of ids) seen.add(id);
  tellSeen();
});

function tellSeen() {
  if (!live || seen.size === 0 || socket?.readyState !== WebSocket.OPEN) return;
  socket.send(JSON.stringify({ type: "seen", leads: [...seen].slice(0, 50) }));
  seen.clear();
}

addEventListener("online", hurry);
addEventListener("offline", () => live && lost());
document.addEventListener("visibilitychange", () => document.hidden || hurry());
connect();
