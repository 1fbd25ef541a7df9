// How places have changed against a time: what the list was then.

import { address } from "../parts/address.js";
import { Problem, read, serverNow } from "../parts/api.js";

const AGO = { "1h": 3_600_000, "24h": 86_400_000, "7d": 7 * 86_400_000 };
const WORDS = { "1h": "an hour ago", "24h": "24 hours ago", "7d": "7 days ago" };
const STEP = 60_000; // so that all who look in one minute ask for the same
const MOST = 100;
const LATER_MS = 300_000;
const nothingKept = new Map(); // by what was asked for: when it is worth asking again

/**
 * Return `{words, of(item)}`: what changes are against, and how an item's place has changed, as
 * `{by}`, `{by: "new"}` where it was not in the list, or null where that cannot be told.
 */
export async function placesThen(found, { change, category, type }) {
  const ago = Object.hasOwn(AGO, change) ? AGO[change] : AGO["1h"];
  const at = new Date(Math.floor((serverNow() - ago) / STEP) * STEP).toISOString();
  const segment = category ? `category:${category}` : type ? `contentType:${type}` : null;
  const asked = `${found.ranking} ${change}`;
  const path = `/analytics/rankings/${encodeURIComponent(found.ranking)}`;
  try {
    if (nothingKept.get(asked) > Date.now() || !(await isKept(found.ranking, at))) throw new Problem("missing", "", "", 404);
    const { places, isWhole, asOf } = await pages(path, { segment, asOf: at }, Math.max(MOST, found.items.length));
    // Of another part of the day nothing is kept: what is the newest then may be much older.
    const moment = new Date(asOf);
    return { words: `Changes against ${moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })}.`, of: (item) => changeOf(item, places, isWhole) };
  } catch (problem) {
    if (problem.status === 404 && !(nothingKept.get(asked) > Date.now())) nothingKept.set(asked, Date.now() + LATER_MS);
    const known = (item) => (item.previousRank === null ? { by: "new" } : { by: item.previousRank - item.rank });
    const someOld = found.items.some((item) => item.previousRank !== null);
    const why = problem.status === 404 ? `No list of ${WORDS[change] ?? WORDS["1h"]} is kept yet` : "What the list was cannot be read now";
    return { words: `${why}: changes are against the run before.`, of: someOld ? known : () => null };
  }
}

// Asked first: a browser writes each answer 404 into its console, as if something were wrong.
async function isKept(ranking, at) {
  const { body } = await read("/analytics/rankings", { asks: false });
  const since = body.rankings.find((one) => one.name === ranking)?.keptSince;
  return Boolean(since) && new Date(since) <= new Date(at);
}

async function pages(path, parameters, most) {
  const places = new Map();
  let next = { ...parameters, limit: MOST };
  let asOf = null;
  for (;;) {
    const { body } = await read(address(path, next), { asks: false });
    asOf ??= body.asOf;
    for (const item of body.items) places.set(`${item.contentType} ${item.contentId}`, item.rank);
    if (!body.nextCursor || places.size >= most) return { places, isWhole: !body.nextCursor, asOf };
    next = { cursor: body.nextCursor, limit: MOST };
  }
}

function changeOf(item, places, isWhole) {
  const then = places.get(`${item.contentType} ${item.contentId}`);
  if (then !== undefined) return { by: then - item.rank };
  return isWhole ? { by: "new" } : { by: "new", below: places.size };
}
