// The theme: the system's, light or dark, kept on this machine.

import { $ } from "./dom.js";

const NAME = "groundswell-theme";
const ORDER = ["system", "light", "dark"];
const isDark = matchMedia("(prefers-color-scheme: dark)");

/** "light" or "dark": what is shown now. */
export const shownTheme = () => document.documentElement.dataset.theme ?? (isDark.matches ? "dark" : "light");

/** Be told when colors change, by the switch or by the system. */
export const onTheme = (act) => addEventListener("groundswell-theme", act);

/** Make the header's switch work. */
export function listenToTheme() {
  const button = $("#theme");
  const tell = () => dispatchEvent(new Event("groundswell-theme"));
  const say = () => {
    const words = `Theme: ${document.documentElement.dataset.theme ?? "system"}`;
    button.setAttribute("aria-label", words);
    button.title = words;
  };
  button.addEventListener("click", () => {
    const now = document.documentElement.dataset.theme ?? "system";
    const next = ORDER[(ORDER.indexOf(now) + 1) % ORDER.length];
    if (next === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    try {
      if (next === "system") localStorage.removeItem(NAME);
      else localStorage.setItem(NAME, next);
    } catch {
      // Storage is closed: it holds for this page.
    }
    say();
    tell();
  });
  isDark.addEventListener("change", tell);
  say();
}
