// The lines of all rows, by as few requests as there are types.

import { address, exactly } from "../parts/address.js";
import { read, serverNow } from "../parts/api.js";
import { ZONE } from "../parts/format.js";
import { withoutFall } from "../parts/sparkline.js";
import { beginOf, WINDOWS } from "../parts/windows.js";

const MOST_IDS = 50;
const MOST_BUCKETS = 9_000;

/** Return views over the list's window by "type id"; null where they cannot be had now. */
export async function lines({ window, items }) {
  const { bucket } = WINDOWS[window];
  const each = { "1m": 61, "1h": window === "7d" ? 169 : 25, "1d": 31, "1w": 54 }[bucket];
  const most = Math.min(MOST_IDS, Math.floor(MOST_BUCKETS / each));
  const found = new Map();
  try {
    for (const [contentType, ids] of batches(items, most)) {
      const parameters = { bucket, from: beginOf(window, serverNow()), tz: ZONE, metrics: "views", contentType: exactly(contentType), contentId: ids.map(exactly) };
      const { body } = await read(address("/analytics/series", parameters), { asks: false });
      for (const series of body.series) found.set(`${series.contentType} ${series.contentId}`, withoutFall(series.buckets, (part) => part.views));
    }
  } catch {
    return found.size ? found : null;
  }
  return found;
}

function batches(items, most) {
  const types = Map.groupBy ? Map.groupBy(items, (item) => item.contentType) : grouped(items);
  return [...types].flatMap(([type, members]) =>
    Array.from({ length: Math.ceil(members.length / most) }, (_, n) => [type, members.slice(n * most, (n + 1) * most).map((item) => item.contentId)]),
  );
}

function grouped(items) {
  const groups = new Map();
  for (const item of items) groups.set(item.contentType, [...(groups.get(item.contentType) ?? []), item]);
  return groups;
}
