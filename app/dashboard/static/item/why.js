// Why the item stands where it does in a ranking: its components, the last hour, the next place.

import { address } from "../parts/address.js";
import { read } from "../parts/api.js";
import { chart } from "../parts/chart.js";
import { $, el, setText } from "../parts/dom.js";
import { full, score, signed, time, ZONE } from "../parts/format.js";
import { sentence } from "../parts/notice.js";
import { componentName, isSum, rankingName } from "../parts/words.js";

const MOST_PAGES = 5;
const PAGE = 100;

/** Return what shows an explanation, or that there is none. */
export function why() {
  const drawn = chart($("#history"), { height: 170 });
  let shown = null;
  return {
    show(explanation) {
      shown = explanation;
      $("#why").hidden = !explanation;
      if (!explanation) return;
      setText($("#why-list"), rankingName(explanation.ranking));
      $("#why-place").replaceChildren(...placeWords(explanation));
      $("#why-parts").replaceChildren(isSum(explanation) ? barsOf(explanation) : factsOf(explanation));
      setText($("#why-hour"), hourWords(explanation));
      setText($("#why-next"), "");
      nextPlace(explanation).then((words) => shown === explanation && setText($("#why-next"), words));
      const past = explanation.history;
      const ranked = past.filter((one) => one.rank !== null).length;
      $("#history-title").hidden = $("#history").hidden = ranked < 2;
      if (ranked >= 2) drawn.show(historyOf(explanation));
    },
  };
}

function placeWords({ rank, score: points, description, edit, rankWithoutRules }) {
  const place = rank === null ? "Below the end of the list" : el("strong", {}, `Place ${full(rank)}`);
  return [place, ` with a score of ${score(points)}. `, el("span.soft", {}, description), ...editWords(edit, rank, rankWithoutRules)];
}

// What an editor's rule does to it, or to others above it.
function editWords(edit, rank, without) {
  if (!edit && rank === without) return [];
  const place = without === null ? "" : ` By score alone it would be at ${full(without)}.`;
  return [el("br"), el("span.edit-words", {}, `${edit ? sentence(edit.words) : "Rules of editors have moved it."}${place}`)];
}

// A component and its fresh part, which counts again, are one bar.
function barsOf({ components }) {
  const bars = new Map();
  for (const part of components) {
    const base = part.component.startsWith("recent") && part.component.length > 6 ? part.component[6].toLowerCase() + part.component.slice(7) : part.component;
    const isFresh = base !== part.component && components.some((other) => other.component === base);
    const name = isFresh ? base : part.component;
    const bar = bars.get(name) ?? { name, steady: 0, fresh: 0 };
    bar[isFresh ? "fresh" : "steady"] += part.points;
    bars.set(name, bar);
  }
  const shown = [...bars.values()].filter(({ steady, fresh }) => Math.abs(steady + fresh) >= 1e-3);
  shown.sort((one, other) => Math.abs(other.steady + other.fresh) - Math.abs(one.steady + one.fresh));
  const most = Math.max(...shown.map(({ steady, fresh }) => Math.abs(steady + fresh)), 1e-9);
  return el("div.bars", {}, shown.map((bar) => barOf(bar, most)));
}

function barOf({ name, steady, fresh }, most) {
  const sum = steady + fresh;
  const piece = (kind, points) => {
    const span = el(`span.${kind}`);
    span.style.width = `${(Math.abs(points) / most) * 100}%`;
    return span;
  };
  const words = sum < 0 ? `${componentName(name)}, more taken back than given` : componentName(name);
  const again = fresh > 0 && steady > 0 ? el("span.soft", {}, `, of it ${signed(fresh)} because fresh`) : null;
  return el(
    "div",
    {},
    el("div.bar-words", {}, el("span", {}, words, again), el("strong", {}, signed(sum))),
    el("div.bar", { "aria-hidden": "true" }, sum < 0 ? piece("taken", sum) : [piece("steady", steady), fresh > 0 && piece("fresh", fresh)]),
  );
}

function factsOf({ components }) {
  return el("dl.facts", {}, components.map((part) => [el("dt", {}, componentName(part.component)), el("dd", {}, score(part.points))]));
}

function hourWords({ components }) {
  if (components.every((part) => part.lastHour === null)) return "";
  const sum = components.reduce((all, part) => all + (part.lastHour ?? 0), 0);
  return Math.abs(sum) < 0.05 ? "The last hour added nothing." : `The last hour ${sum < 0 ? "took" : "added"} ${signed(sum)}.`;
}

async function nextPlace({ ranking, rank, components }) {
  if (rank === null) return "";
  if (rank === 1) return "Nothing stands before it.";
  try {
    const [before, own] = await neighbours(ranking, rank);
    const gap = before.score - own.score;
    const title = before.title || before.contentId;
    return `${score(gap)} behind place ${full(before.rank)}, “${title}”${worth(gap, components)}.`;
  } catch {
    return "";
  }
}

async function neighbours(ranking, rank) {
  let query = { limit: PAGE };
  let last = [];
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { body } = await read(address(`/analytics/rankings/${encodeURIComponent(ranking)}`, query));
    const seen = [...last, ...body.items];
    const at = seen.findIndex((item) => item.rank === rank);
    if (at > 0) return [seen[at - 1], seen[at]];
    last = body.items.slice(-1);
    query = { limit: PAGE, cursor: body.nextCursor };
    if (!body.nextCursor) break;
  }
  throw new Error("too far down");
}

// An event that happens now counts by its weight, and again where fresh ones do.
function worth(gap, components) {
  const of = (name) => components.filter((part) => [name, `recent${name[0].toUpperCase()}${name.slice(1)}`].includes(part.component)).reduce((all, part) => all + (part.weight ?? 0), 0);
  const [likes, views] = [of("likes"), of("views")];
  if (!likes || !views || gap <= 0) return "";
  return `: about ${full(Math.ceil(gap / likes))} likes or ${full(Math.ceil(gap / views))} views`;
}

function historyOf({ history, ranking }) {
  const ranks = history.map((past) => past.rank);
  const known = ranks.filter((rank) => rank !== null);
  return {
    times: history.map((past) => Date.parse(past.asOf) / 1000),
    values: ranks,
    inverted: true,
    zone: ZONE,
    format: full,
    words: (at) => `${time(history[at].asOf)}\n${ranks[at] === null ? "not in the list" : `place ${full(ranks[at])}`}`,
    says: `Place in ${rankingName(ranking)}: best ${full(Math.min(...known))}, now ${full(known.at(-1))}.`,
  };
}
