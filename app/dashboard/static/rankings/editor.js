// For editors: the rules that act on the list, and what waits for review.

import { address, idInPath } from "../parts/address.js";
import { read, send } from "../parts/api.js";
import { $, el, setText } from "../parts/dom.js";
import { time } from "../parts/format.js";
import { problemNotice, put } from "../parts/notice.js";
import { askForRule } from "../parts/ruling.js";
import { rankingName } from "../parts/words.js";

/** Offer it for the ranking that `about` names; `changed()` is called when lists will follow. */
export function editor({ changed }) {
  let ranking = null;

  $("#edit").addEventListener("click", async () => {
    await open();
    $("#editor").scrollIntoView({ block: "start" });
  });

  async function open() {
    const mine = ranking;
    $("#editor").hidden = false;
    try {
      const [{ body: found }, { body: held }] = [
        await read(address("/admin/rules", { ranking: mine.name })),
        await read(`/admin/rankings/${encodeURIComponent(mine.name)}/held`),
      ];
      if (mine.name !== ranking?.name) return;
      put($("#editor-notice"), null);
      $("#table").classList.add("edited");
      draw(found.rules, held);
    } catch (problem) {
      if (mine.name !== ranking?.name) return;
      put($("#editor-notice"), problemNotice(problem, open));
    }
  }

  function draw(rules, held) {
    $("#rules").replaceChildren(...rules.map((rule) => el("li", {}, el("span", {}, el("span.badge", {}, rule.kind), " ", inWords(rule)), act("Lift", rule.name, () => lift(rule)))));
    setText($("#rules-words"), rules.length ? "" : "No rule acts on this list: it follows its scores.");
    $("#waiting").hidden = !held.items.length;
    setText($("#waiting-title"), `${held.waiting} ${held.waiting === 1 ? "waits" : "wait"} for review`);
    $("#held").replaceChildren(
      ...held.items.map((item) => {
        const title = item.title || item.contentId;
        const about = [`place ${item.place}`, item.creator, `since ${time(item.heldAt)}`].filter(Boolean).join(" · ");
        return el("li", {}, el("span", {}, title, " ", el("span.soft", {}, about)), act("Approve", title, () => decide(item, true)), act("Refuse", title, () => decide(item, false)));
      }),
    );
  }

  const act = (label, about, onclick) => el("button.button.quiet", { type: "button", "aria-label": `${label} ${about}`, onclick }, label);

  const lift = (rule) => attempt(() => send("DELETE", `/admin/rules/${encodeURIComponent(rule.name)}`), `${rule.name} is lifted.`);

  function decide(item, approved) {
    const { segment, query } = idInPath(item.contentId);
    const path = address(`/admin/rankings/${encodeURIComponent(ranking.name)}/held/${segment}`, query);
    return attempt(() => send("PUT", path, { approved, contentType: item.contentType }), approved ? "Approved." : "Refused.");
  }

  async function attempt(doing, words) {
    try {
      await doing();
    } catch (problem) {
      return setText($("#editor-said"), `${problem.title}. ${problem.detail ?? ""}`);
    }
    await followed(words);
  }

  async function followed(words) {
    await open();
    setText($("#editor-said"), `${words} The list follows within a minute.`);
    changed();
  }

  return {
    about(overview) {
      $("#edit").hidden = overview?.subject !== "item";
      if (ranking?.name === overview?.name) return;
      ranking = overview;
      $("#editor").hidden = true;
      setText($("#editor-said"), "");
      $("#table").classList.remove("edited");
    },
    /** Ask what is to be done with a row's item. */
    ask(item) {
      askForRule({ item, rankings: [ranking.name], place: item.rank, nameOf: rankingName, done: ({ kind }) => followed(`The ${kind} holds.`) });
    },
  };
}

// What a rule says, who made it and why.
function inWords(rule) {
  const what = [
    rule.title || rule.contentId,
    rule.value && `${rule.subject} ${rule.value}`,
    rule.place && `at ${rule.place}`,
    rule.segment && `in ${rule.segment}`,
    rule.most && `at most ${rule.most} a ${rule.subject}`,
    rule.top && `the first ${rule.top}`,
    rule.oldest && `older than ${Math.round(rule.oldest / 3600)} h`,
    rule.youngest && `younger than ${Math.round(rule.youngest / 3600)} h`,
    rule.until && `until ${time(rule.until)}`,
    !rule.ranking && "in every ranking",
  ];
  return `${what.filter(Boolean).join(", ")} — ${rule.reason} (${rule.madeBy})`;
}
