// What a key's events are bound to, in words.

import { full, span } from "../parts/format.js";

/** The bounds of a key as one line. */
export function boundsInWords({ kind, allowedOrigins, rateLimit, maxCount, maxAgeSeconds, maxWatchSeconds, takesBack, ownIds, derivesViewer }) {
  const words = [
    kind === "public" && (allowedOrigins.length ? `pages of ${allowedOrigins.join(", ")}` : "pages of any origin"),
    rateLimit && `${full(rateLimit)} events a minute`,
    maxCount && `count up to ${full(maxCount)}`,
    maxAgeSeconds && `at most ${span(maxAgeSeconds)} old`,
    maxWatchSeconds && `${span(maxWatchSeconds)} watched at once`,
    takesBack !== "anything" && `takes back ${takesBack === "own" ? "its viewer’s own" : "nothing"}`,
    ownIds && "ids of its own",
    derivesViewer && "viewers by address, too",
  ].filter(Boolean);
  return words.join("\u00a0· ") || "no bounds of its own";
}
