// What if: the list under other settings, before anything is live.

import { itemAddress } from "../parts/address.js";
import { read, send } from "../parts/api.js";
import { copy } from "../parts/clipboard.js";
import { $, el, setText } from "../parts/dom.js";
import { full, score } from "../parts/format.js";
import { line, problemNotice, put } from "../parts/notice.js";
import { changesOf, leverField, leversOf, sqlOf } from "./levers.js";

const TOP = 25;
const WAIT_MS = 350; // a slider that moves is not asked about at each step

/** Offer it for the ranking that `about` names; `applied()` is called when it was changed. */
export function whatIf({ applied }) {
  let ranking = null;
  let seen = ""; // the ETag of the settings that the levers are of
  let levers = [];
  let turn = 0;
  let timer = 0;

  $("#tune").addEventListener("click", open);
  $("#reset").addEventListener("click", () => (put($("#what-notice"), null), draw()));
  $("#copy").addEventListener("click", async () => {
    const statement = sqlOf(ranking.name, changes());
    setText($("#what-said"), (await copy(statement)) ? "The statement is in the clipboard." : statement);
  });
  $("#apply").addEventListener("click", () => {
    $("#applying-what").replaceChildren(...levers.filter(differs).map((lever) => el("li", {}, `${lever.label}: ${lever.value} → ${valueOf(lever)} ${lever.unit}`)));
    $("#applying").returnValue = "";
    $("#applying").showModal();
  });
  $("#applying").addEventListener("close", () => $("#applying").returnValue === "apply" && apply());
  $("#levers").addEventListener("submit", (event) => event.preventDefault());

  const valueOf = (lever) => $("#levers").elements[lever.name].value;
  const differs = (lever) => valueOf(lever) !== "" && Number(valueOf(lever)) !== lever.value;
  const changes = () => changesOf(levers, $("#levers"));
  const path = () => `/admin/rankings/${encodeURIComponent(ranking.name)}`;

  async function open() {
    $("#what").hidden = false;
    const mine = ranking;
    let found;
    try {
      found = await read(path());
    } catch (problem) {
      if (mine.name !== ranking?.name) return;
      $("#levers").replaceChildren();
      return put($("#what-notice"), problemNotice(problem, open));
    }
    if (mine.name !== ranking?.name) return; // settings of another ranking
    put($("#what-notice"), null);
    take(found);
    $("#what").scrollIntoView({ block: "start" });
  }

  function take({ body, etag }) {
    seen = etag;
    levers = leversOf(body);
    draw();
  }

  function draw() {
    $("#levers").replaceChildren(...levers.map((lever) => leverField(lever, soon)));
    setText($("#what-said"), levers.length ? "Move a lever to see what enters, leaves and moves." : "This formula has nothing to weigh.");
    $("#preview-table").hidden = true;
    $("#apply").disabled = $("#copy").disabled = true;
    clearTimeout(timer);
    turn += 1;
  }

  function soon() {
    clearTimeout(timer);
    $("#preview").setAttribute("aria-busy", "true");
    timer = setTimeout(preview, WAIT_MS);
  }

  async function preview() {
    const given = changes();
    const mine = (turn += 1);
    $("#apply").disabled = $("#copy").disabled = !Object.keys(given).length;
    try {
      const found = await send("POST", `${path()}/preview?limit=${TOP}`, given);
      if (mine === turn) show(found);
    } catch (problem) {
      if (mine !== turn) return;
      $("#apply").disabled = true;
      $("#preview").setAttribute("aria-busy", "false");
      setText($("#what-said"), `${problem.title}. ${problem.detail ?? ""}`);
    }
  }

  function show(found) {
    $("#preview").setAttribute("aria-busy", "false");
    const { entering, leaving, moving } = found;
    setText($("#what-said"), entering.length + leaving.length + moving ? `Of the first ${TOP}, ${entering.length} enter, ${leaving.length} leave and ${moving} move.` : "Nothing changes among the first.");
    $("#preview-table").hidden = false;
    $("#preview-body").replaceChildren(...[...found.items, ...leaving].map((item) => rowOf(item, leaving.includes(item))));
  }

  async function apply() {
    const mine = ranking;
    try {
      await send("PATCH", path(), changes(), { "if-match": seen });
      const found = await read(path());
      if (mine.name !== ranking?.name) return;
      put($("#what-notice"), null);
      take(found);
    } catch (problem) {
      if (mine.name !== ranking?.name) return;
      if (problem.status === 412) return merge(mine);
      return setText($("#what-said"), `${problem.title}. ${problem.detail ?? ""}`);
    }
    setText($("#what-said"), "Changed. The next run, within a minute, follows.");
    applied();
  }

  // Somebody else was quicker: theirs is shown, what was moved here stays, and nothing is lost.
  async function merge(mine) {
    const before = new Map(levers.map((lever) => [lever.name, lever.value]));
    const own = new Map(levers.filter(differs).map((lever) => [lever.name, valueOf(lever)]));
    let found;
    try {
      found = await read(path());
    } catch (problem) {
      return setText($("#what-said"), `${problem.title}. ${problem.detail ?? ""}`);
    }
    if (mine.name !== ranking?.name) return;
    take(found);
    for (const lever of levers.filter(({ name }) => own.has(name))) {
      const field = $("#levers").elements[lever.name];
      field.value = own.get(lever.name);
      field.dispatchEvent(new Event("input"));
    }
    const theirs = levers.filter(({ name, value }) => before.get(name) !== value).map(({ name, label, value }) => `${label} ${before.get(name) ?? "–"} → ${value}`);
    put($("#what-notice"), line("stale", "Somebody else has changed this ranking meanwhile.", `${theirs.length ? `${theirs.join(", ")}. ` : ""}Nothing of yours is applied: look at it again, then apply.`));
  }

  return {
    about(overview) {
      $("#tune").hidden = !overview;
      if (ranking?.name === overview?.name) return;
      ranking = overview;
      $("#what").hidden = true;
      clearTimeout(timer);
      turn += 1;
    },
  };
}

function rowOf(item, leaves) {
  const title = item.title || item.contentId;
  return el(
    "tr",
    { "data-row": "", class: leaves ? "leaves" : null },
    el("td.number", {}, leaves ? "–" : full(item.rank)),
    el("td.number", {}, item.currentRank === null ? "–" : full(item.currentRank)),
    el("td", {}, movedOf(item, leaves)),
    el("th", { scope: "row" }, el("a", { href: itemAddress(item.contentType, item.contentId), "data-open": "" }, title)),
    el("td.number", {}, item.score === null ? "–" : score(item.score)),
    el("td.number", {}, item.currentScore === null ? "–" : score(item.currentScore)),
  );
}

function movedOf({ moved, currentRank }, leaves) {
  if (leaves) return el("span.badge.bad", {}, "leaves");
  if (currentRank === null || currentRank > TOP) return el("span.badge.good", {}, "enters");
  if (!moved) return el("span.soft", {}, "stays");
  return el(moved > 0 ? "span.up" : "span.down", {}, `${moved > 0 ? "up" : "down"} ${full(Math.abs(moved))}`);
}
