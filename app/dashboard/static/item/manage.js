// For those with a key: what the catalogue says of the item, and what lists do with it.

import { address, idInPath } from "../parts/address.js";
import { read, send } from "../parts/api.js";
import { $, setText } from "../parts/dom.js";
import { askForRule } from "../parts/ruling.js";
import { rankingName } from "../parts/words.js";

let item = null;
let entry = null;
let done = () => {};

/** Open it for the entry as it is now; `after.done` is called once something has changed. */
export function manage(of, now, after) {
  const isFirst = item === null;
  [item, entry, done] = [of, now, after.done];
  if (isFirst) listen();
  open();
}

function listen() {
  $("#edit-save").addEventListener("click", () => attempt(save, "Saved."));
  $("#edit-lists").addEventListener("click", () => attempt(askLists, ""));
  $("#exclusion-act").addEventListener("click", () => (entry.excluded ? attempt(include, "It is ranked again from the next run on.") : exclude()));
}

function open() {
  for (const name of ["title", "creator", "category"]) $(`#edit-${name}`).value = entry[name] ?? "";
  $("#exclusion-reason").value = "";
  setText($("#managing-said"), "");
  showExclusion();
  $("#managing").showModal();
}

function showExclusion() {
  const { excluded } = entry;
  setText($("#exclusion-title"), excluded ? `Excluded: ${excluded.reason}` : "Exclude from all rankings");
  $("#exclusion-reason-field").hidden = Boolean(excluded);
  setText($("#exclusion-act"), excluded ? "Include again" : "Exclude");
}

async function attempt(act, words) {
  try {
    await act();
    setText($("#managing-said"), words);
    done();
  } catch (problem) {
    setText($("#managing-said"), `${problem.title}. ${problem.detail ?? ""}`);
  }
}

function exclude() {
  const reason = $("#exclusion-reason").value.trim();
  if (!reason) {
    setText($("#managing-said"), "Say why: others read it.");
    return $("#exclusion-reason").focus();
  }
  return attempt(async () => {
    const { exclusions } = await send("PUT", exclusionAddress(), { reason, contentType: item.contentType });
    entry = { ...entry, excluded: { reason: exclusions[0].reason, since: exclusions[0].excludedAt } };
    showExclusion();
  }, "Rankings leave it out.");
}

async function include() {
  await send("DELETE", exclusionAddress({ contentType: item.contentType }));
  entry = { ...entry, excluded: null };
  showExclusion();
}

function exclusionAddress(query = {}) {
  const { segment, query: inQuery } = idInPath(item.contentId);
  return address(`/admin/items/${segment}/exclusion`, { ...inQuery, ...query });
}

// Of the rankings that may hold it.
async function askLists() {
  const { body } = await read("/analytics/rankings");
  const rankings = body.rankings.filter(({ subject, contentType, enabled }) => enabled && subject === "item" && [null, item.contentType].includes(contentType)).map(({ name }) => name);
  $("#managing").close();
  askForRule({ item: { ...entry, ...item }, rankings, nameOf: rankingName, done });
}

async function save() {
  const given = Object.fromEntries(["title", "creator", "category"].map((name) => [name, $(`#edit-${name}`).value.trim() || null]));
  await send("PUT", "/items", { contentId: item.contentId, contentType: item.contentType, ...given });
  entry = { ...entry, ...given };
}
