// An item's page: what it is, how it is doing, where it stands and why.

import { itemOfAddress, stateInAddress } from "./parts/address.js";
import { $ } from "./parts/dom.js";
import { beside } from "./item/beside.js";
import { head } from "./item/head.js";
import { numbers } from "./item/numbers.js";
import { places } from "./item/places.js";

const DEFAULTS = { range: "24h", bucket: "", zone: "", metric: "views", list: "trending_24h" };

const item = itemOfAddress(window.location);
const links = { go: (changes) => state.go(changes), href: (changes) => state.href(changes) };
const doing = numbers(item, links);
const standing = places(item, links);
const shown = head(item, { known: begin, changed: () => standing.again() });
let known = null;

const state = stateInAddress(DEFAULTS, (now) => {
  doing.about(now);
  standing.about(now);
});

// What there is to say of an item is asked for once there is such an item.
function begin(entry) {
  const isFirst = known === null;
  known = entry;
  if (!isFirst) return;
  $("#manage").hidden = false;
  $("#manage").addEventListener("click", manage);
  state.begin();
  beside(item);
}

// Few do: what it takes is loaded then.
async function manage() {
  const { manage: open } = await import("./item/manage.js");
  open(item, known, { done: shown.again });
}
