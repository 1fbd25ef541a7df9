// Counts over time on uPlot: bars, the period before dashed; or a rank, whose best is at the top.

import { el, setText } from "./dom.js";
import { onTheme } from "./themes.js";

/* global uPlot */

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const DAY = 86_400;
const SIDE = { stroke: () => color("--soft"), font: "12px system-ui, sans-serif", ticks: { show: false } };

/**
 * Draw into `place`, and again with what `show` gets:
 *
 * `{times, edges, values, partial, before, zone, format, words, says, inverted}` – `times` are
 * middles and `edges` beginnings of buckets in seconds, `values` may have nulls, `partial` marks bars
 * that have not ended, `before` is dashed, `words(at)` is what is said of a point and `says` of all.
 */
export function chart(place, { height = 200 } = {}) {
  const tip = el("div.chart-tip", { hidden: true });
  let plot = null;
  let shown = null;

  function draw() {
    plot?.destroy();
    plot = null;
    if (!shown || !place.clientWidth) return;
    // Before there is anything to tell, it is no picture.
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", shown.says);
    plot = new uPlot(options(shown, place.clientWidth, height, tip), data(shown), place);
    plot.over.append(tip);
  }

  new ResizeObserver(() => plot && plot.width !== place.clientWidth && plot.setSize({ width: place.clientWidth, height })).observe(place);
  onTheme(draw);
  return {
    show(next) {
      const same = plot && shown && next.inverted === shown.inverted && next.zone === shown.zone && next.format === shown.format && Boolean(next.before) === Boolean(shown.before) && next.times.length === shown.times.length;
      shown = next;
      if (!same) return draw();
      place.setAttribute("aria-label", next.says);
      Object.assign(plot.groundswell, next);
      plot.setData(data(next));
    },
  };
}

function data({ times, values, partial = [], before = null, inverted }) {
  if (inverted) return [times, values];
  const ended = values.map((value, at) => (partial[at] ? null : value));
  const going = values.map((value, at) => (partial[at] ? value : null));
  return before ? [times, ended, going, before] : [times, ended, going];
}

function options(shown, width, height, tip) {
  const now = { ...shown };
  const step = now.times.length > 1 ? now.times[1] - now.times[0] : 3600;
  const bars = (fill) => ({ paths: uPlot.paths.bars({ size: [0.72, 34], radius: 0.12 }), fill, width: 0, points: { show: false } });
  const series = now.inverted
    ? [{ stroke: () => color("--series"), width: 2, paths: uPlot.paths.stepped({ align: 1 }), points: { show: now.times.length < 40, size: 5, fill: () => color("--series") }, spanGaps: false }]
    : [
        bars(() => color("--series")),
        bars(() => `color-mix(in srgb, ${color("--series")} 45%, ${color("--card")})`),
        ...(now.before ? [{ stroke: () => color("--series-before"), width: 1.5, dash: [5, 4], points: { show: false } }] : []),
      ];
  return {
    width,
    height,
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    padding: [10, 8, 0, 0],
    scales: {
      x: { range: (_, from, to) => (now.inverted ? [from, Math.max(to, from + 60)] : [from - step / 2, to + step / 2]) },
      y: now.inverted ? { dir: -1, range: (_, least, most) => [0.5, Math.max(5, most ?? 5) + 0.5] } : { range: (_, __, most) => [0, Math.max(1, (most ?? 0) * 1.08)] },
    },
    axes: [
      { ...SIDE, grid: { show: false }, size: 30, space: 80, ...(now.edges ? { splits: (plot) => ticks(now, plot.width) } : {}), values: (_, splits) => tickLabels(splits, step, now.zone) },
      { ...SIDE, grid: { stroke: () => color("--line"), width: 1 }, size: 52, space: 38, ...(now.inverted ? { splits: placesOf } : {}), values: (_, splits) => splits.map((value) => now.format(value)) },
    ],
    series: [{}, ...series],
    hooks: {
      init: [(plot) => (plot.groundswell = now)],
      setCursor: [(plot) => point(plot, now, tip)],
    },
  };
}

// Whole places, the first of all.
function placesOf(plot, _axis, _least, most) {
  const last = Math.floor(most);
  const step = Math.max(1, Math.ceil(last / 4));
  return [1, ...Array.from({ length: Math.floor(last / step) }, (_, n) => (n + 1) * step).filter((place) => place > step / 2 && place !== 1)];
}

// uPlot places ticks by the clock of this machine: we take the beginnings of buckets, which are
// those of the zone, also where its clocks change.
function ticks({ edges, zone }, width) {
  const most = Math.max(2, Math.floor((width - 60) / 80));
  const span = edges.length > 1 ? edges[1] - edges[0] : 3600;
  if (span < DAY) {
    const minutes = edges.map((at) => minuteOfDay(at, zone));
    for (const every of [5, 15, 30, 60, 120, 180, 240, 360, 720, 1440]) {
      const chosen = edges.filter((_, n) => minutes[n] % every === 0);
      if (chosen.length <= most) return chosen;
    }
  }
  const every = Math.ceil(edges.length / most);
  return edges.filter((_, n) => n % every === 0);
}

function minuteOfDay(at, zone) {
  const [hour, minute] = clockOf("en-GB", { hour: "2-digit", minute: "2-digit" }, zone).format(at * 1000).split(":");
  return (Number(hour) % 24) * 60 + Number(minute);
}

/** Return what stands at ticks; one that would say what the tick before it says has nothing. */
export function tickLabels(splits, step, zone) {
  const words = splits.map((at) => tickWords(at, step, zone));
  return words.map((label, n) => (label === words[n - 1] ? "" : label));
}

function tickWords(at, step, zone) {
  if (step > 27 * DAY) return clockOf(undefined, { month: "short", year: "2-digit" }, zone).format(at * 1000);
  if (step >= DAY || minuteOfDay(at, zone) === 0) return clockOf(undefined, { day: "numeric", month: "short" }, zone).format(at * 1000);
  return clockOf(undefined, { hour: "2-digit", minute: "2-digit" }, zone).format(at * 1000);
}

const clocks = new Map();
function clockOf(language, options, zone) {
  const key = JSON.stringify([language, options, zone]);
  if (!clocks.has(key)) clocks.set(key, new Intl.DateTimeFormat(language, { ...options, timeZone: zone }));
  return clocks.get(key);
}

function point(plot, now, tip) {
  const at = plot.cursor.idx;
  tip.hidden = at === null || at === undefined || plot.cursor.left < 0;
  if (tip.hidden) return;
  setText(tip, now.words(at));
  const left = plot.valToPos(now.times[at], "x");
  const half = tip.offsetWidth / 2;
  tip.style.left = `${Math.min(plot.over.clientWidth - half, Math.max(half, left))}px`;
}
