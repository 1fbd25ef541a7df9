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
const HISTORY = "7d";

/** Begin to show them; `about(state)` chooses the list, `again` asks anew. */
export function places(item, { href }) {
  let found = null; // what came last
  let chosen = "";
  const explained = why();
  const polled = poll({ every: POLL_MS, ask: (list) => askAll(item, list), show, fail });
  put($("#places-notice"), skeleton(6));

  function show(next) {
    found = next;
    $("#places").removeAttribute("aria-busy");
    $("#why").removeAttribute("aria-busy");
    put($("#places-notice"), found.placed.length ? null : notice("In no ranking", "It has no events in any window, or rankings leave it out."));
    put($("#why-notice"), null);
    draw();
    explained.show(found.explanation);
  }

  function fail(problem) {
    $("#why").removeAttribute("aria-busy");
    put($("#places-notice"), problemLine(problem, () => polled.now()));
  }

  function draw() {
    if (!found) return;
    const { placed, unplaced } = found;
    $("#places-table").hidden = placed.length === 0;
    $("#places-body").replaceChildren(...placed.map((place) => row(place, place.ranking === (isPlaced() ? chosen : placed[0].ranking), href)));
    setText($("#unplaced"), unplaced.length ? `Not in: ${unplaced.map(({ ranking }) => rankingName(ranking)).join("; ")}.` : "");
  }

  const isPlaced = () => found.placed.some(({ ranking }) => ranking === chosen);

  return {
    about({ list }) {
      if (chosen === list && found) return;
      chosen = list;
      $("#why").setAttribute("aria-busy", "true");
      const focused = document.activeElement?.dataset?.list;
      draw();
      if (focused) document.querySelector(`[data-list="${CSS.escape(focused)}"]`)?.focus();
      polled.about(list);
    },
    again: () => polled.about(chosen),
  };
}

// All places in one answer; of one of them, why.
async function askAll(item, chosen) {
  const { segment, query } = idInPath(item.contentId);
  const of = { ...query, contentType: item.contentType, since: HISTORY };
  const { body } = await read(address(`/analytics/items/${segment}/places`, of));
  const placed = body.places.filter(({ rank }) => rank !== null).sort((one, other) => inTable(one) - inTable(other));
  const current = placed.find(({ ranking }) => ranking === chosen) ?? placed[0];
  return { placed, unplaced: body.places.filter(({ rank }) => rank === null), explanation: current ? await explanationOf(current.ranking, segment, of) : null };
}

// Trending lists by their window, then the others by the item's place.
function inTable({ ranking, rank }) {
  const at = Object.keys(WINDOWS).indexOf(ranking.replace(/^trending_/, ""));
  return ranking.startsWith("trending_") && at >= 0 ? at : 10 + rank;
}

async function explanationOf(ranking, segment, of) {
  try {
    return (await read(address(`/analytics/rankings/${encodeURIComponent(ranking)}/items/${segment}`, of))).body;
  } catch (problem) {
    if (problem.kind === "missing") return null;
    throw problem;
  }
}

function row({ ranking, rank, of, score: points, history }, isCurrent, href) {
  const ranks = history.map((past) => past.rank);
  const first = ranks.find((past) => past !== null) ?? null;
  const by = first === null ? null : first - rank;
  const link = el("a", { href: href({ list: ranking }), "data-state": JSON.stringify({ list: ranking }), "data-open": "", "data-list": ranking }, rankingName(ranking));
  return el(
    "tr",
    { "data-row": "", "aria-current": isCurrent ? "true" : null },
    el("th", { scope: "row" }, link),
    el("td.number", {}, el("strong", {}, full(rank)), el("span.soft.of", {}, ` of ${full(of)}`)),
    el(`td.change.${by > 0 ? "up" : by < 0 ? "down" : "soft"}`, { title: "Since the oldest run that is kept of the last 7 days" }, by === null ? "" : by > 0 ? `▲ ${by}` : by < 0 ? `▼ ${-by}` : "–"),
    el("td.line", {}, sparkline(ranks, { width: 90, height: 22, inverted: true, label: first === null ? null : `Best place ${full(Math.min(...ranks.filter((past) => past !== null)))}` })),
    el("td.number", {}, score(points)),
  );
}
