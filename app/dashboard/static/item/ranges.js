// Ranges of the item's chart, and the buckets that suit each.

export const RANGES = {
  "24h": { name: "24h", words: "24 hours", hours: 24, buckets: ["1h", "15m"] },
  "7d": { name: "7d", words: "7 days", hours: 168, buckets: ["1d", "1h"] },
  "30d": { name: "30d", words: "30 days", hours: 720, buckets: ["1d", "1w"] },
  "90d": { name: "90d", words: "90 days", hours: 2160, buckets: ["1d", "1w", "1mo"] },
  "1y": { name: "1y", words: "year", hours: 364 * 24, buckets: ["1w", "1mo", "1d"] },
};
export const BUCKETS = { "15m": "15 minutes", "1h": "Hours", "1d": "Days", "1w": "Weeks", "1mo": "Months" };
/** For how long unique viewers are kept (core.storage_policy), with the period before. */
export const VIEWERS_HOURS = 40 * 24;

/** The range, bucket and zone that a state means, whatever its address says. */
export function meant({ range, bucket, zone }, ownZone) {
  const known = Object.hasOwn(RANGES, range) ? range : "24h";
  const { buckets } = RANGES[known];
  return { range: known, bucket: buckets.includes(bucket) ? bucket : buckets[0], zone: isZone(zone) ? zone : ownZone };
}

function isZone(zone) {
  try {
    return Boolean(zone) && Boolean(new Intl.DateTimeFormat("en", { timeZone: zone }));
  } catch {
    return false;
  }
}
