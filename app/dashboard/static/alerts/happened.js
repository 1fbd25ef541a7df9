// What happens, as the stream tells it: since this page was opened.

import { itemAddress } from "../parts/address.js";
import { $, el, setText } from "../parts/dom.js";
import { clock } from "../parts/format.js";
import { follow } from "../parts/live.js";
import { notice, put } from "../parts/notice.js";
import { newsWords } from "./words.js";

const MOST = 50;

/** Follow it. */
export function happened() {
  const list = $("#happened");
  empty();
  follow("/alerts/stream", {
    onState(isLive, problem) {
      const state = $("#stream-state");
      state.className = `badge ${isLive ? "good" : "warn"}`;
      setText(state, isLive ? "live" : problem?.kind === "refused" ? "a key is needed" : "connecting again");
    },
    onEvent(name, data) {
      if (name !== "alert") return;
      const news = JSON.parse(data);
      list.prepend(entry(news));
      while (list.children.length > MOST) list.lastElementChild.remove();
      empty();
      setText($("#said"), list.firstElementChild.textContent);
    },
  });

  function empty() {
    put($("#happened-notice"), list.children.length ? null : notice("Nothing since this page was opened", "Alerts of all subscriptions stand here the moment they are raised."));
  }
}

function entry(news) {
  const { item } = news;
  const title = item ? el("a", { href: itemAddress(item.contentType, item.contentId) }, item.title || item.contentId) : "A test";
  return el("li", {}, el("time.soft", { datetime: news.occurredAt }, clock(news.occurredAt)), " ", title, " ", item ? newsWords(news) : "alert", news.alert?.name && el("span.soft", {}, ` · ${news.alert.name}`));
}
