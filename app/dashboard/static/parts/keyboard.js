// The keys of all pages: / search, j k rows, enter opens (the focused link does), esc, ? help.

import { $, $$ } from "./dom.js";

const isTyping = (element) => element?.closest("input:not([type=range], [type=checkbox], [type=radio]), textarea, select, [contenteditable]");

/** Listen. Rows are `[data-row]`, with the link or button that opens them as `[data-open]`. */
export function listenToKeys() {
  $("#keyboard").addEventListener("click", () => $("#help").showModal());
  document.addEventListener("click", (event) => event.target.closest?.("[data-close]")?.closest("dialog").close());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (isTyping(event.target) || $("dialog[open]")) return;
    const act = { "/": () => $("#search")?.focus(), j: () => step(1), k: () => step(-1), "?": () => $("#help").showModal() }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

function step(by) {
  const openers = $$("[data-row] [data-open]").filter((opener) => opener.getClientRects().length);
  if (!openers.length) return;
  const row = document.activeElement?.closest("[data-row]");
  const at = row ? openers.findIndex((opener) => row.contains(opener)) : -1;
  const to = at < 0 ? (by > 0 ? 0 : openers.length - 1) : Math.min(openers.length - 1, Math.max(0, at + by));
  openers[to].focus();
  openers[to].closest("[data-row]").scrollIntoView({ block: "nearest" });
}
