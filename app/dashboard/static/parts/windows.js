// The windows of trending lists: what they are called, and how fine their lines are.

export const WINDOWS = {
  "1h": { name: "1h", words: "the last hour", hours: 1, bucket: "1m" },
  "24h": { name: "24h", words: "the last 24 hours", hours: 24, bucket: "1h" },
  "7d": { name: "7d", words: "the last 7 days", hours: 168, bucket: "1h" },
  "30d": { name: "30d", words: "the last 30 days", hours: 720, bucket: "1d" },
  all: { name: "All", words: "all time", hours: 364 * 24, bucket: "1w", lines: "the last year" },
};

/** Where a window begins, seen from a moment, as the API takes it. */
export const beginOf = (window, now) => new Date(now - WINDOWS[window].hours * 3_600_000).toISOString();
