// Trending now: asks for the list every few seconds and moves the rows that changed place.

const POLL_MS = 3000;
const LIMIT = 25;
const WINDOWS = { "1h": "the last hour", "24h": "the last 24 hours", "7d": "the last 7 days", "30d": "the last 30 days", all: "all time" };

const $ = (selector, within = document) => within.querySelector(selector);
const body = $("tbody");
const tabs = [...document.querySelectorAll("[role=tab]")];
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4 });
const short = (number) => (number < 10_000 ? whole : compact).format(number);

let current = "24h"; // the window shown
let category = ""; // the only category shown; empty for all
const categories = new Set(); // those met so far
let shown = null; // the last answer
let etag = ""; // its ETag
let failure = ""; // why the last request failed
let skew = 0; // this clock minus the server's, in ms
let request = null; // the AbortController of the request under way

async function load() {
  request?.abort();
  const mine = (request = new AbortController());
  const headers = etag ? { "if-none-match": etag } : {};
  try {
    const signal = AbortSignal.any([mine.signal, AbortSignal.timeout(10_000)]);
    const filter = category && `&category=${encodeURIComponent(category)}`;
    const answer = await fetch(`/analytics/trending?window=${current}&limit=${LIMIT}${filter}`, { headers, signal, cache: "no-store" });
    const date = Date.parse(answer.headers.get("date"));
    if (date) skew = Date.now() - date;
    if (answer.status !== 304) {
      const found = await answer.json();
      if (!answer.ok) throw new Error(found.detail ?? found.title);
      if (mine !== request) return;
      etag = answer.headers.get("etag") ?? "";
      show(found);
    }
    failure = "";
  } catch (error) {
    if (mine !== request) return; // another window was chosen meanwhile
    failure = error instanceof TypeError || error.name === "TimeoutError" ? "The API cannot be reached" : `The API has a problem: ${error.message}`;
  }
  showState();
}

function show(found) {
  const before = shown?.window === found.window && shown.segment === found.segment ? shown : null;
  const places = new Map([...body.rows].map((row) => [row.dataset.key, row.getBoundingClientRect().top]));
  const rows = new Map([...body.rows].map((row) => [row.dataset.key, row]));
  const best = found.items[0]?.score || 1;
  const someOld = found.items.some((item) => item.previousRank !== null);
  shown = found;
  body.replaceChildren(
    ...found.items.map((item) => {
      const key = `${item.contentType} ${item.contentId}`;
      const row = rows.get(key) ?? $("#row").content.firstElementChild.cloneNode(true);
      row.dataset.key = key;
      fill(row, item, best, someOld);
      return row;
    }),
  );
  if (before) move(places);
  offer(found.items.map((item) => item.category));
  announce(before, found);
}

function fill(row, item, best, someOld) {
  $(".place", row).textContent = item.rank;
  const moved = item.previousRank === null ? null : item.previousRank - item.rank;
  const change = $(".change", row);
  change.dataset.way = moved === null ? (someOld ? "new" : "none") : moved > 0 ? "up" : moved < 0 ? "down" : "none";
  const text = { new: "new", up: `▲${moved}`, down: `▼${-moved}`, none: "" }[change.dataset.way];
  const spoken = { new: "new entry", up: `up ${moved}`, down: `down ${-moved}`, none: "" }[change.dataset.way];
  change.textContent = text;
  change.title = spoken;
  change.setAttribute("role", "img");
  change.setAttribute("aria-label", spoken);
  change.hidden = !text;
  $(".name", row).textContent = item.title || item.contentId;
  $(".hot", row).hidden = !item.isHot;
  $(".title", row).title = `${item.contentType} ${item.contentId}`;
  $(".about", row).textContent = [item.creator, item.category].filter(Boolean).join(" · ") || item.contentType;
  $(".bar", row).style.setProperty("--share", Math.max(0, item.score / best));
  $(".value", row).textContent = item.score < 100 ? item.score.toPrecision(3) : short(item.score);
  for (const cell of row.querySelectorAll("[data-count]")) {
    const count = item[cell.dataset.count];
    cell.textContent = short(count);
    cell.title = `${whole.format(count)} ${cell.dataset.label}`;
  }
}

function offer(found) {
  const size = categories.size;
  for (const name of found) if (name) categories.add(name);
  if (categories.size === size) return;
  $("#filter").hidden = false;
  const options = [...categories].sort().map((name) => new Option(name, name, false, name === category));
  $("#category").replaceChildren(new Option("All categories", ""), ...options);
}

// First, Last, Invert, Play: each row starts where it was and slides to where it is now.
function move(places) {
  if (calm.matches) return;
  for (const row of body.rows) {
    const before = places.get(row.dataset.key);
    const by = before === undefined ? null : before - row.getBoundingClientRect().top;
    const timing = { duration: 700, easing: "cubic-bezier(.2,.8,.2,1)" };
    if (by === null) row.animate([{ opacity: 0 }, { opacity: 1 }], timing);
    else if (by) row.animate([{ transform: `translateY(${by}px)` }, { transform: "none" }], timing);
    if (by > 0) row.animate([{ backgroundColor: "var(--rise)" }, {}], { duration: 2500 });
  }
}

function announce(before, found) {
  const name = (item) => item.title || item.contentId;
  const order = (answer) => answer?.items.map((item) => item.contentId).join() ?? "";
  if (!found.items.length || order(before) === order(found)) return;
  const top = found.items.slice(0, 3).map((item) => `${item.rank}, ${name(item)}`).join("; ");
  $("#summary").textContent = `Trending in ${category ? `${category}, ` : ""}${WINDOWS[found.window]}: ${top}.`;
}

function showState() {
  const empty = shown?.items.length === 0;
  $("#list").setAttribute("aria-busy", String(!shown && !failure));
  $("table").hidden = !shown || empty;
  $("#empty").hidden = !empty || Boolean(failure) || Boolean(category);
  $("#none").hidden = !empty || Boolean(failure) || !category;
  $("#none-title").textContent = `Nothing in ${category} in ${WINDOWS[current]}`;
  $("#error").hidden = !failure;
  if ($("#error-title").textContent !== failure) $("#error-title").textContent = failure;
  showFreshness();
}

function showFreshness() {
  const age = shown?.asOf ? Math.max(0, Math.round((Date.now() - skew - Date.parse(shown.asOf)) / 1000)) : null;
  const state = failure ? "down" : age === null ? "waiting" : shown.stale ? "stale" : "live";
  const ago = age === null ? "" : `as of ${age < 120 ? `${age} s` : age < 7200 ? `${Math.round(age / 60)} min` : `${Math.round(age / 3600)} h`} ago`;
  const words = { down: `Not connected${ago && ", " + ago}`, waiting: shown ? "Waiting for the first ranking" : "Loading…", stale: `Out of date, ${ago}`, live: `Live, ${ago}` };
  $("#freshness").dataset.state = state;
  if ($("#freshness-text").textContent !== words[state]) $("#freshness-text").textContent = words[state];
}

function choose(name, { only = category, focus = false } = {}) {
  current = name in WINDOWS ? name : "24h";
  category = only;
  offer([category]);
  $("#category").value = category;
  for (const tab of tabs) {
    const chosen = tab.dataset.window === current;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    if (chosen) $("#list").setAttribute("aria-labelledby", tab.id);
    if (chosen && focus) tab.focus();
  }
  history.replaceState(null, "", `#${current}${category && `/${encodeURIComponent(category)}`}`);
  etag = "";
  load();
}

$("[role=tablist]").addEventListener("click", (event) => {
  const tab = event.target.closest("[role=tab]");
  if (tab) choose(tab.dataset.window);
});
$("[role=tablist]").addEventListener("keydown", (event) => {
  const at = tabs.findIndex((tab) => tab.dataset.window === current);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  choose(tabs[(to + tabs.length) % tabs.length].dataset.window, { focus: true });
});
$("#example").textContent = `curl -X POST ${location.origin}/analytics/view/my-first-video`;
$("#copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText($("#example").textContent);
  $("#copy").textContent = "Copied";
});

$("#category").addEventListener("change", (event) => choose(current, { only: event.target.value }));
$("#all").addEventListener("click", () => choose(current, { only: "" }));

function chooseFromAddress() {
  const [name, only = ""] = location.hash.slice(1).split("/");
  choose(name, { only: readable(only) });
}

function readable(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

chooseFromAddress();
window.addEventListener("hashchange", chooseFromAddress);
document.addEventListener("visibilitychange", () => document.hidden || load());
setInterval(() => document.hidden || load(), POLL_MS);
setInterval(showFreshness, 1000);
