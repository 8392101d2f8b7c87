// Keeps what this page knows of its pools right: by a socket, and by polling where there is none.
//
// Messages only hint. Each carries its pool's version: one that was missed shows as a gap, or as a
// version behind the heartbeat's, and then the pool is asked for anew (docs/socket.md).

const { socket: path, snapshot: snapshotUrl, signIn } = document.body.dataset;
const SILENCE = 45_000; // ms without a word after which a socket counts as dead
const POLL = 10_000;
const TRIES = 3; // failures after which polling starts beside further tries
const LONGEST_WAIT = 20_000; // and up to as long again, so that pages spread
const GAP = 1_000; // ms that a message waits for those before it: servers may overtake each other
const SPREAD = 3_000; // ms over which pages spread when one heartbeat sends all of them
const ASK_AGAIN = 5_000;
const RENEW = 1012, SIGNED_OUT = 4401, NOT_A_REP = 4403; // why the server ends a socket
// ms until the next try, where the next one would fare no better: a message that is refused, one
// that is too long, too many sockets.
const PATIENCE = { 1008: 30_000, 1009: 30_000, 4429: 60_000 };

const pools = new Map(); // id → { version, wanted, size, next, leads: id → card, held: version → message }
const asking = new Map(); // pool id → { due, timer } of the coming question
const asked = new Map(); // pool id → when it was last asked for
const seen = new Set(); // lead ids on screen, not yet told
let socket = null;
let epoch = null; // of the connection's snapshot; null until it came
let early = []; // messages that came before it
let open = null; // how many leads the rep has, as it was last heard
let live = false;
let over = false; // nothing more is to be had from the server
let failures = 0;
let silence, retry, poll;

const say = (name, detail) => document.dispatchEvent(new CustomEvent(`leads:${name}`, { detail }));

function connect() {
  clearTimeout(retry);
  const mine = new WebSocket(`${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}${path}`);
  socket = mine;
  epoch = null;
  early = [];
  for (const { timer } of asking.values()) clearTimeout(timer);
  asking.clear();
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
  if (code === SIGNED_OUT) signedOut();
  else if (code === NOT_A_REP) stop();
  else if (code === RENEW) renew();
  else lost(PATIENCE[code]);
}

function listen() {
  clearTimeout(silence);
  silence = setTimeout(() => lost(), SILENCE);
}

// The page stays as it is meanwhile; all pages of a server that stops come back spread out.
function renew() {
  clearTimeout(silence);
  retry = setTimeout(connect, 2_000 * Math.random());
}

function lost(patience) {
  clearTimeout(silence);
  clearTimeout(retry);
  const dead = socket;
  socket = null;
  dead?.close();
  live = false;
  failures += 1;
  const wait = patience ?? Math.min(LONGEST_WAIT, 250 * 2 ** failures);
  retry = setTimeout(connect, wait * (1 + Math.random()));
  if (patience || failures >= TRIES) startPolling();
  else say("connection", failures > 1 || epoch ? "reconnecting" : "connecting");
}

function hurry() {
  if (!over && !live && !socket) connect();
}

function startPolling() {
  if (poll) return;
  say("connection", navigator.onLine ? "polling" : "offline");
  poll = setTimeout(pollOnce, 0);
}

async function pollOnce() {
  try {
    const answer = await fetch(snapshotUrl, { headers: { Accept: "application/json" } });
    const news = answer.ok ? await answer.json() : null;
    if (live || over) return; // a socket came meanwhile, even while this was read, and knows better
    if (answer.status === 401) return signedOut();
    if (answer.status === 403) return stop();
    if (!news) throw new Error(answer.statusText);
    takeSnapshot(news, true);
    say("connection", "polling");
  } catch {
    if (live || over) return;
    say("connection", "offline");
  }
  poll = live ? null : setTimeout(pollOnce, POLL);
}

function stop(state = "stopped") {
  clearTimeout(retry);
  clearTimeout(silence);
  clearTimeout(poll);
  socket = null;
  live = false;
  over = true;
  say("connection", state);
}

function signedOut() {
  stop("signed-out");
  location.assign(`${signIn}?${new URLSearchParams({ next: location.pathname + location.search })}`);
}

function receive(message) {
  if (message.type === "snapshot") return connected(message);
  if (epoch === null) return early.push(message);
  if (message.type === "me.changed") return own(message.me, true);
  if (message.type === "heartbeat") return compare(message.versions);
  if (message.pool) apply(message);
}

// The rep's own figures. Where limits came, own leads may have come or been passed on meanwhile; what
// else comes alone (windows) has nothing to do with them.
function own(me, changed) {
  say("me", me);
  if (!("open_leads" in me)) return;
  if (changed || (open !== null && open !== me.open_leads)) say("own");
  open = me.open_leads;
}

function connected(message) {
  const first = message.epoch !== epoch;
  const again = open !== null;
  epoch = message.epoch;
  takeSnapshot(message, first);
  if (!first) return;
  if (again) say("own"); // what was said in between is not known
  live = true;
  failures = 0;
  clearTimeout(poll);
  poll = null;
  say("connection", "live");
  for (const one of early.splice(0)) receive(one);
  tellSeen();
}

// A whole snapshot names every pool of the rep; another one answers for the pools it names.
function takeSnapshot({ pools: shown, me, now }, whole) {
  if (whole) {
    asked.clear();
    pools.clear();
  }
  for (const { id, version, size, leads, next } of shown) {
    const held = pools.get(id)?.held ?? new Map();
    const cards = new Map(leads.map((lead) => [lead.id, lead]));
    pools.set(id, { version, wanted: version, size: size ?? leads.length, next, leads: cards, held });
    asked.delete(id);
  }
  say("snapshot", { pools, named: shown.map((pool) => pool.id), whole, now });
  if (me) own(me, false);
  for (const { id } of shown) settle(id);
}

// Many changes at once are a heartbeat only, for all pages in the same moment: they spread out.
function compare(versions) {
  for (const [id, version] of Object.entries(versions)) {
    const pool = pools.get(id);
    if (pool?.version >= version) continue;
    if (pool) pool.wanted = version;
    ask(id, GAP + SPREAD * Math.random());
  }
}

function ask(id, pause) {
  const due = Math.max(Date.now() + pause, (asked.get(id) ?? 0) + ASK_AGAIN);
  const coming = asking.get(id);
  if (coming?.due <= due) return;
  clearTimeout(coming?.timer);
  asking.set(id, { due, timer: setTimeout(resync, due - Date.now(), id) });
}

function resync(id) {
  asking.delete(id);
  const pool = pools.get(id);
  if (pool?.held.size === 0 && pool.version >= pool.wanted) return; // what was missing has come
  if (socket?.readyState !== WebSocket.OPEN) return;
  asked.set(id, Date.now());
  socket.send(JSON.stringify({ type: "resync", pool: id }));
}

function apply(message) {
  const pool = pools.get(message.pool);
  if (!pool) return ask(message.pool, GAP);
  pool.held.set(message.version, message);
  settle(message.pool);
}

// In the order of versions: a lead that is opened and taken must not seem to be taken and opened.
function settle(id) {
  const pool = pools.get(id);
  for (const version of [...pool.held.keys()].sort((a, b) => a - b)) {
    if (version > pool.version + 1) return ask(id, GAP);
    const message = pool.held.get(version);
    pool.held.delete(version);
    if (version <= pool.version) continue; // doubled, or late
    pool.version = version;
    const change = { opened, updated, taken: gone, withdrawn: gone }[message.type.replace("lead.", "")];
    change?.(pool, message);
    if (pool.next) recount(id, pool);
  }
}

// Nobody sees what waits where a button hands out the next lead: only how many do is asked for.
function recount(id, pool) {
  pool.wanted = Infinity;
  ask(id, GAP + SPREAD * Math.random());
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
