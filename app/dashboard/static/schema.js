// The API page's colors by the theme that is shown, which RapiDoc takes as attributes.

import { onTheme, shownTheme } from "./parts/themes.js";

const THEMES = {
  light: { theme: "light", "bg-color": "#ffffff", "text-color": "#14222b", "primary-color": "#0b6670", "nav-bg-color": "#f7f8f9", "nav-text-color": "#14222b" },
  dark: { theme: "dark", "bg-color": "#151d22", "text-color": "#e5ecf0", "primary-color": "#5cc7cf", "nav-bg-color": "#0e1418", "nav-text-color": "#e5ecf0" },
};

const page = document.querySelector("rapi-doc");

function paint() {
  for (const [name, value] of Object.entries(THEMES[shownTheme()])) page.setAttribute(name, value);
}

onTheme(paint);
paint();
