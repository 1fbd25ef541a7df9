// The rankings: which there are, what each holds now or held then, and what it would hold.

import { stateInAddress } from "./parts/address.js";
import { editor } from "./rankings/editor.js";
import { groups } from "./rankings/groups.js";
import { list } from "./rankings/list.js";
import { whatIf } from "./rankings/what_if.js";

const DEFAULTS = { ranking: "trending_24h", ago: "0", segment: "" };

const offered = groups({ href: (changes) => state.href(changes), known: (overview) => shown.known(overview) });
const shown = list({
  go: (changes, how) => state.go(changes, how),
  known(overview) {
    tried.about(overview);
    edited.about(overview);
  },
  edit: (item) => edited.ask(item),
});
const tried = whatIf({ applied: () => shown.again() });
const edited = editor({ changed: () => shown.again() });
const state = stateInAddress(DEFAULTS, (now) => {
  offered.about(now);
  shown.about(now);
});
state.begin();
