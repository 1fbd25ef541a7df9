// What stands where numbers cannot: empty, loading, stale, slow, refused, down. Each says what to do.

import { askForKey, heldKey } from "./key.js";
import { el } from "./dom.js";

/** A block in the place of content: notice("Title", "What to do", button, …). */
export function notice(title, text, ...more) {
  return el("div.notice", {}, el("h2", {}, title), text && el("p", {}, text), ...more);
}

/** A line above content that stays: of kind stale, slow, refused or down. */
export function line(kind, title, text, ...more) {
  return el("div.notice.line", { "data-kind": kind, role: "status" }, el("h2", {}, title), text && el("p", {}, text), ...more);
}

/** The line for a problem; `again` is called once a key was given. */
export function problemLine(problem, again = () => {}) {
  return line(kindOf(problem), problem.title, wordsOf(problem), keyButton(problem, again));
}

/** The block for a problem, where there is nothing to show beside it. */
export function problemNotice(problem, again = () => {}) {
  const block = notice(problem.title, wordsOf(problem), keyButton(problem, again));
  block.setAttribute("role", "status");
  return block;
}

/** Show one thing in a place, or nothing; what says the same already stays. */
export function put(place, element) {
  if (element && place.firstElementChild?.isEqualNode(element)) return;
  place.replaceChildren(...(element ? [element] : []));
}

/** So many bars where lines will stand. */
export function skeleton(lines, height = 22) {
  return el(
    "div.skeletons",
    { "aria-hidden": "true" },
    Array.from({ length: lines }, () => {
      const bar = el("div.skeleton");
      bar.style.height = `${height}px`;
      bar.style.margin = "12px 18px";
      return bar;
    }),
  );
}

function kindOf(problem) {
  return { busy: "slow", missing: "stale", wrong: "down" }[problem.kind] ?? problem.kind;
}

function wordsOf(problem) {
  const told = sentence(problem.detail);
  if (problem.kind === "busy") return `${told} It is asked again by itself.`;
  if (problem.kind === "down" && problem.status) return `${told} It is asked again by itself; /health/ready says what is down.`;
  return told;
}

/** What the API says in small letters, as a sentence of its own. */
export function sentence(text) {
  if (!text) return "";
  const first = text[0].toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(first) ? first : `${first}.`;
}

function keyButton(problem, again) {
  if (problem.kind !== "refused" || problem.type?.endsWith("/admin-disabled")) return null;
  const give = async () => (await askForKey(problem, { anew: true })) && again();
  return el("button.button.quiet", { type: "button", onclick: give }, heldKey() ? "Use another key" : "Enter a key");
}
