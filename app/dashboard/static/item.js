// An item's page: what it is, how it is doing, where it stands and why.

import { itemOfAddress, stateInAddress } from "./parts/address.js";
import { beside } from "./item/beside.js";
import { head } from "./item/head.js";
import { manage } from "./item/manage.js";
import { numbers } from "./item/numbers.js";
import { places } from "./item/places.js";

const DEFAULTS = { range: "24h", bucket: "", zone: "", metric: "views", list: "trending_24h" };

const item = itemOfAddress(window.location);
const links = { go: (changes) => state.go(changes), href: (changes) => state.href(changes) };
const doing = numbers(item, links);
const standing = places(item, links);
const shown = head(item, { known: begin, changed: () => standing.again() });
let begun = false;

const state = stateInAddress(DEFAULTS, (now) => {
  doing.about(now);
  standing.about(now);
});

// What there is to say of an item is asked for once there is such an item.
function begin(entry) {
  manage(item, entry, { done: shown.again });
  if (begun) return;
  begun = true;
  state.begin();
  beside(item);
}
