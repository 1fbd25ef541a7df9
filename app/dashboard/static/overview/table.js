// The rows of the list.

import { itemAddress } from "../parts/address.js";
import { $, el, setText } from "../parts/dom.js";
import { count, full, score } from "../parts/format.js";
import { fillRows } from "../parts/rows.js";
import { sparkline } from "../parts/sparkline.js";
import { scoreParts } from "./score_parts.js";

const COUNTS = ["views", "likes", "comments", "shares"];
const keyOf = (item) => `${item.contentType} ${item.contentId}`;

/** Return what shows a list, and then what comes later: its lines and its changes. */
export function table() {
  const body = $("#body");
  const parts = scoreParts($("#parts"));
  const rowOf = (item) => [...body.children].find((row) => row.dataset.key === keyOf(item));
  let found = null;
  let ranking = "";

  return {
    show(next) {
      // Where half of the rows have a badge, it tells nobody anything.
      const hot = next.items.filter((item) => item.isHot).length;
      const tells = hot > 0 && hot * 2 < next.items.length;
      const types = new Set(next.items.map((item) => item.contentType)).size > 1;
      fillRows(body, next.items, { key: keyOf, make: () => make(parts), fill: (row, item) => fill(row, item, { tells, types, ranking: next.ranking, runId: next.runId }), moves: ranking === next.ranking && found?.segment === next.segment });
      if (ranking !== next.ranking) for (const row of body.children) forget(row);
      found = next;
      ranking = next.ranking;
    },
    lines(views) {
      for (const item of found.items) {
        const values = views.get(keyOf(item));
        if (values) $(".line", rowOf(item)).replaceChildren(sparkline(values, { label: words(values) }));
      }
    },
    changes(then) {
      for (const item of found.items) showChange($("td.change", rowOf(item)), then.of(item));
    },
  };
}

function make(parts) {
  const why = el("button.why", { type: "button" });
  const row = el(
    "tr",
    {},
    el("td.place"),
    el("td.change"),
    el("th.item", { scope: "row" }, el("div.title", {}, el("a", { "data-open": "" }), el("span.badge.ruled", { hidden: true }), el("span.badge.hot", { hidden: true, title: "Among the hottest fifth of the last 24 hours" }, "Hot")), el("div.about")),
    el("td.line"),
    el("td.number.score", {}, why),
    COUNTS.map((name) => el(`td.number.${name}`)),
  );
  parts.listen(why, row);
  return row;
}

function fill(row, item, { tells, types, ranking, runId }) {
  setText($(".place", row), String(item.rank));
  const link = $("[data-open]", row);
  setText(link, item.title || item.contentId);
  link.href = itemAddress(item.contentType, item.contentId);
  link.title = item.title || item.contentId;
  const ruled = $(".badge.ruled", row);
  ruled.hidden = !(item.pinned || item.featured);
  setText(ruled, item.pinned ? "Pinned" : "Featured");
  ruled.title = item.pinned ? "An editor has put it at this place" : "An editor has put it before what follows the scores";
  $(".badge.hot", row).hidden = !(tells && item.isHot);
  setText($(".about", row), [item.creator, item.category, types || !(item.creator || item.category) ? item.contentType : null].filter(Boolean).join(" · "));
  Object.assign(row.dataset, { ranking, run: runId, type: item.contentType, id: item.contentId });
  const why = $(".why", row);
  setText(why, score(item.score));
  why.setAttribute("aria-label", `Score ${score(item.score)}: what it is made of`);
  for (const name of COUNTS) {
    const cell = $(`td.${name}`, row);
    setText(cell, count(item[name]));
    cell.title = full(item[name]);
  }
}

// What belongs to the list before must not stand beside rows of this one.
function forget(row) {
  $(".line", row).replaceChildren();
  showChange($("td.change", row), null);
}

function showChange(cell, found) {
  const by = found?.by;
  const [text, spoken, way] =
    by === undefined || by === null ? ["", "", ""]
    : by === "new" ? ["new", found.below ? `was below place ${found.below}` : "was not in the list", "new"]
    : by > 0 ? [`▲ ${by}`, `up ${by}`, "up"]
    : by < 0 ? [`▼ ${-by}`, `down ${-by}`, "down"]
    : ["–", "same place", ""];
  cell.className = `change ${way || "soft"}`;
  cell.title = spoken;
  cell.replaceChildren(...(text ? [el("span", { "aria-hidden": "true" }, text), el("span.quiet-text", {}, spoken)] : []));
}

function words(values) {
  const sum = values.reduce((all, value) => all + value, 0);
  return `${full(sum)} views, ${full(Math.max(...values))} at most at once`;
}
