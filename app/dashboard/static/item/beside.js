// What people also watched.

import { address, itemAddress } from "../parts/address.js";
import { read } from "../parts/api.js";
import { $, el, setText } from "../parts/dom.js";

const MOST = 12;

/** Show it, where there is any. */
export async function beside({ contentType, contentId }) {
  let items;
  try {
    ({ items } = (await read(address("/recommendations", { for: "item", contentId, contentType, limit: MOST }), { asks: false })).body);
  } catch {
    return; // The page says elsewhere what is wrong.
  }
  const together = items.filter((item) => item.source === "coEngagement");
  const shown = together.length ? together : items;
  $("#beside").hidden = shown.length === 0;
  // Too little is known of who watched what: it must not be called so.
  setText($("#beside-title"), together.length ? "What people also watched" : "Trending beside it");
  $("#beside-body").replaceChildren(
    ...shown.map((item) =>
      el(
        "li",
        { "data-row": "" },
        el("a", { href: itemAddress(item.contentType, item.contentId), "data-open": "", title: item.title || item.contentId }, item.title || item.contentId),
        el("p", {}, [item.creator, item.category].filter(Boolean).join(" · ") || item.contentType),
      ),
    ),
  );
}
