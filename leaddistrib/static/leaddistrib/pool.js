// The lists of waiting leads: rows come from messages, by <template> and textContent.

const language = document.documentElement.lang;
const texts = document.querySelector("[data-texts]").dataset;
const ownName = document.body.dataset.name;
const template = document.getElementById("lead-row");
const countries = new Intl.DisplayNames(language, { type: "region", fallback: "code" });
const BLANK = "00000000-0000-0000-0000-000000000000";
const TAKEN_STAYS = 4_000; // ms that a taken lead is shown with who took it
const LEAVES = 300;

const say = (name, detail) => document.dispatchEvent(new CustomEvent(`leads:${name}`, { detail }));
const list = () => document.querySelector("[data-list]");
const rowOf = (id) => list()?.querySelector(`[data-lead="${CSS.escape(id)}"]`);
const fill = (text, values) => text.replace(/{(\w+)}/g, (_, name) => values[name] ?? "");

// --- Which leads this list shows, and in which order

// The pools that the list covers, with the versions of what it shows.
const covered = () => new Map(list().dataset.pools.trim().split(" ").map((pair) => pair.split(":")));

// What the list is narrowed to, by the names in its address.
const cut = () => JSON.parse(list().dataset.cut ?? "{}");

// Cards cut long texts, and end them with an ellipsis then: what was cut off is not looked at.
const sameText = (whole, cut) => whole === cut || (cut.endsWith("…") && whole.startsWith(cut.slice(0, -1)));
const folded = (text) => (text ?? "").toLocaleLowerCase();
const FITS = {
  source: (wanted, lead) => !lead.blind && sameText(wanted === "-" ? "" : wanted, lead.source ?? ""),
  country: (wanted, lead) => folded(lead.country) === folded(wanted),
  size: (wanted, lead) => lead.size === wanted,
  temperature: (wanted, lead) => lead.temperature === wanted,
  min_score: (wanted, lead) => lead.score !== null && lead.score >= Number(wanted),
  company: (wanted, lead) => folded(lead.company).includes(folded(wanted)),
};

function fits(pool, lead) {
  return covered().has(pool) && Object.entries(cut()).every(([name, wanted]) => FITS[name](wanted, lead));
}

// In a shared pool everybody works every lead: it is opened, not claimed.
const isShared = (pool) => list().dataset.shared.split(" ").includes(pool);

const newest = (a, b) => b.dataset.opens.localeCompare(a.dataset.opens);
const oldest = (a, b) => -newest(a, b);
// What has no such text, or no such moment, comes last.
const lastIfNone = (a, b) => (a ? 0 : 1) - (b ? 0 : 1);
const due = (row) => [row.dataset.stales, row.dataset.closes].filter(Boolean).sort()[0] ?? "";
const ORDERS = {
  newest,
  oldest,
  left: (a, b) => lastIfNone(due(a), due(b)) || due(a).localeCompare(due(b)) || oldest(a, b),
  company: (a, b) => lastIfNone(a.dataset.company, b.dataset.company)
    || folded(a.dataset.company).localeCompare(folded(b.dataset.company)) || newest(a, b),
  score: (a, b) => (b.dataset.score || -1) - (a.dataset.score || -1) || newest(a, b),
  source: (a, b) => a.dataset.source.localeCompare(b.dataset.source) || newest(a, b),
};

function place(row) {
  const order = ORDERS[list().dataset.order];
  // Newest first, a lead goes before those of the same second; oldest first, after them.
  const last = ["oldest", "left"].includes(list().dataset.order);
  const before = [...list().children].find((other) =>
    other !== row && (last ? order(row, other) < 0 : order(row, other) <= 0));
  if (before) before.before(row);
  else list().append(row);
}

// --- Rows

// When leads open for this rep alone: the page counts down by itself.
const windows = new Map();
document.addEventListener("leads:me", ({ detail: me }) => {
  for (const [id, opens] of Object.entries(me.windows ?? {})) {
    windows.set(id, opens);
    const time = list() && rowOf(id)?.querySelector("[data-window] time");
    if (time) time.dateTime = opens;
  }
  say("drawn");
});

// Of a blind lead nothing says which company it is until it is somebody's.
const calledBy = (lead) => (lead.blind ? texts.blind : lead.company);

function draw(pool, lead, row = template.content.firstElementChild.cloneNode(true)) {
  Object.assign(row.dataset, {
    lead: lead.id, pool, opens: lead.opens_at ?? "", score: lead.score ?? "", source: lead.source ?? "",
    stales: lead.stale_at ?? "", closes: lead.closes_at ?? "", company: lead.company ?? "",
  });
  const country = lead.country && countries.of(lead.country);
  const shown = {
    company: calledBy(lead), title: lead.title, lead_type: lead.lead_type, source: lead.source, score: lead.score,
    temperature: texts[lead.temperature], size: texts[lead.size],
    place: [lead.city, country].filter(Boolean).join(", "),
  };
  for (const element of row.querySelectorAll("[data-field]")) {
    const { field } = element.dataset;
    if (element.dateTime !== undefined) element.dateTime = lead[field] ?? "";
    else if (field === "company") element.textContent = shown.company || (element.matches("a") ? texts.unknown : "");
    else {
      element.textContent = shown[field] ?? "";
      element.hidden = !element.textContent;
    }
  }
  const { by, until } = lead.working ?? {};
  row.querySelector("[data-working-mine]").hidden = by !== ownName;
  row.querySelector("[data-working-other]").hidden = by === ownName;
  row.querySelector("[data-working-by]").textContent = by ?? "";
  row.querySelector("[data-working] time").dateTime = until ?? "";
  row.querySelector("[data-window] time").dateTime = windows.get(lead.id) ?? "";
  row.querySelector("[data-claim]").hidden = isShared(pool);
  row.querySelector("[data-open]").hidden = !isShared(pool);
  row.querySelector("[data-box]").className = `lead-score ${lead.temperature ?? ""}`;
  for (const link of row.querySelectorAll("[data-href]")) {
    link.setAttribute("href", link.getAttribute("href").replace(BLANK, lead.id));
  }
  return row;
}

const textsOf = (row) => ({
  company: row.querySelector("[data-field=company]").textContent,
  working: row.querySelector("[data-working] time").dateTime,
});

function trim() {
  const { limit, paged } = list().dataset;
  if (paged !== undefined) return;
  const rows = list().querySelectorAll(":scope > :not(.is-taken)");
  for (const row of [...rows].slice(Number(limit))) remove(row);
}

function remove(row) {
  if (row.contains(document.activeElement)) {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    (next?.querySelector("[data-claim]") ?? document.getElementById("main")).focus();
  }
  row.remove();
  tidy();
}

function leave(row) {
  row.classList.add("is-leaving");
  setTimeout(() => row.isConnected && remove(row), LEAVES);
}

function tidy() {
  document.querySelector("[data-empty]").hidden = list().children.length > 0;
}

// --- Whether there are more than the list shows

const sizes = new Map();
function count(pool, size) {
  sizes.set(pool, size);
  const more = document.querySelector("[data-more]");
  if (!more || list().dataset.cut !== undefined) return; // how many fit is the server's to count
  const shown = [...covered().keys()].reduce((all, id) => all + (sizes.get(id) ?? 0), 0);
  more.querySelector("[data-size-shown]").textContent = shown;
  more.hidden = shown <= Number(list().dataset.limit);
}

// --- What happens

document.addEventListener("leads:opened", ({ detail: { pool, lead, size } }) => {
  if (!list()) return;
  count(pool, size);
  if (list().dataset.paged !== undefined || !fits(pool, lead)) return;
  const old = rowOf(lead.id);
  if (old && !old.classList.contains("is-taken")) return place(draw(pool, lead, old));
  old?.remove(); // given back while it still said who took it
  const row = draw(pool, lead);
  row.classList.add("is-new");
  place(row);
  trim();
  tidy();
  say("drawn");
  say("announce", fill(texts.new, { company: calledBy(lead) }));
});

document.addEventListener("leads:updated", ({ detail: { pool, lead } }) => {
  const row = list() && rowOf(lead.id);
  if (!row || row.classList.contains("is-taken")) return;
  if (!fits(pool, lead)) return remove(row);
  const { company, working } = textsOf(row);
  place(draw(pool, lead, row));
  say("drawn");
  if (lead.working && lead.working.by !== ownName && !working) {
    say("announce", fill(texts.working, { name: lead.working.by, company }));
  }
});

document.addEventListener("leads:gone", ({ detail: { pool, lead, by, size } }) => {
  if (!list()) return;
  count(pool, size);
  const row = rowOf(lead);
  if (!row || row.classList.contains("is-taken")) return;
  const company = row.querySelector("[data-field=company]").textContent;
  row.classList.add("is-taken");
  const note = row.querySelector("[data-taken]");
  note.textContent = !by ? texts.gone : by === ownName ? texts.takenSelf : fill(texts.taken, { name: by });
  note.hidden = false;
  const button = row.querySelector("[data-claim]");
  const focused = button === document.activeElement;
  button.hidden = true;
  row.querySelector("[data-open]").hidden = true;
  row.querySelector("[data-working] time").dateTime = "";
  if (focused) row.querySelector("a").focus();
  if (by && by !== ownName) say("announce", fill(texts.took, { name: by, company }));
  setTimeout(() => row.isConnected && leave(row), TAKEN_STAYS);
});

document.addEventListener("leads:snapshot", ({ detail: { pools, named } }) => {
  for (const part of document.querySelectorAll("[data-next]")) handOut(part, pools.get(part.dataset.next));
  if (!list()) return;
  for (const [id, pool] of pools) count(id, pool.size);
  watch(); // not before a snapshot came: only then is somebody there to tell the server
  const { order, paged } = list().dataset;
  const mine = covered();
  if (order === "newest" && list().dataset.cut === undefined && paged === undefined) return adopt(pools, mine);
  // Another order or cut is the server's to draw, if anything changed.
  const changed = named.some((id) => mine.has(id) && Number(mine.get(id)) !== pools.get(id).version);
  if (changed) say("refresh", "list");
});

// A pool that shows no leads, and hands out the next one by a button.
function handOut(part, { size } = { size: 0 }) {
  for (const name of ["some", "none"]) part.querySelector(`[data-next-${name}]`).hidden = (size > 0) !== (name === "some");
}

// A page that the browser kept has a key that was used: the next tap would get the last answer.
addEventListener("pageshow", ({ persisted }) => {
  if (persisted && document.querySelector("[data-next]")) location.reload();
});

// Make the rows those of the snapshot, without touching what stays.
function adopt(pools, mine) {
  const wanted = [...mine.keys()]
    .flatMap((id) => [...(pools.get(id)?.leads.values() ?? [])].map((lead) => ({ id, lead })))
    .sort((a, b) => (b.lead.opens_at ?? "").localeCompare(a.lead.opens_at ?? ""))
    .slice(0, Number(list().dataset.limit));
  const ids = new Set(wanted.map(({ lead }) => lead.id));
  for (const row of [...list().children]) {
    if (!ids.has(row.dataset.lead) && !row.classList.contains("is-taken")) remove(row);
  }
  let after = null;
  for (const { id, lead } of wanted) {
    const old = rowOf(lead.id);
    const fresh = !old || old.classList.contains("is-taken");
    if (fresh) old?.remove();
    const row = fresh ? draw(id, lead) : draw(id, lead, old);
    const next = after ? after.nextElementSibling : list().firstElementChild;
    if (next !== row) list().insertBefore(row, next);
    after = row;
  }
  tidy();
  say("drawn");
}

// --- Which leads were on screen, each told once

const told = new Set();
const watcher = new IntersectionObserver((entries) => {
  if (document.hidden) return;
  const ids = [];
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    watcher.unobserve(target);
    told.add(target.dataset.lead);
    ids.push(target.dataset.lead);
  }
  if (ids.length > 0) say("seen", ids);
}, { threshold: 0.5 });

function watch() {
  for (const row of list()?.children ?? []) {
    if (told.has(row.dataset.lead)) continue;
    watcher.unobserve(row); // observed anew, a row on screen is reported anew
    watcher.observe(row);
  }
}
document.addEventListener("visibilitychange", () => document.hidden || watch());
document.addEventListener("leads:drawn", watch);
