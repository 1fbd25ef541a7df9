// The list: rows of one snapshot, with what belongs to them.

import { address } from "../parts/address.js";
import { read, serverNow } from "../parts/api.js";
import { copy } from "../parts/clipboard.js";
import { $, el, setText } from "../parts/dom.js";
import { freshness } from "../parts/freshness.js";
import { line, notice, problemLine, problemNotice, put, skeleton } from "../parts/notice.js";
import { poll } from "../parts/poll.js";
import { WINDOWS } from "../parts/windows.js";
import { placesThen } from "./changes.js";
import { lines } from "./lines.js";
import { table } from "./table.js";

const POLL_MS = 3_000;
const PAGE = 25;
const MOST_AT_ONCE = 100;

/** Show the list; `about(state)` chooses which, `clear` takes the filters away. */
export function trending({ clear }) {
  const fresh = freshness($("#freshness"));
  const rows = table();
  let shown = null; // the pages that are shown, of one run
  let of = null; // the state that they belong to
  let size = PAGE;

  const polled = poll({ every: POLL_MS, ask, show, fail });

  async function ask(state) {
    const { body: first, changed } = await read(listAddress(state, { limit: Math.min(size, MOST_AT_ONCE) }));
    if (!changed && shown && of === state && shown.runId === first.runId && shown.items.length >= Math.min(size, shown.most)) return Object.assign(shown, { stale: first.stale, asOf: first.asOf });
    const items = [...first.items];
    let cursor = first.nextCursor;
    while (cursor && items.length < size) {
      const { body } = await read(listAddress(state, { cursor, limit: Math.min(MOST_AT_ONCE, size - items.length) }));
      items.push(...body.items);
      cursor = body.nextCursor;
    }
    return { ...first, items, nextCursor: cursor, most: cursor ? Infinity : items.length };
  }

  function show(found, state) {
    const changed = found !== shown || of !== state;
    const isNew = shown && of === state && shown.runId !== found.runId;
    shown = found;
    of = state;
    fresh.checked({ stale: found.stale, changedAt: changed ? changedAt(found, isNew) : null });
    $("#trending").setAttribute("aria-busy", "false");
    put($("#trending-line"), found.stale && found.runId ? staleLine(found) : null);
    if (!changed) return;
    rows.show(found);
    setText($("#caption"), `${titleOf(found)}, best first; counts are those inside the window`);
    setText($("#trending-title"), `Trending ${found.window === "all" ? "of all time" : "now"}${state.category ? ` in ${state.category}` : ""}`);
    $("#table").hidden = found.items.length === 0;
    $("#more").hidden = !found.nextCursor;
    put($("#list-notice"), found.items.length ? null : nothing(found, state, clear));
    announce(found);
    lines(found).then((views) => views && shown === found && rows.lines(views));
    placesThen(found, state).then((then) => {
      if (shown !== found) return;
      rows.changes(then);
      setText($("#compared"), then.words);
    });
  }

  function fail(problem, state) {
    fresh.failed(problem);
    $("#trending").setAttribute("aria-busy", "false");
    const again = () => polled.now();
    const stays = shown && of === state;
    if (stays) return put($("#trending-line"), problemLine(problem, again));
    // Rows of another list must not stand under this choice.
    shown = null;
    $("#table").hidden = true;
    $("#more").hidden = true;
    put($("#trending-line"), null);
    put($("#list-notice"), problemNotice(problem, again));
  }

  $("#more").addEventListener("click", async () => {
    size = shown.items.length + PAGE;
    $("#more").disabled = true;
    await polled.about(of);
    $("#more").disabled = false;
  });

  return {
    about(state) {
      size = PAGE;
      $("#trending").setAttribute("aria-busy", "true");
      if (!shown) put($("#list-notice"), skeleton(8, 30));
      polled.about({ ...state, window: Object.hasOwn(WINDOWS, state.window) ? state.window : "24h" });
    },
  };
}

function listAddress({ window, category, type }, parameters) {
  return address("/analytics/trending", { window, category, contentType: type, ...parameters });
}

// A run that found nothing new moves only `asOf`: what was seen to change has changed just now.
const changedAt = (found, isNew) => (isNew ? serverNow() : found.asOf);

const titleOf = (found) => `Trending in ${WINDOWS[found.window].words}`;

function staleLine(found) {
  return line("stale", "This list stands still.", `It is as of ${new Date(found.asOf).toLocaleString()}. Is the worker running? The status page says what has stopped.`, el("a", { href: "/status" }, "Status"));
}

function nothing(found, { category, type, window }, clear) {
  if (category || type) {
    const all = el("button.button.quiet", { type: "button", onclick: clear }, "Show all");
    return notice(`Nothing in ${[category, type].filter(Boolean).join(", ")} in ${WINDOWS[window].words}`, "Choose a longer window, or all categories and types.", all);
  }
  const example = `curl -X POST ${location.origin}/analytics/view/my-first-video`;
  const button = el("button.button", { type: "button" }, "Copy");
  button.addEventListener("click", async () => {
    setText(button, (await copy(example)) ? "Copied" : "Select it, and copy by hand");
  });
  return notice("Nothing has moved yet", "Send a first event. It shows here within about a minute, when the next ranking is computed.", el("pre", { tabindex: "0", "aria-label": "Example" }, el("code", { id: "example" }, example)), button);
}

let said = "";
function announce(found) {
  const top = found.items.slice(0, 3).map((item) => `${item.rank}, ${item.title || item.contentId}`).join("; ");
  if (!top || said === top) return;
  said = top;
  setText($("#summary"), `${titleOf(found)}: ${top}.`);
}
