// A score with its parts, on hover and on focus: asked for only then, once a run.

import { address, idInPath } from "../parts/address.js";
import { read } from "../parts/api.js";
import { el } from "../parts/dom.js";
import { score, signed } from "../parts/format.js";
import { componentName, isSum } from "../parts/words.js";

const WAIT_MS = 150;

/** Make `place` show the parts of whichever score is pointed at. */
export function scoreParts(place) {
  let timer = 0;
  let at = null; // the button that is pointed at

  function hide() {
    clearTimeout(timer);
    at?.removeAttribute("aria-describedby");
    at = null;
    place.hidden = true;
  }
  async function show(button, row) {
    at = button;
    const { ranking, type, id } = row.dataset;
    const { segment, query } = idInPath(id);
    let content;
    try {
      const path = `/analytics/rankings/${encodeURIComponent(ranking)}/items/${segment}`;
      content = partsOf((await read(address(path, { ...query, contentType: type, since: "1m" }), { asks: false })).body);
    } catch (problem) {
      content = [el("p", {}, problem.title), el("p.soft", {}, problem.detail)];
    }
    if (at !== button) return;
    place.replaceChildren(...content);
    place.hidden = false;
    button.setAttribute("aria-describedby", place.id);
    const box = button.getBoundingClientRect();
    const left = Math.min(box.right - place.offsetWidth, innerWidth - place.offsetWidth - 12);
    const above = box.bottom + place.offsetHeight + 12 > innerHeight;
    place.style.left = `${Math.max(12, left) + scrollX}px`;
    place.style.top = `${(above ? box.top - place.offsetHeight - 6 : box.bottom + 6) + scrollY}px`;
  }
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
  addEventListener("scroll", hide, { passive: true });
  return {
    listen(button, row) {
      const soon = () => {
        hide();
        timer = setTimeout(() => show(button, row), WAIT_MS);
      };
      for (const name of ["pointerenter", "focus"]) button.addEventListener(name, soon);
      for (const name of ["pointerleave", "blur"]) button.addEventListener(name, hide);
      button.addEventListener("click", () => show(button, row));
    },
  };
}

function partsOf(explanation) {
  const sums = isSum(explanation);
  const parts = explanation.components.filter((part) => Math.abs(part.points) >= 1e-3).sort((one, other) => Math.abs(other.points) - Math.abs(one.points));
  const hour = explanation.components.reduce((all, part) => all + (part.lastHour ?? 0), 0);
  const knows = explanation.components.some((part) => part.lastHour !== null);
  return [
    el("table", {}, el("tbody", {}, parts.map((part) => el("tr", {}, el("td", {}, componentName(part.component)), el("td", {}, sums ? signed(part.points) : score(part.points)))))),
    el("p.soft", {}, [knows && `The last hour added ${signed(hour)}.`, explanation.description].filter(Boolean).join(" ")),
  ];
}
