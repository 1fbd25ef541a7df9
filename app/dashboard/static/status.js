// How everything fares: what comes in, what waits, jobs, rankings, and what to do about it.

import { read, serverNow } from "./parts/api.js";
import { $, el, setText } from "./parts/dom.js";
import { count, full, score, span, time } from "./parts/format.js";
import { freshness } from "./parts/freshness.js";
import { notice, problemLine, problemNotice, put, skeleton } from "./parts/notice.js";
import { poll } from "./parts/poll.js";
import { rankingName } from "./parts/words.js";
import { troubles } from "./status/troubles.js";

const POLL_MS = 5_000;
const ENTRIES = 10;

const fresh = freshness($("#freshness"));
let shown = false;

const polled = poll({ every: POLL_MS, ask, show, fail });
put($("#status-notice"), skeleton(6, 30));
polled.now();

async function ask() {
  const { body } = await read("/admin/status");
  const trail = await read(`/admin/audit?limit=${ENTRIES}`).then(({ body: page }) => page.entries, () => null);
  return { ...body, trail };
}

function show(found) {
  shown = true;
  fresh.checked({ what: { ...found, asOf: null } });
  put($("#status-line"), null);
  put($("#status-notice"), null);
  $("#content").hidden = false;
  showTroubles(troubles(found, serverNow()));
  showNumbers(found);
  showJobs(found.database?.jobs ?? null);
  showLists(found.database?.rankings ?? null);
  showTrail(found.trail);
}

function fail(problem) {
  fresh.failed(problem);
  const again = () => polled.now();
  if (shown) return put($("#status-line"), problemLine(problem, again));
  put($("#status-notice"), problemNotice(problem, again));
}

function showTroubles(all) {
  const lines = all.length ? all : [{ kind: "good", title: "All is well.", text: "Jobs run, no ranking fails, and nothing waits." }];
  const items = lines.map(({ kind, title, text }) => el("li", { "data-kind": kind }, el("strong", {}, title), " ", text));
  const list = $("#degraded");
  const same = items.length === list.children.length && items.every((item, at) => item.isEqualNode(list.children[at]));
  if (!same) list.replaceChildren(...items);
}

function showNumbers({ database, stream }) {
  setText($("#rate"), database ? score(database.eventsPerSecond) : "–");
  setText($("#viewers"), database ? count(database.viewers) : "–");
  setText($("#webhooks"), database ? count(database.webhooksPending) : "–");
  const live = stream?.lanes.find((lane) => lane.lane === "live");
  setText($("#waiting"), live ? count(live.entries) : "–");
  setText($("#waiting-about"), live ? `entries, the oldest ${span(live.oldestSeconds)}` : "Redis does not answer");
  setText($("#dead"), stream ? count(stream.deadLetters) : "–");
  setText($("#dead-about"), stream?.deadLetters ? "groundswell dead-letters" : "none is what it should be");
}

function showJobs(jobs) {
  $("#jobs").replaceChildren(...(jobs ?? []).map((job) => rowOf(job.job.replaceAll("_", " "), job, job.succeededAt)));
  put($("#jobs-notice"), jobs?.length ? null : jobs ? notice("No job has run yet", "groundswell migrate schedules them; each minute one begins.") : down());
}

function showLists(rankings) {
  $("#lists").replaceChildren(
    ...(rankings ?? []).map((one) => rowOf(el("a", { href: `/rankings?ranking=${encodeURIComponent(one.name)}`, "data-open": "" }, rankingName(one.name)), one, one.confirmedAt)),
  );
  put($("#lists-notice"), rankings?.length ? null : rankings ? notice("No ranking was computed yet", "The job run rankings makes the first lists within a minute.") : down());
}

function rowOf(name, { seconds, error }, since) {
  const state = error ? el("span.badge.bad", { title: error }, "failed") : seconds === null ? el("span.badge", {}, "not yet") : el("span.badge.good", {}, "ended well");
  return el(
    "tr",
    { "data-row": "" },
    el("th", { scope: "row" }, name, error && el("div.error", {}, error)),
    el("td", {}, state),
    el("td.number", {}, seconds === null ? "–" : took(seconds)),
    el("td.number", { title: since ? time(since) : null }, since ? `${span((serverNow() - Date.parse(since)) / 1000)} ago` : "never"),
  );
}

const took = (seconds) => (seconds < 10 ? `${full(seconds * 1000)} ms` : span(seconds));

const down = () => notice("The database does not answer", "Nothing is known of it until it does.");

function showTrail(entries) {
  $("#trail-table").hidden = !entries?.length;
  put($("#trail-notice"), entries?.length ? null : notice("Nothing yet", "Changed rankings, refreshes, recounts and erasures are kept here."));
  $("#trail").replaceChildren(
    ...(entries ?? []).map((entry) =>
      el("tr", {}, el("td", {}, time(entry.beganAt)), el("td", {}, entry.who), el("th", { scope: "row" }, actionOf(entry)), el("td", {}, outcomeOf(entry))),
    ),
  );
}

const ACTIONS = { "keys.create": "made the key", "keys.change": "changed the key", "keys.revoke": "revoked the key", "rankings.change": "changed", "rankings.refresh": "refreshed", "stats.recompute": "recounted" };

function actionOf({ action, parameters, outcome }) {
  if (action === "rankings.change") {
    const changes = Object.entries(parameters.changes ?? {}).map(([name, value]) => `${name.replaceAll("_", " ")} ${value ?? "default"}`);
    return `${ACTIONS[action]} ${rankingName(parameters.ranking)}: ${changes.join(", ")}`;
  }
  return `${ACTIONS[action] ?? action.replace(".", ": ")} ${parameters.rankings?.map(rankingName).join(", ") || parameters.period || parameters.name || outcome?.name || outcome?.prefix || ""}`.trim();
}

function outcomeOf({ endedAt, error }) {
  if (error) return el("span.badge.bad", { title: error }, "failed");
  return endedAt ? el("span.badge.good", {}, "done") : el("span.badge", {}, "under way");
}
