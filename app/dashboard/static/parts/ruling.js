// A dialog that makes an editorial rule about one item: pin, feature or block.

import { send } from "./api.js";
import { $, el, setText } from "./dom.js";

const DAY_MS = 86_400_000;
const ACTS = [
  ["pin", "Pin it at a place"],
  ["feature", "Feature it, before what follows its score"],
  ["block", "Leave it out of this ranking"],
  ["creator", "Leave its creator out of this ranking"],
];

/**
 * Ask what is to be done with `item` and do it: `rankings` are the names to choose from, `place`
 * where a pin is offered. `done(rule)` is called once it holds.
 */
export function askForRule({ item, rankings, place = 1, nameOf, done }) {
  const option = ([value, label]) => el("option", { value }, label);
  const acts = ACTS.filter(([act]) => act !== "creator" || item.creator);
  const form = el(
    "form",
    { method: "dialog" },
    el("h2", { id: "ruling-title" }, `${item.title || item.contentId} in lists`),
    el("label.field", {}, "Ranking ", el("select", { name: "ranking", "aria-label": "Ranking" }, rankings.map((name) => option([name, nameOf(name)])))),
    el("label.field", {}, "What ", el("select", { name: "act", "aria-label": "What" }, acts.map(option))),
    el("label.field", { "data-of": "pin" }, "Place ", el("input", { name: "place", type: "number", min: 1, max: 100, value: Math.min(100, place) })),
    el("label.field", { "data-of": "pin feature" }, "Until ", el("input", { name: "until", type: "datetime-local", value: localTime(Date.now() + DAY_MS) })),
    el("label.field", {}, "Why: others read it ", el("input", { name: "reason", maxlength: 500 })),
    el("div.actions", {}, el("button.button.quiet", { type: "button", "data-close": "" }, "Close"), el("button.button", { type: "submit" }, "Do it")),
    el("p", { role: "status", id: "ruling-said" }),
  );
  const dialog = el("dialog", { "aria-labelledby": "ruling-title" }, form);
  const fields = form.elements;
  const follow = () => {
    for (const field of form.querySelectorAll("[data-of]")) field.hidden = !field.dataset.of.split(" ").includes(fields.act.value);
  };
  fields.act.addEventListener("change", follow);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const made = await send("PUT", `/admin/rules/${nameFor(fields.act.value)}`, ruleOf(fields, item));
      dialog.close();
      done(made);
    } catch (problem) {
      setText($("#ruling-said", dialog), `${problem.title}. ${problem.detail ?? ""}`);
    }
  });
  dialog.addEventListener("close", () => dialog.remove());
  follow();
  document.body.append(dialog);
  dialog.showModal();
}

// A name of its own: an id would stay in the trail of what was done.
const nameFor = (act) => `${act}-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;

function ruleOf(fields, { contentId, contentType, creator }) {
  const rule = { ranking: fields.ranking.value, reason: fields.reason.value.trim() };
  if (fields.act.value === "creator") return { ...rule, kind: "block", subject: "creator", value: creator };
  const about = { ...rule, kind: fields.act.value, contentId, contentType };
  if (about.kind === "block") return { ...about, subject: "item" };
  const until = new Date(fields.until.value);
  about.until = Number.isNaN(until.getTime()) ? null : until.toISOString();
  return about.kind === "pin" ? { ...about, place: Number(fields.place.value) } : about;
}

function localTime(at) {
  const moment = new Date(at);
  return new Date(at - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
