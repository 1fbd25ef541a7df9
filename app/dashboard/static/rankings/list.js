// The list of one ranking: now, or as it was.

import { address, itemAddress } from "../parts/address.js";
import { read, serverNow } from "../parts/api.js";
import { $, el, setText } from "../parts/dom.js";
import { count, full, score, time } from "../parts/format.js";
import { freshness } from "../parts/freshness.js";
import { line, notice, problemLine, problemNotice, put, skeleton } from "../parts/notice.js";
import { poll } from "../parts/poll.js";
import { fillRows } from "../parts/rows.js";
import { rankingName } from "../parts/words.js";
import { agoWords, inWords } from "./words.js";

const POLL_MS = 5_000;
const PAGE = 25;
const MOST_AT_ONCE = 100;
const HOURS = 168;
const COUNTS = ["views", "likes", "comments", "shares"];

/**
 * Show the list; `go` changes the address, `known(overview)` hears which ranking is shown, and
 * `edit(item)` which row an editor wants to change.
 */
export function list({ go, known, edit }) {
  const fresh = freshness($("#freshness"));
  let overview = null;
  let shown = null;
  let of = null;
  let size = PAGE;
  let wanted = null;
  let told = null; // the ranking that `known` has heard of
  const polled = poll({ every: POLL_MS, ask, show, fail });

  async function ask(state) {
    const ago = agoOf(state);
    // Of a whole minute, so that an answer is kept while it holds.
    const asOf = ago ? new Date(Math.floor((serverNow() - ago * 3_600_000) / 60_000) * 60_000).toISOString() : null;
    const path = `/analytics/rankings/${encodeURIComponent(state.ranking)}`;
    const { body } = await read(address(path, { asOf, segment: state.segment, limit: Math.min(size, MOST_AT_ONCE) }));
    const items = [...body.items];
    let cursor = body.nextCursor;
    while (cursor && items.length < size) {
      const { body: next } = await read(address(path, { cursor, limit: Math.min(MOST_AT_ONCE, size - items.length) }));
      items.push(...next.items);
      cursor = next.nextCursor;
    }
    return { ...body, items, nextCursor: cursor };
  }

  function show(found, state) {
    const isSameList = shown && of?.ranking === state.ranking && of.segment === state.segment && of.ago === state.ago;
    const isNew = isSameList && shown.runId !== found.runId;
    shown = found;
    of = state;
    $("#list").setAttribute("aria-busy", "false");
    // A run that found nothing new moves only `asOf`.
    fresh.checked({ changedAt: isNew ? serverNow() : isSameList ? null : found.asOf, stale: found.stale });
    label(state, found);
    put($("#list-line"), found.stale ? line("stale", "This list stands still.", "Is the worker running, and the job of rankings?", el("a", { href: "/status" }, "Status")) : null);
    setText($("#caption"), `${rankingName(found.ranking)}, best first`);
    $("#table").hidden = !found.items.length;
    $("#more").hidden = !found.nextCursor;
    put($("#list-notice"), found.items.length ? null : notice("Nothing stands in this list", !agoOf(state) ? "What it ranks has had no events in its window yet." : "It held nothing then."));
    // In a first run all would be new, which tells nothing.
    const someOld = found.items.some((item) => item.previousRank !== null);
    fillRows($("#body"), found.items, { key: keyOf, make, fill: (row, item) => fill(row, item, { isItem: !overview || overview.subject === "item", someOld, edit }), moves: isSameList });
  }

  function fail(problem, state) {
    fresh.failed(problem);
    $("#list").setAttribute("aria-busy", "false");
    const again = () => polled.now();
    if (shown && of === state) return put($("#list-line"), problemLine(problem, again));
    // Rows of another list must not stand under this name.
    shown = null;
    of = state;
    label(state, null);
    $("#table").hidden = $("#more").hidden = true;
    put($("#list-line"), null);
    put($("#list-notice"), problemNotice(problem, again));
  }

  // What is above the rows belongs to them: it changes when they do.
  function label(state, found) {
    setText($("#list-title"), rankingName(state.ranking));
    const when = agoOf(state) ? (found?.asOf ? `as of ${time(found.asOf)}` : agoWords(agoOf(state))) : "";
    setText($("#of-what"), [state.segment.replace(/^[^:]*:/, ""), when].filter(Boolean).join(" · "));
    tell();
  }

  function tell() {
    const about = overview?.name === of?.ranking ? overview : null;
    setText($("#words"), about ? inWords(about) : "");
    segments(about, wanted);
    if (told !== about) known((told = about));
  }

  $("#more").addEventListener("click", () => {
    size = shown.items.length + PAGE;
    polled.about(of);
  });
  $("#ago").addEventListener("input", () => setText($("#ago-words"), agoWords(HOURS - $("#ago").value)));
  $("#ago").addEventListener("change", () => go({ ago: String(HOURS - $("#ago").value) }));
  $("#segment").addEventListener("change", () => go({ segment: $("#segment").value }));

  return {
    about(state) {
      wanted = state;
      size = PAGE;
      $("#ago").value = HOURS - agoOf(state);
      setText($("#ago-words"), agoWords(agoOf(state)));
      $("#list").setAttribute("aria-busy", "true");
      if (of?.ranking !== state.ranking) known((told = null));
      if (!shown) {
        of = state;
        label(state, null);
        put($("#list-line"), null);
        put($("#list-notice"), skeleton(8, 26));
      }
      polled.about(state);
    },
    known(found) {
      overview = found;
      tell();
    },
    again: () => polled.now(),
  };
}

// The categories and types that the service knows, where the ranking is ranked in such parts.
async function segments(overview, state) {
  const kinds = (overview?.segments ?? []).filter((kind) => kind === "category" || kind === "contentType");
  const select = $("#segment");
  select.hidden = !kinds.length;
  if (!kinds.length || select.dataset.of === overview.name) return void (select.value = state?.segment ?? "");
  select.dataset.of = overview.name;
  const { body } = await read(address("/search", { limit: 100 })).catch(() => ({ body: { categories: [], contentTypes: [] } }));
  const names = new Map([["category", body.categories], ["contentType", body.contentTypes]]);
  const group = (kind, label) => kinds.includes(kind) && names.get(kind).length > 0 && el("optgroup", { label }, names.get(kind).map((name) => el("option", { value: `${kind}:${name}` }, name)));
  select.replaceChildren(el("option", { value: "" }, "The whole list"), ...[group("category", "Category"), group("contentType", "Type")].filter(Boolean));
  select.value = state?.segment ?? "";
}

// An address may say anything.
const agoOf = ({ ago }) => Math.min(HOURS, Math.max(0, Math.floor(Number(ago)) || 0));

const keyOf = (item) => `${item.contentType} ${item.contentId}`;

function make() {
  return el(
    "tr",
    {},
    el("td.number.rank"),
    el("td.change"),
    el("th.item", { scope: "row" }, el("div.title"), el("div.about.soft")),
    el("td.number.score"),
    COUNTS.map((name) => el(`td.number.${name}`)),
    el("td.edit", {}, el("button.button.quiet", { type: "button" }, "⋯")),
  );
}

function fill(row, item, { isItem, someOld, edit }) {
  const title = item.title || item.contentId;
  setText($(".rank", row), full(item.rank));
  $(".change", row).replaceChildren(...(someOld ? [moved(item)] : []));
  $(".title", row).replaceChildren(...[isItem ? el("a", { href: itemAddress(item.contentType, item.contentId), "data-open": "" }, title) : title, item.pinned && el("span.badge", {}, "Pinned"), item.featured && el("span.badge", {}, "Featured")].filter(Boolean));
  $(".edit button", row).setAttribute("aria-label", `Edit ${title} in this list`);
  $(".edit button", row).onclick = () => edit(item);
  setText($(".about", row), [item.creator, item.category, item.contentType].filter(Boolean).join(" · "));
  setText($(".score", row), score(item.score));
  for (const name of COUNTS) {
    setText($(`.${name}`, row), count(item[name]));
    $(`.${name}`, row).title = full(item[name]);
  }
}

function moved({ rank, previousRank }) {
  if (previousRank === null) return el("span.new", {}, "new");
  const by = previousRank - rank;
  if (!by) return el("span.soft", {}, el("span.quiet-text", {}, "unchanged"), "–");
  return el(by > 0 ? "span.up" : "span.down", {}, el("span.quiet-text", {}, by > 0 ? "up " : "down "), el("span", { "aria-hidden": "true" }, by > 0 ? "↑" : "↓"), full(Math.abs(by)));
}
