// "Checked 5 s ago, changed 6 min ago": how far what is shown can be trusted.

import { serverNow } from "./api.js";
import { setText } from "./dom.js";
import { span } from "./format.js";

/**
 * Keep an element (class `freshness`) saying when was last asked and when it last changed.
 *
 * `checked({changedAt, stale})` after each answer, `failed(problem)` after each that did not come.
 * Where nothing tells when it changed, `what` is what was answered: another one has changed just now.
 */
export function freshness(element) {
  let checkedAt = 0;
  let changedAt = 0;
  let state = "waiting";
  let known = null; // the last `what`

  const ago = (moment) => `${span((serverNow() - moment) / 1000)} ago`;
  function show() {
    element.dataset.state = state;
    const words = { waiting: "Loading…", live: "", stale: "Out of date: ", slow: "Slow: ", down: "Not connected: ", refused: "A key is needed" };
    if (state === "waiting" || state === "refused") return setText(element, words[state]);
    const checked = checkedAt ? `checked ${ago(checkedAt)}` : "never reached";
    const changed = changedAt ? `, changed ${ago(Math.max(changedAt, 0))}` : "";
    const text = words[state] + checked + changed;
    setText(element, text[0].toUpperCase() + text.slice(1));
  }
  setInterval(show, 1000);
  show();
  return {
    checked({ changedAt: moment = null, stale = false, what = null } = {}) {
      checkedAt = serverNow();
      const text = what && JSON.stringify(what);
      if (known && text !== known) changedAt = checkedAt;
      known = text;
      if (moment) changedAt = typeof moment === "number" ? moment : Date.parse(moment);
      state = stale ? "stale" : "live";
      show();
    },
    failed(problem) {
      state = problem.kind === "refused" ? "refused" : problem.kind === "slow" || problem.kind === "busy" ? "slow" : "down";
      show();
    },
  };
}
