// The numbers of the item: each with its change and its line, and one of them as the chart.

import { address, exactly } from "../parts/address.js";
import { read, serverNow } from "../parts/api.js";
import { chart } from "../parts/chart.js";
import { $, el, setText } from "../parts/dom.js";
import { change, clock, count, date, full, time, watched, ZONE, zones } from "../parts/format.js";
import { problemLine, put, skeleton } from "../parts/notice.js";
import { poll } from "../parts/poll.js";
import { sparkline, withoutFall } from "../parts/sparkline.js";
import { BUCKETS, meant, RANGES, VIEWERS_HOURS } from "./ranges.js";

const POLL_MS = 20_000;
const METRICS = {
  views: { name: "Views", say: count, exact: (value) => `${full(value)} views` },
  likes: { name: "Likes", say: count, exact: (value) => `${full(value)} likes` },
  comments: { name: "Comments", say: count, exact: (value) => `${full(value)} comments` },
  shares: { name: "Shares", say: count, exact: (value) => `${full(value)} shares` },
  watchSeconds: { name: "Watch time", say: watched, exact: (value) => `${watched(value)} watched` },
  uniqueViewers: { name: "Unique viewers", say: count, exact: (value) => `${full(value)} viewers` },
};
const FIVE = ["views", "likes", "comments", "shares", "watchSeconds"];

/** Begin to show them; `about(state)` chooses range, bucket, zone and number. */
export function numbers(item, { go, href }) {
  const drawn = chart($("#chart"), { height: 240 });
  let metric = "views";
  let shown = null;
  const polled = poll({
    every: POLL_MS,
    ask: (wanted) => askAll(item, wanted),
    show: (found) => {
      shown = found;
      $("#numbers").removeAttribute("aria-busy");
      put($("#chart-notice"), null);
      draw();
    },
    fail: (problem) => put($("#chart-notice"), problemLine(problem, () => polled.now())),
  });
  let asked = "";

  $("#bucket").addEventListener("change", (event) => go({ bucket: event.target.value }));
  $("#zone").addEventListener("change", (event) => go({ zone: event.target.value === ZONE ? "" : event.target.value }));

  function draw() {
    if (!shown) return;
    const usable = shown.viewers || metric !== "uniqueViewers" ? metric : "views";
    tiles(shown, usable, (name) => go({ metric: name }));
    setText($("#chart-now"), METRICS[usable].name);
    drawn.show(bars(shown, usable));
  }

  return {
    about(state) {
      const wanted = meant(state, ZONE);
      metric = Object.hasOwn(METRICS, state.metric) ? state.metric : "views";
      choices(wanted, href);
      if (JSON.stringify(wanted) === asked) return draw();
      asked = JSON.stringify(wanted);
      $("#numbers").setAttribute("aria-busy", "true");
      if (!shown) put($("#tiles"), skeleton(1, 60));
      polled.about(wanted);
    },
  };
}

async function askAll({ contentType, contentId }, wanted) {
  const { range, bucket, zone } = wanted;
  const hours = RANGES[range].hours;
  const of = { contentType, contentId: exactly(contentId), from: new Date(serverNow() - hours * 3_600_000).toISOString(), tz: zone, compare: "previous" };
  const get = async (path, metrics, more = {}) => (await read(address(path, { ...of, metrics, ...more }))).body;
  const knows = 2 * hours <= VIEWERS_HOURS * 2 && hours <= VIEWERS_HOURS;
  const viewers = async () => {
    if (!knows) return null;
    try {
      const [totals, series] = await Promise.all([get("/analytics/totals", "uniqueViewers"), get("/analytics/series", "uniqueViewers", { bucket })]);
      return { totals, buckets: series.series[0].buckets };
    } catch {
      return null; // The other numbers do not wait for it.
    }
  };
  const [totals, series] = await Promise.all([get("/analytics/totals", FIVE), get("/analytics/series", FIVE, { bucket })]);
  // They take longest: after these, or places and reasons wait for them where there is one backend.
  return { wanted, totals, buckets: series.series[0].buckets, viewers: await viewers() };
}

function tiles(found, chosen, choose) {
  const place = $("#tiles");
  const focused = document.activeElement?.dataset?.metric;
  place.replaceChildren(
    ...Object.entries(METRICS).map(([name, { name: label, say, exact }]) => {
      const from = name === "uniqueViewers" ? found.viewers : found;
      if (!from) return el("button.tile", { type: "button", disabled: true }, el("span.name", {}, label), el("span.value", {}, "–"), el("span.moved", {}, "kept for 40 days"));
      const part = from.totals.change[name];
      const by = part === null || part === undefined ? "" : change(part);
      const way = part > 0.005 ? "up" : part < -0.005 ? "down" : "even";
      const before = exact(from.totals.previous[name] ?? 0);
      return el(
        "button.tile",
        { type: "button", "data-metric": name, "aria-pressed": String(name === chosen), title: `${exact(from.totals[name] ?? 0)}; the period before: ${before}`, onclick: () => choose(name) },
        el("span.name", {}, label),
        el("span.value", {}, say(from.totals[name] ?? 0)),
        el(`span.moved.${way}`, {}, by || (from.totals.previous[name] ? "" : "none before")),
        sparkline(withoutFall(from.buckets, (bucket) => Math.max(0, bucket[name] ?? 0)), { height: 26 }),
      );
    }),
  );
  if (focused) $(`[data-metric="${focused}"]`, place)?.focus();
}

function bars({ wanted, buckets: counted, viewers }, metric) {
  const buckets = metric === "uniqueViewers" ? viewers.buckets : counted;
  const { say, exact } = METRICS[metric];
  const { bucket, zone } = wanted;
  const values = buckets.map((part) => Math.max(0, part[metric] ?? 0));
  const before = buckets.map((part) => Math.max(0, part.previous?.[metric] ?? 0));
  const stretch = (part) => (["15m", "1h"].includes(bucket) ? `${time(part.from, zone)}–${clock(part.to, zone)}` : bucket === "1d" ? date(part.from, zone) : `${BUCKETS[bucket].slice(0, -1)} from ${date(part.from, zone)}`);
  return {
    times: buckets.map((part) => (Date.parse(part.from) + Date.parse(part.to)) / 2000),
    edges: buckets.map((part) => Date.parse(part.from) / 1000),
    values,
    partial: buckets.map((part) => part.partial),
    before,
    zone,
    format: say,
    words: (at) => `${stretch(buckets[at])}${buckets[at].partial ? ", not over" : ""}\n${exact(values[at])}, ${say(before[at])} the period before`,
    says: `${METRICS[metric].name} over the last ${RANGES[wanted.range].words}, at most ${exact(Math.max(0, ...values))} at once.`,
  };
}

function choices({ range, bucket, zone }, href) {
  const focused = document.activeElement?.dataset?.range;
  $("#ranges").replaceChildren(
    ...Object.entries(RANGES).map(([name, { name: label, words }]) =>
      el("a", { href: href({ range: name, bucket: "" }), "data-state": JSON.stringify({ range: name, bucket: "" }), "data-range": name, title: `The last ${words}`, "aria-current": name === range ? "true" : null }, label),
    ),
  );
  if (focused) $(`#ranges [data-range="${focused}"]`)?.focus();
  $("#bucket").replaceChildren(...RANGES[range].buckets.map((name) => new Option(BUCKETS[name], name, false, name === bucket)));
  const select = $("#zone");
  if (!select.options.length) select.replaceChildren(...zones().map((name) => new Option(name.replaceAll("_", " "), name)));
  // A browser lists one name of each zone, and knows the others, too.
  if (![...select.options].some((option) => option.value === zone)) select.add(new Option(zone.replaceAll("_", " "), zone), 0);
  select.value = zone;
}
