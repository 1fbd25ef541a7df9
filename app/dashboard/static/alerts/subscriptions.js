// The subscriptions: pause, test, log, remove.

import { address } from "../parts/address.js";
import { read, send } from "../parts/api.js";
import { $, el, setText } from "../parts/dom.js";
import { time } from "../parts/format.js";
import { freshness } from "../parts/freshness.js";
import { notice, problemLine, problemNotice, put, skeleton } from "../parts/notice.js";
import { poll } from "../parts/poll.js";
import { conditionWords } from "./words.js";

const POLL_MS = 15_000;
const PAGE = 100;

/** Show them; returns `{again()}`, which asks for them anew. */
export function subscriptions() {
  const fresh = freshness($("#freshness"));
  let shown = false;
  const polled = poll({ every: POLL_MS, ask, show, fail });
  put($("#alerts-notice"), skeleton(4, 30));
  polled.now();

  async function ask() {
    const alerts = [];
    let cursor = null;
    do {
      const { body } = await read(address("/alerts", { limit: PAGE, cursor }));
      alerts.push(...body.alerts);
      cursor = body.nextCursor;
    } while (cursor);
    return alerts;
  }

  function show(alerts) {
    shown = true;
    fresh.checked({ what: alerts });
    put($("#alerts-line"), null);
    $("#subscriptions").setAttribute("aria-busy", "false");
    const focused = document.activeElement?.dataset?.act;
    const of = document.activeElement?.closest("[data-row]")?.dataset.key;
    $("#alerts").replaceChildren(...alerts.map(entry));
    if (focused && of) $(`[data-key="${of}"] [data-act="${focused}"]`, $("#alerts"))?.focus();
    put($("#alerts-notice"), alerts.length ? null : notice("Nobody is told of anything yet", "Make an alert: of an item that comes into the top ten, breaks out, or passes a million views."));
  }

  function fail(problem) {
    fresh.failed(problem);
    $("#subscriptions").setAttribute("aria-busy", "false");
    const again = () => polled.now();
    if (shown) return put($("#alerts-line"), problemLine(problem, again));
    put($("#alerts-notice"), problemNotice(problem, again));
  }

  function entry(alert) {
    const path = `/alerts/${alert.id}`;
    const act = (name, words, label, doing) => el("button.link", { type: "button", "data-act": name, "aria-label": `${words}: ${label}`, onclick: () => attempt(doing) }, words);
    const label = alert.name ?? conditionWords(alert);
    const isActive = alert.status === "active";
    return el(
      "li.alert",
      { "data-row": "", "data-key": String(alert.id) },
      el("div.alert-head", {}, el("h3", {}, label), el(`span.badge.${{ active: "good", paused: "warn", disabled: "bad" }[alert.status]}`, { title: alert.disabledBecause }, alert.status)),
      el("p", {}, conditionWords(alert)),
      el("p.soft.where", {}, alert.url ? `to ${alert.url}` : "only the stream has its alerts", alert.disabledBecause && ` (${alert.disabledBecause})`),
      el(
        "div.acts",
        {},
        act("pause", isActive ? "Pause" : "Resume", label, () => send("PATCH", path, { status: isActive ? "paused" : "active" })),
        alert.url && act("test", "Send a test", label, () => send("POST", `${path}/test`).then(() => setText($("#said"), "A test is on its way."))),
        alert.url && act("log", "Deliveries", label, () => log(path)),
        act("remove", "Remove", label, () => remove(path)),
      ),
    );
  }

  async function attempt(doing) {
    try {
      await doing();
      await polled.about(null);
    } catch (problem) {
      put($("#alerts-line"), problemLine(problem, () => polled.now()));
    }
  }

  return { again: () => polled.about(null) };
}

function remove(path) {
  const dialog = $("#removing");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve, reject) => {
    dialog.addEventListener("close", () => (dialog.returnValue === "remove" ? send("DELETE", path).then(resolve, reject) : resolve()), { once: true });
  });
}

async function log(path) {
  const { body } = await read(`${path}/deliveries?limit=50`);
  const rows = body.deliveries.map((one) =>
    el("tr", {}, el("td", {}, time(one.attemptedAt)), el("td", {}, el(`span.badge.${{ delivered: "good", retrying: "warn", givenUp: "bad" }[one.outcome]}`, {}, { delivered: "delivered", retrying: "tried again", givenUp: "given up" }[one.outcome])), el("td.number", {}, String(one.attempt)), el("td", {}, one.error ?? `answered ${one.status}`)),
  );
  const head = el("thead", {}, el("tr", {}, ["When", "Outcome", "Try", "Answer"].map((name) => el("th", { scope: "col" }, name))));
  const table = el("table.rows", {}, el("caption.quiet-text", {}, "Tries to send the webhook, newest first"), head, el("tbody", {}, rows));
  const pending = body.pending ? `${body.pending} still to be sent.` : "";
  put($("#log-body"), rows.length ? el("div", {}, el("p.soft", {}, pending), table) : notice("Nothing was sent yet", pending || "Send a test to see it go."));
  $("#log").showModal();
}
