// The search of the header: titles, categories and types of the catalogue.

import { address, itemAddress } from "./address.js";
import { read } from "./api.js";
import { $, el } from "./dom.js";

const WAIT_MS = 120;

/** Make the header's box search. */
export function listenToSearch() {
  const box = $("#search");
  const list = $("#found");
  let timer = 0;
  let turn = 0;
  let chosen = -1;

  const options = () => [...list.querySelectorAll("[role=option]")];
  function close() {
    turn += 1;
    list.hidden = true;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
    chosen = -1;
  }
  function open(...children) {
    list.replaceChildren(...children);
    list.hidden = false;
    box.setAttribute("aria-expanded", "true");
    choose(options().length ? 0 : -1);
  }
  function choose(at) {
    chosen = at;
    options().forEach((option, n) => option.setAttribute("aria-selected", String(n === at)));
    const option = options()[at];
    if (!option) return box.removeAttribute("aria-activedescendant");
    box.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }
  async function look() {
    const text = box.value.trim();
    const mine = ++turn;
    if (!text) return close();
    try {
      const { body } = await read(address("/search", { q: text, limit: 8 }));
      if (mine === turn) open(...groups(body, text));
    } catch (problem) {
      if (mine === turn) open(el("div.found-none", { role: "option", "aria-disabled": "true", id: "found-problem" }, `${problem.title}.`));
    }
  }

  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, WAIT_MS);
  });
  box.addEventListener("focus", () => box.value && look());
  box.addEventListener("blur", (event) => list.contains(event.relatedTarget) || setTimeout(close, 150));
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // Enter and Escape are the input method's then.
    const all = options();
    if (event.key === "Escape") {
      box.value = "";
      close();
      box.blur();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (all.length) choose((chosen + (event.key === "ArrowDown" ? 1 : all.length - 1)) % all.length);
    } else if (event.key === "Enter") {
      all[chosen]?.click();
    } else return;
    event.preventDefault();
  });
}

function groups(found, text) {
  let number = 0;
  const option = (href, what, about) =>
    el("a.found-option", { role: "option", id: `found-${number++}`, href, tabindex: "-1", "aria-selected": "false" }, el("span.what", {}, what), about && el("span.about", {}, about));
  const group = (name, options) => (options.length ? [el("div.found-group", { role: "presentation" }, name), ...options] : []);
  const all = [
    ...group("Items", found.items.map((item) => option(itemAddress(item.contentType, item.contentId), item.title || item.contentId, [item.creator, item.category || item.contentType].filter(Boolean).join(" · ")))),
    ...group("Categories", found.categories.map((name) => option(address("/", { category: name }), name))),
    ...group("Types", found.contentTypes.map((name) => option(address("/", { type: name }), name))),
  ];
  return all.length ? all : [el("div.found-none", { role: "option", "aria-disabled": "true", id: "found-none" }, `Nothing in the catalogue begins with “${text}”.`)];
}
