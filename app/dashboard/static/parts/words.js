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

/** A ranking's name in words: trending_24h is "Trending, 24 hours". */
export function rankingName(name) {
  const trending = { trending_1h: "Trending, 1 hour", trending_24h: "Trending, 24 hours", trending_7d: "Trending, 7 days", trending_30d: "Trending, 30 days", trending_all: "Trending, all time" };
  const words = trending[name] ?? name.replaceAll("_", " ");
  return words[0].toUpperCase() + words.slice(1);
}
