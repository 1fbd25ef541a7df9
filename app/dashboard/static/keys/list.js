// The keys there are.

import { address } from "../parts/address.js";
import { read, serverNow } from "../parts/api.js";
import { $, el, setText } from "../parts/dom.js";
import { day, span, time } from "../parts/format.js";
import { freshness } from "../parts/freshness.js";
import { notice, problemLine, problemNotice, put, skeleton } from "../parts/notice.js";
import { poll } from "../parts/poll.js";
import { revoke } from "./revoking.js";
import { boundsInWords } from "./words.js";

const POLL_MS = 15_000;
const PAGE = 100;

/** Show them; `edit(key)` changes one. Returns `{again()}`, which asks for them anew. */
export function list({ edit }) {
  const fresh = freshness($("#freshness"));
  let shown = null;
  const polled = poll({ every: POLL_MS, ask, show, fail, subject: false });
  put($("#keys-notice"), skeleton(4, 30));
  polled.now();

  $("#revoked").addEventListener("change", (event) => {
    $("#keys").setAttribute("aria-busy", "true");
    polled.about(event.target.checked);
  });

  async function ask(revoked) {
    const keys = [];
    let cursor = null;
    do {
      const { body } = await read(address("/admin/keys", { limit: PAGE, cursor, revoked }));
      keys.push(...body.keys);
      cursor = body.nextCursor;
    } while (cursor);
    return keys;
  }

  function show(keys) {
    shown = keys;
    fresh.checked({ what: keys.map((key) => ({ ...key, lastUsedAt: null })) });
    $("#keys").setAttribute("aria-busy", "false");
    put($("#keys-line"), null);
    const focused = document.activeElement?.dataset?.act;
    const of = document.activeElement?.closest("[data-row]")?.dataset.key;
    $("#table").hidden = !keys.length;
    $("#body").replaceChildren(...keys.map(row));
    if (focused && of) $(`[data-key="${of}"] [data-act="${focused}"]`, $("#body"))?.focus();
    put($("#keys-notice"), keys.length ? null : notice("There are no keys", "The admin key of the settings does without. Make one for each application, so that each can be bounded and revoked by itself."));
  }

  function fail(problem) {
    fresh.failed(problem);
    $("#keys").setAttribute("aria-busy", "false");
    const again = () => polled.now();
    if (shown) return put($("#keys-line"), problemLine(problem, again));
    put($("#keys-notice"), problemNotice(problem, again));
  }

  async function revoked(key) {
    try {
      if (!(await revoke(key))) return;
      setText($("#said"), `${key.name} is revoked.`);
      polled.about($("#revoked").checked);
    } catch (problem) {
      put($("#keys-line"), problemLine(problem, () => polled.now()));
    }
  }

  function row(key) {
    const gone = key.revokedAt !== null;
    const act = (name, words, doing, kind = "link") => el(`button.${kind}`, { type: "button", "data-act": name, "aria-label": `${words}: ${key.name}`, onclick: doing, "data-open": name === "edit" }, words);
    return el(
      "tr",
      { "data-row": "", "data-key": String(key.id), class: gone ? "gone" : null },
      el("th.name", { scope: "row" }, el("div", {}, key.name, " ", key.isOwn && el("span.badge.warn", { title: "The key of this tab" }, "yours")), el("code.soft", {}, `${key.prefix}…`)),
      el("td.scopes", {}, el(`span.badge${key.kind === "public" ? ".warn" : ""}`, {}, key.kind), " ", key.scopes.join(", ")),
      el("td.bounded", {}, boundsInWords(key)),
      el("td.when", { title: time(key.createdAt) }, el("span.label", {}, "made "), day(key.createdAt)),
      el("td.when", { title: key.lastUsedAt ? time(key.lastUsedAt) : null }, gone ? `revoked ${day(key.revokedAt)}` : key.lastUsedAt ? [el("span.label", {}, "used "), `${span((serverNow() - Date.parse(key.lastUsedAt)) / 1000)} ago`] : "never used"),
      el("td.acts", {}, gone ? null : [act("edit", "Bounds", () => edit(key)), act("revoke", "Revoke", () => revoked(key))]),
    );
  }

  return { again: () => polled.about($("#revoked").checked) };
}
