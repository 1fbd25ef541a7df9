// The form that makes a key, or changes the bounds of one.

import { send } from "../parts/api.js";
import { $, $$, setText } from "../parts/dom.js";

const NUMBERS = ["rateLimit", "maxCount", "maxAgeSeconds", "maxWatchSeconds"];
const FLAGS = ["ownIds", "derivesViewer"];
// What a key of a kind is made with (app/access/bounds.py).
const USUAL = {
  secret: { rateLimit: null, maxCount: null, maxAgeSeconds: null, maxWatchSeconds: null, takesBack: "anything", ownIds: false, derivesViewer: false },
  public: { rateLimit: null, maxCount: 1, maxAgeSeconds: 3600, maxWatchSeconds: 3600, takesBack: "own", ownIds: true, derivesViewer: true },
};

/** Return `{open(key)}`: null makes a new one; `made(key)` gets what the API answers. */
export function form({ made }) {
  const dialog = $("#making");
  const element = $("#making-form");
  const fields = element.elements;
  let key = null;

  fields.kind.addEventListener("change", () => {
    fill(USUAL[fields.kind.value]);
    match();
  });
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    setText($("#making-said"), "");
    try {
      const answer = key ? await send("PATCH", `/admin/keys/${key.id}`, bounds()) : await send("POST", "/admin/keys", { ...named(), ...bounds() });
      dialog.close();
      made(answer);
    } catch (problem) {
      setText($("#making-said"), `${problem.title}. ${problem.detail ?? ""}`);
    }
  });

  function open(of) {
    key = of;
    element.reset();
    setText($("#making-title"), key ? `Bounds of ${key.name}` : "New key");
    setText($("#make"), key ? "Change" : "Make it");
    setText($("#making-said"), "");
    fields.name.required = !key;
    if (key) fields.kind.value = key.kind;
    fill(key ?? USUAL[fields.kind.value]);
    fields.origins.value = (key?.allowedOrigins ?? []).join("\n");
    match();
    dialog.showModal();
  }

  function match() {
    const isPublic = fields.kind.value === "public";
    $("#what").hidden = $("#scopes").hidden = Boolean(key);
    $("#origins").hidden = !isPublic;
    for (const box of $$("[name=scope]", element)) {
      box.disabled = isPublic && ["backfill", "admin"].includes(box.value);
      if (box.disabled) box.checked = false;
    }
  }

  function fill(from) {
    for (const name of NUMBERS) fields[name].value = from[name] ?? "";
    for (const name of FLAGS) fields[name].checked = from[name];
    fields.takesBack.value = from.takesBack;
  }

  const named = () => ({ name: fields.name.value.trim(), kind: fields.kind.value, scopes: $$("[name=scope]:checked", element).map((box) => box.value) });

  function bounds() {
    const numbers = NUMBERS.map((name) => [name, fields[name].value === "" ? null : Number(fields[name].value)]);
    const flags = FLAGS.map((name) => [name, fields[name].checked]);
    const isPublic = fields.kind.value === "public";
    const origins = fields.origins.value.split(/\s+/).filter(Boolean);
    return { ...Object.fromEntries([...numbers, ...flags]), takesBack: fields.takesBack.value, ...(isPublic ? { allowedOrigins: origins } : {}) };
  }

  return { open };
}
