// Where the item stands in every ranking, and why in the one that is chosen.

import { address, idInPath } from "../parts/address.js";
import { read } from "../parts/api.js";
import { $, el, setText } from "../parts/dom.js";
import { full, score } from "../parts/format.js";
import { notice, problemLine, put, skeleton } from "../parts/notice.js";
import { poll } from "../parts/poll.js";
import { sparkline } from "../parts/sparkline.js";
import { WINDOWS } from "../parts/windows.js";
import { rankingName } from "../parts/words.js";
import { why } from "./why.js";

const POLL_MS = 60_000;
const ALL_MS = 300_000; // each is the work of a formula
const AT_ONCE = 4;
const HISTORY = "7d";

/** Begin to show them; `about(state)` chooses the list, `again` asks anew. */
export function places(item, { href }) {
  let found = null; // by ranking: its explanation, or null where the item has no place
  let chosen = "";
  let allAt = -Infinity; // when all were asked for
  const explained = why();
  const polled = poll({
    every: POLL_MS,
    ask: async () => {
      if (performance.now() - allAt < ALL_MS) return renewed(item, chosen, found);
      const all = await askAll(item, chosen, (first) => found || explained.show(first));
      allAt = performance.now();
      return all;
    },
    show: (next) => {
      found = next;
      $("#places").removeAttribute("aria-busy");
      put($("#places-notice"), null);
      draw();
    },
    fail: (problem) => put($("#places-notice"), problemLine(problem, () => polled.now())),
  });
  put($("#places-notice"), skeleton(6));

  function draw() {
    if (!found) return;
    const placed = found.filter(({ explanation }) => explanation?.rank);
    const current = placed.find(({ name }) => name === chosen) ?? placed[0];
    $("#places-table").hidden = placed.length === 0;
    if (!placed.length) put($("#places-notice"), notice("In no ranking", "It has no events in any window, or rankings leave it out."));
    $("#places-body").replaceChildren(...placed.map((ranking) => row(ranking, ranking === current, href)));
    const named = (kind, of) => (of.length ? `${kind}: ${of.map(({ name }) => rankingName(name)).join("; ")}.` : "");
    const below = named("Below the end of", found.filter(({ explanation }) => explanation && !explanation.rank));
    const without = named("Without a score in", found.filter(({ explanation }) => !explanation));
    setText($("#unplaced"), [below, without].filter(Boolean).join(" "));
    explained.show(current?.explanation ?? null);
  }

  return {
    about({ list }) {
      const isOther = chosen !== list;
      chosen = list;
      if (isOther) polled.now();
      const focused = document.activeElement?.dataset?.list;
      draw();
      if (focused) document.querySelector(`[data-list="${CSS.escape(focused)}"]`)?.focus();
    },
    again() {
      allAt = -Infinity;
      polled.about(null);
    },
  };
}

// The chosen one first: why the item stands there need not wait for all others.
async function askAll(item, chosen, onFirst) {
  const { body } = await read("/analytics/rankings");
  const names = body.rankings.filter((each) => each.enabled && each.subject === "item" && (each.contentType ?? item.contentType) === item.contentType).map((each) => each.name);
  names.sort((one, other) => (other === chosen) - (one === chosen));
  const found = [];
  const waiting = names.entries();
  const worker = async () => {
    for (const [at, name] of waiting) {
      found[at] = { name, explanation: await explanationOf(name, item) };
      if (name === chosen && found[at].explanation) onFirst(found[at].explanation);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return found.sort((one, other) => placeInTable(one) - placeInTable(other));
}

// The others as they were.
async function renewed(item, chosen, found) {
  const current = found.find(({ name }) => name === chosen) ?? found.find(({ explanation }) => explanation?.rank);
  if (!current) return found;
  const explanation = await explanationOf(current.name, item);
  return found.map((one) => (one.name === current.name ? { name: one.name, explanation } : one));
}

// Trending lists by their window, then the others by the item's place.
function placeInTable({ name, explanation }) {
  const at = Object.keys(WINDOWS).indexOf(name.replace(/^trending_/, ""));
  return name.startsWith("trending_") && at >= 0 ? at : 10 + (explanation?.rank ?? 1e9);
}

async function explanationOf(name, { contentType, contentId }) {
  const { segment, query } = idInPath(contentId);
  try {
    return (await read(address(`/analytics/rankings/${encodeURIComponent(name)}/items/${segment}`, { ...query, contentType, since: HISTORY }))).body;
  } catch (problem) {
    if (problem.kind === "missing") return null;
    throw problem;
  }
}

function row({ name, explanation }, isCurrent, href) {
  const { rank, history, score: points } = explanation;
  const ranks = history.map((past) => past.rank);
  const first = ranks.find((past) => past !== null) ?? null;
  const by = first === null ? null : first - rank;
  const link = el("a", { href: href({ list: name }), "data-state": JSON.stringify({ list: name }), "data-open": "", "data-list": name }, rankingName(name));
  return el(
    "tr",
    { "data-row": "", "aria-current": isCurrent ? "true" : null },
    el("th", { scope: "row" }, link),
    el("td.number", {}, el("strong", {}, full(rank))),
    el(`td.change.${by > 0 ? "up" : by < 0 ? "down" : "soft"}`, { title: "Since the oldest run that is kept of the last 7 days" }, by === null ? "" : by > 0 ? `▲ ${by}` : by < 0 ? `▼ ${-by}` : "–"),
    el("td.line", {}, sparkline(ranks, { width: 90, height: 22, inverted: true, label: first === null ? null : `Best place ${full(Math.min(...ranks.filter((past) => past !== null)))}` })),
    el("td.number", {}, score(points)),
  );
}
