// /embed/trending: the list in a page of its own, with the query's parameters as its attributes.
(() => {
  const asked = new URLSearchParams(location.search);
  const list = document.createElement("groundswell-trending");
  for (const name of ["accent", "category", "content-type", "heading", "key", "limit", "link", "locale", "refresh", "theme", "window", "words"])
    if (asked.has(name)) list.setAttribute(name, asked.get(name));
  list.setAttribute("level", "1");
  // A frame's own links would open inside it.
  list.setAttribute("target", asked.get("target") === "_blank" ? "_blank" : "_top");
  const root = document.documentElement;
  if (asked.get("locale")) root.lang = asked.get("locale");
  if (asked.get("dir") === "rtl") root.dir = "rtl";
  if (/^(light|dark)$/.test(asked.get("theme"))) root.style.colorScheme = asked.get("theme");
  document.title = list.getAttribute("heading") || document.title;
  const bare = new CSSStyleSheet();
  bare.replaceSync("body{margin:0}");
  document.adoptedStyleSheets = [bare];
  document.addEventListener("DOMContentLoaded", () => document.querySelector("main").append(list));
})();
