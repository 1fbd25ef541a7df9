// The overview: how the site is doing, and what is trending now.

import { stateInAddress } from "./parts/address.js";
import { site } from "./overview/site.js";
import { trending } from "./overview/trending.js";
import { choices } from "./overview/choices.js";

const DEFAULTS = { window: "24h", category: "", type: "", change: "1h" };

const shown = site();
const list = trending({ clear: () => state.go({ category: "", type: "" }) });
const offered = choices({ go: (changes) => state.go(changes), href: (changes) => state.href(changes) });
const state = stateInAddress(DEFAULTS, (now) => {
  offered.show(now);
  shown.about(now.window);
  list.about(now);
});
state.begin();
