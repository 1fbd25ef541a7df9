// The settings of a ranking as levers: weights and half-lives, or the options of its formula.

import { el } from "../parts/dom.js";

const WEIGHTS = [["viewWeight", "view", "A view"], ["likeWeight", "like", "A like"], ["commentWeight", "comment", "A comment"], ["shareWeight", "share", "A share"], ["watchMinuteWeight", "watchMinute", "A minute watched"]];
const MINUTES = [["halfLife", "Half-life"], ["recentHalfLife", "Half-life of the fresh part"]];

/** Return the levers of `settings`: `{name, label, unit, value, least, most, step}` each. */
export function leversOf(settings) {
  if (settings.weightsInForce) {
    return [
      ...WEIGHTS.map(([name, metric, label]) => ({ name, label, unit: "points", value: settings.weightsInForce[metric], least: 0, most: mostOf(settings.weightsInForce[metric]), step: 0.1 })),
      ...MINUTES.filter(([name]) => settings[name] !== null).map(([name, label]) => ({ name, label, unit: "hours", value: settings[name] / 3600, least: 0.1, most: mostOf(settings[name] / 3600), step: 0.1 })),
    ];
  }
  return Object.entries(settings.optionsInForce)
    .filter(([, value]) => typeof value === "number")
    .map(([name, value]) => ({ name: `options.${name}`, label: name, unit: "", value, least: 0, most: mostOf(value), step: value > 20 ? 1 : 0.01 }));
}

const mostOf = (value) => Math.max(10, Math.ceil((value * 4) / 10) * 10);

/** Return a lever as a field: a slider and the number beside it, which follow each other. */
export function leverField(lever, changed) {
  const attributes = { min: lever.least, step: lever.step, value: lever.value };
  const slider = el("input", { ...attributes, max: Math.max(lever.most, lever.value), type: "range", "aria-hidden": "true", tabindex: "-1" });
  const number = el("input", { ...attributes, type: "number", inputmode: "decimal", name: lever.name, step: "any", "aria-label": lever.label });
  const follow = (from, to) => from.addEventListener("input", () => ((to.value = from.value), mark(), changed()));
  const field = el("div.lever", {}, el("span", {}, lever.label), slider, number, el("span.soft", {}, lever.unit));
  const mark = () => field.classList.toggle("differs", Number(number.value) !== lever.value);
  follow(slider, number);
  follow(number, slider);
  return field;
}

/** Return what differs, as the API takes it: options are merged there. */
export function changesOf(levers, form) {
  const changes = {};
  for (const lever of levers) {
    const text = form.elements[lever.name].value;
    const value = Number(text);
    if (text === "" || value === lever.value) continue;
    if (lever.name.startsWith("options.")) changes.options = { ...changes.options, [lever.name.slice(8)]: value };
    else changes[lever.name] = lever.unit === "hours" ? value * 3600 : value;
  }
  return changes;
}

/** Return the changes as a statement that does the same. */
export function sqlOf(name, changes) {
  const columns = Object.entries(changes).map(([field, value]) => {
    const column = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    if (field === "options") return `    options = options || '${JSON.stringify(value).replaceAll("'", "''")}'`;
    return `    ${column} = ${column.endsWith("half_life") ? `interval '${value} seconds'` : value}`;
  });
  return `update core.ranking\nset\n${columns.join(",\n")}\nwhere name = '${name}';\n`;
}
