// What can be chosen above the list: window, category, type, and what changes are against.

import { address } from "../parts/address.js";
import { read } from "../parts/api.js";
import { $, el } from "../parts/dom.js";
import { WINDOWS } from "../parts/windows.js";

const MOST = 100;

/** Show the choices; `go` changes the page's state, `href` is the address of a changed one. */
export function choices({ go, href }) {
  const selects = { category: $("#category"), type: $("#type"), change: $("#change") };
  let names = { category: [], type: [] };
  let chosen = {};

  for (const [name, select] of Object.entries(selects)) select.addEventListener("change", () => go({ [name]: select.value }));
  read(address("/search", { limit: MOST })).then(
    ({ body }) => {
      names = { category: body.categories, type: body.contentTypes };
      offer();
    },
    () => {}, // The list says what is wrong.
  );

  function offer() {
    for (const [name, all] of [["category", "All categories"], ["type", "All types"]]) {
      const known = [...new Set([...names[name], chosen[name]])].filter(Boolean);
      selects[name].replaceChildren(new Option(all, ""), ...known.map((one) => new Option(one, one)));
      selects[name].value = chosen[name] ?? "";
      selects[name].hidden = known.length === 0 || (name === "type" && known.length === 1 && !chosen.type);
    }
  }

  return {
    show(state) {
      chosen = state;
      const focused = document.activeElement?.dataset.window;
      $("#windows").replaceChildren(
        ...Object.entries(WINDOWS).map(([name, { name: label, words }]) =>
          el("a", { href: href({ window: name }), "data-state": JSON.stringify({ window: name }), "data-window": name, title: words[0].toUpperCase() + words.slice(1), "aria-current": name === state.window ? "true" : null }, label),
        ),
      );
      if (focused) $(`#windows [data-window="${focused}"]`)?.focus();
      selects.change.value = state.change;
      offer();
    },
  };
}
