// What every page has: keys, search and the theme.

import { listenToKeys } from "./parts/keyboard.js";
import { listenToSearch } from "./parts/search.js";
import { listenToTheme } from "./parts/themes.js";

listenToTheme();
listenToKeys();
listenToSearch();
