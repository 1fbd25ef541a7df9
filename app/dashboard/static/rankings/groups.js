// All rankings in groups, with how fresh each is.

import { read, serverNow } from "../parts/api.js";
import { $, el } from "../parts/dom.js";
import { span } from "../parts/format.js";
import { problemNotice, put, skeleton } from "../parts/notice.js";
import { poll } from "../parts/poll.js";
import { rankingName } from "../parts/words.js";

const POLL_MS = 30_000;
const GROUPS = [
  ["Trending", ({ formula }) => ["weighted_decay", "minmax_hot", "breakout", "gravity", "reddit_hot"].includes(formula)],
  ["Top lists", ({ formula }) => ["top_count", "wilson"].includes(formula)],
  ["Others", () => true],
];

const WINDOWS = ["1h", "24h", "7d", "30d", "all", "today", "week", "month"];
const STEMS = ["trending", "hot", "breakout"]; // these first, others in the order of their names

// Trending before others; within a name the shorter window first.
function inOrder(one, other) {
  const of = ({ name, window }) => {
    const list = name.endsWith(`_${window}`) ? name.slice(0, -window.length - 1) : name;
    const stem = STEMS.indexOf(list.split("_")[0]);
    return { stem: stem < 0 ? STEMS.length : stem, list, window: WINDOWS.indexOf(window) };
  };
  const [first, second] = [of(one), of(other)];
  return first.stem - second.stem || first.list.localeCompare(second.list) || first.window - second.window;
}

/** Show them; `known(overview)` is called with the one that is chosen. */
export function groups({ href, known }) {
  let found = [];
  let chosen = "";
  const polled = poll({ every: POLL_MS, ask: () => read("/analytics/rankings"), show, fail });
  put($("#groups"), skeleton(8, 20));

  function show({ body }) {
    found = body.rankings;
    draw();
  }

  function draw() {
    const isDaily = ({ schedule }) => !/^\S+ \*/.test(schedule);
    const left = new Set(found);
    const grouped = [["Daily", isDaily], ...GROUPS].map(([title, belongs]) => {
      const members = [...left].filter(belongs);
      for (const one of members) left.delete(one);
      return [title, members];
    });
    const [daily, ...others] = grouped;
    for (const [, members] of grouped) members.sort(inOrder);
    const blocks = [...others, daily].filter(([, members]) => members.length);
    $("#groups").setAttribute("aria-busy", "false");
    const open = document.activeElement?.getAttribute?.("href");
    $("#groups").replaceChildren(...blocks.map(([title, members]) => el("section", {}, el("h2.group", {}, title), el("ul", {}, members.map(entry)))));
    if (open) [...$("#groups").querySelectorAll("a")].find((link) => link.getAttribute("href") === open)?.focus();
    known(found.find(({ name }) => name === chosen) ?? null);
  }

  function entry(one) {
    const changes = { ranking: one.name, segment: "" };
    const age = one.confirmedAt ? span((serverNow() - Date.parse(one.confirmedAt)) / 1000) : "–";
    const state = !one.enabled ? el("span.badge", {}, "off") : el("span.age", { title: one.confirmedAt ? "How long ago it was known to hold" : "It was never computed" }, age);
    const link = el("a", { href: href(changes), "data-state": JSON.stringify(changes), "aria-current": one.name === chosen ? "true" : null, "data-open": "" }, rankingName(one.name));
    return el("li", { "data-row": "" }, link, state);
  }

  function fail(problem) {
    if (!found.length) put($("#groups"), problemNotice(problem, () => polled.now()));
  }

  return {
    about({ ranking }) {
      chosen = ranking;
      if (found.length) draw();
      else polled.now();
    },
  };
}
