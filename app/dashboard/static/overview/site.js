// The strip of the site's numbers, and its chart.

import { address } from "../parts/address.js";
import { read, serverNow } from "../parts/api.js";
import { chart } from "../parts/chart.js";
import { $, setText } from "../parts/dom.js";
import { calendarDay, change, clock, count, full, score, time, ZONE } from "../parts/format.js";
import { problemLine, put } from "../parts/notice.js";
import { poll } from "../parts/poll.js";
import { beginOf, WINDOWS } from "../parts/windows.js";

const NOW_MS = 3_000;
const DAY_MS = 30_000;
const CHART_MS = 30_000;
const DAY = 86_400_000;

/** Begin to show it; `about(window)` chooses what the chart is of. */
export function site() {
  const numbers = poll({
    every: NOW_MS,
    ask: async () => (await read("/analytics/now", { asks: false })).body,
    show: (now) => {
      setText($("#rate"), score(now.eventsPerSecond));
      setText($("#viewers"), count(now.viewers));
    },
  });
  const today = poll({ every: DAY_MS, ask: askToday, show: showToday });
  const drawn = chart($("#site-chart"), { height: 224 });
  const overTime = poll({
    every: CHART_MS,
    ask: askSeries,
    show: (series, window) => {
      put($("#site-notice"), null);
      $("#site").removeAttribute("aria-busy");
      setText($("#site-title"), `Views, ${WINDOWS[window].lines ?? WINDOWS[window].words}`);
      drawn.show(bars(series));
    },
    fail: (problem) => put($("#site-notice"), problem.kind === "refused" ? null : problemLine(problem)),
  });
  numbers.now();
  today.now();
  return {
    about(window) {
      const known = Object.hasOwn(WINDOWS, window) ? window : "24h";
      $("#site").setAttribute("aria-busy", "true");
      overTime.about(known);
    },
  };
}

async function askToday() {
  const now = serverNow();
  const totals = (from, to) => read(address("/analytics/totals", { from, to, tz: ZONE, metrics: "views" }), { asks: false });
  const [today, before] = await Promise.all([totals(calendarDay(now)), totals(calendarDay(now - DAY), new Date(now - DAY).toISOString())]);
  return { today: today.body.views, before: before.body.views };
}

function showToday({ today, before }) {
  setText($("#today"), count(today));
  $("#today").title = full(today);
  const part = before > 0 ? today / before - 1 : null;
  const about = $("#today-about");
  setText(about, part === null ? "yesterday at this hour: none" : `${change(part)} on yesterday at this hour`);
  about.classList.toggle("up", part > 0.005);
  about.classList.toggle("down", part !== null && part < -0.005);
  about.title = `Yesterday at this hour: ${full(before)}`;
}

async function askSeries(window) {
  const parameters = { bucket: WINDOWS[window].bucket, from: beginOf(window, serverNow()), tz: ZONE, metrics: "views", compare: "previous" };
  return (await read(address("/analytics/series", parameters))).body;
}

function bars({ series: [{ buckets }], bucket }) {
  const middle = (part) => (Date.parse(part.from) + Date.parse(part.to)) / 2000;
  const values = buckets.map((part) => Math.max(0, part.views));
  const before = buckets.map((part) => Math.max(0, part.previous?.views ?? 0));
  const sum = (all) => all.reduce((one, other) => one + other, 0);
  const until = (part) => (["1d", "1w", "1mo"].includes(bucket) ? "" : `–${clock(part.to)}`);
  return {
    times: buckets.map(middle),
    edges: buckets.map((part) => Date.parse(part.from) / 1000),
    values,
    partial: buckets.map((part) => part.partial),
    before,
    zone: ZONE,
    format: count,
    words: (at) => `${time(buckets[at].from)}${until(buckets[at])}${buckets[at].partial ? ", not over" : ""}\n${full(values[at])} views, ${full(before[at])} the period before`,
    says: `Views of the site: ${full(sum(values))}, and ${full(sum(before))} in the period before.`,
  };
}
