// What an alert waits for, and what it tells, in words.

import { full, score } from "../parts/format.js";
import { rankingName } from "../parts/words.js";

/** A subscription as a sentence. */
export function conditionWords({ condition, ranking, contentId, contentType }) {
  const who = contentId ? `“${contentId}”` : contentType ? `Any ${contentType}` : "Any item";
  const where = ranking ? ` ${condition.type === "passesCount" ? "of" : "in"} ${rankingName(ranking)}` : "";
  return `${who} ${WORDS[condition.type](condition)}${where}`;
}

const WORDS = {
  entersTop: ({ n }) => `comes into the first ${full(n)}`,
  breaksOut: ({ score: times }) => `reaches ${score(times)} times what was expected`,
  passesCount: ({ metric, count }) => `passes ${full(count)} ${metric}`,
};

/** What a raised alert tells. */
export function newsWords({ alert, ranking, rank, previousRank, score: points, count }) {
  const place = ranking ? ` in ${rankingName(ranking)}` : "";
  const { type, metric } = alert.condition;
  if (type === "passesCount") return `has passed ${full(count ?? alert.condition.count)} ${metric}`;
  if (type === "breaksOut") return `breaks out: ${score(points)} times what was expected${place}`;
  return `is at ${full(rank)}${place}, ${previousRank ? `from ${full(previousRank)}` : "from nowhere"}`;
}
