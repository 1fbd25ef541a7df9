// What the item is: title, creator, category, badges and their reasons.

import { address, idInPath } from "../parts/address.js";
import { read } from "../parts/api.js";
import { $, el, setText } from "../parts/dom.js";
import { date, full, score } from "../parts/format.js";
import { freshness } from "../parts/freshness.js";
import { notice, problemLine, problemNotice, put } from "../parts/notice.js";
import { poll } from "../parts/poll.js";

const POLL_MS = 10_000;

/** Show it; `known(entry)` is called after each answer, `changed` where it says something new. */
export function head(item, { known, changed }) {
  const fresh = freshness($("#freshness"));
  let shown = null;

  const polled = poll({
    every: POLL_MS,
    ask: async () => {
      const { segment, query } = idInPath(item.contentId);
      const { body } = await read(address(`/items/${segment}`, { ...query, contentType: item.contentType }));
      return body.items[0];
    },
    show: (entry) => {
      const isNew = shown && JSON.stringify(shown) !== JSON.stringify(entry);
      fresh.checked({ what: entry });
      put($("#item-line"), null);
      put($("#gone"), null);
      $("#content").hidden = false;
      if (!shown || isNew) describe(entry);
      if (shown && Boolean(shown.excluded) !== Boolean(entry.excluded)) changed();
      shown = entry;
      known(entry);
    },
    fail: (problem) => {
      fresh.failed(problem);
      if (shown) return put($("#item-line"), problemLine(problem, again));
      setText($("#title"), item.contentId);
      setText($("#about"), item.contentType);
      put($("#gone"), problem.kind === "missing" ? unknown(item) : problemNotice(problem, again));
    },
  });
  const again = () => polled.now();
  polled.now();
  return { again };
}

function describe(entry) {
  const title = entry.title || entry.contentId;
  document.title = `${title} · Groundswell`;
  setText($("#title"), title);
  $("#title").classList.remove("loading-title");
  const list = (name, value) => el("a", { href: address("/", { [name]: value }) }, value);
  const parts = [entry.creator && el("span", {}, entry.creator), entry.category && list("category", entry.category), list("type", entry.contentType), entry.publishedAt ? el("span", {}, `published ${date(entry.publishedAt)}`) : el("span", {}, `known since ${date(entry.createdAt)}`), el("span", {}, `${full(entry.views)} views in all`)];
  $("#about").replaceChildren(...parts.filter(Boolean).flatMap((part, at) => (at ? [" · ", part] : [part])));
  $("#badges").replaceChildren(...badges(entry));
}

function badges({ isHot, hotScore, hotRank, excluded }) {
  if (excluded) return [el("span.badge.bad", {}, "Excluded"), el("span", {}, `from all rankings since ${date(excluded.since)}: ${excluded.reason}`)];
  if (!isHot) return [];
  return [el("span.badge.hot", {}, "Hot"), el("span", {}, `place ${full(hotRank)} with a hot score of ${score(hotScore)}: among the hottest fifth of the last 24 hours`)];
}

function unknown({ contentType, contentId }) {
  return notice(
    `No ${contentType} has the id “${contentId}”`,
    "No event and no catalogue entry has ever named it. Search by its title (press /), or send its first event.",
    el("pre", { tabindex: "0", "aria-label": "Example" }, el("code", {}, `curl -X POST '${location.origin}${address(`/analytics/view/${idInPath(contentId).segment}`, { ...idInPath(contentId).query, contentType })}'`)),
  );
}
