// What the components of scores are called.

const COMPONENTS = {
  views: "Views",
  likes: "Likes",
  comments: "Comments",
  shares: "Shares",
  watchMinutes: "Minutes watched",
  recentViews: "Fresh views, again",
  recentLikes: "Fresh likes, again",
  recentComments: "Fresh comments, again",
  recentShares: "Fresh shares, again",
  recentWatchMinutes: "Fresh minutes, again",
  hits: "Views, beside the most viewed",
  recency: "How recent it is",
  recent: "In this window",
  expected: "Expected in it",
  baseline: "In the time before",
  siteGrowth: "Growth of the site",
  count: "Count",
};

/** A component in words; one that we have never heard of by its own name. */
export const componentName = (name) => COMPONENTS[name] ?? name.replace(/([A-Z])/g, " $1").toLowerCase().replace(/^./, (first) => first.toUpperCase());

/** Tell whether the components add up to the score, as they do where the formula is a sum. */
export function isSum({ components, score }) {
  const sum = components.reduce((all, part) => all + part.points, 0);
  return components.length > 1 && Math.abs(sum - score) <= 1e-6 * Math.max(1, Math.abs(score));
}

const SPANS = { "1h": "1 hour", "24h": "24 hours", "7d": "7 days", "30d": "30 days", all: "all time", today: "today", week: "this week", month: "this month" };

/** A ranking's name in words: trending_24h is "Trending, 24 hours". */
export function rankingName(name) {
  const [, stem, span] = /^(.+?)(?:_(1h|24h|7d|30d|all|today|week|month))?$/.exec(name);
  const words = stem.replaceAll("_", " ") + (span ? `, ${SPANS[span]}` : "");
  return words[0].toUpperCase() + words.slice(1);
}
