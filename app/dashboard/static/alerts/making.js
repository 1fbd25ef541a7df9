// The form that makes an alert.

import { read } from "../parts/api.js";
import { $, $$, setText } from "../parts/dom.js";
import { rankingName } from "../parts/words.js";

/** Open it by its button; `made(body)` posts it, and what it throws is told in the form. */
export function making({ made }) {
  const form = $("#making-form");
  const dialog = $("#making");

  $("#new").addEventListener("click", async () => {
    setText($("#making-said"), "");
    dialog.showModal();
    match();
    try {
      const { body } = await read("/analytics/rankings");
      rankings = body.rankings.filter((one) => one.enabled);
    } catch (problem) {
      setText($("#making-said"), problem.title);
    }
    match();
  });
  form.elements.condition.addEventListener("change", match);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    setText($("#making-said"), "");
    try {
      await made(bodyOf(form.elements));
      dialog.close();
      form.reset();
    } catch (problem) {
      setText($("#making-said"), `${problem.title}. ${problem.detail ?? ""}`);
    }
  });

  let rankings = [];
  function match() {
    const kind = form.elements.condition.value;
    for (const field of $$("[data-for]", form)) field.hidden = !field.dataset.for.split(" ").includes(kind);
    const fit = rankings.filter(({ formula }) => kind !== "breaksOut" || formula === "breakout");
    const before = form.elements.ranking.value;
    form.elements.ranking.replaceChildren(...fit.map(({ name }) => new Option(rankingName(name), name)));
    const wanted = [before, "trending_24h", "breakout"].find((name) => fit.some((one) => one.name === name));
    if (wanted) form.elements.ranking.value = wanted;
  }
}

function bodyOf(fields) {
  const kind = fields.condition.value;
  const conditions = {
    entersTop: () => ({ type: kind, n: Number(fields.n.value) }),
    breaksOut: () => ({ type: kind, score: Number(fields.score.value) }),
    passesCount: () => ({ type: kind, metric: fields.metric.value, count: Number(fields.count.value) }),
  };
  const body = { condition: conditions[kind](), cooldown: fields.cooldown.value === "0" ? 0 : fields.cooldown.value };
  if (kind !== "passesCount") body.ranking = fields.ranking.value;
  for (const name of ["name", "url"]) if (fields[name].value.trim()) body[name] = fields[name].value.trim();
  return body;
}
