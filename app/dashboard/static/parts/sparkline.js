// A small line of numbers; what it says stands in words beside it or in its label.

import { svg } from "./dom.js";

const WIDTH = 100;

/**
 * Return an SVG of `values`, from zero up; `inverted` is for ranks, whose best is at the top, and
 * leaves gaps at null. `label` null hides it from screen readers.
 */
export function sparkline(values, { width = 110, height = 28, label = null, inverted = false, area = true } = {}) {
  const known = values.filter((value) => value !== null);
  const options = { class: "spark", width, height, viewBox: `0 0 ${WIDTH} ${height}`, preserveAspectRatio: "none", ...(label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" }) };
  if (known.length < 2) return svg("svg", options);
  const least = inverted ? Math.min(...known) : Math.min(0, ...known);
  const most = Math.max(...known);
  const top = 2;
  const room = height - 4;
  const y = (value) => {
    const part = most === least ? 0.5 : (value - least) / (most - least);
    return (most === least && !inverted && most === 0 ? top + room : top + room * (inverted ? part : 1 - part)).toFixed(2);
  };
  const x = (at) => ((at / (values.length - 1)) * WIDTH).toFixed(2);
  let path = "";
  let pen = false;
  values.forEach((value, at) => {
    if (value === null) return (pen = false);
    path += `${pen ? "L" : "M"}${x(at)} ${y(value)}`;
    pen = true;
  });
  const shade = area && !inverted ? svg("path.area", { d: `${path}L${WIDTH} ${height}L0 ${height}Z` }) : null;
  return svg("svg", options, shade, svg("path", { d: path }));
}

/** The values of buckets, without the last one where that has just begun and would be a fall. */
export function withoutFall(buckets, value) {
  const values = buckets.map(value);
  const [before, last] = values.slice(-2);
  return buckets.length > 2 && buckets.at(-1).partial && last < before ? values.slice(0, -1) : values;
}
