// API keys: who may do what; make, bound and revoke them.

import { $, setText } from "./parts/dom.js";
import { copy } from "./parts/clipboard.js";
import { form } from "./keys/form.js";
import { list } from "./keys/list.js";

const edited = form({
  made(key) {
    shown.again();
    if (!key.apiKey) return setText($("#said"), `${key.name} is changed.`);
    setText($("#made-key"), key.apiKey);
    setText($("#made-said"), "");
    $("#made").showModal();
  },
});
const shown = list({ edit: edited.open });

$("#new").addEventListener("click", () => edited.open(null));
$("#copy").addEventListener("click", async () => {
  const done = await copy($("#made-key").textContent);
  setText($("#made-said"), done ? "It is in the clipboard." : "Select it, and copy it by hand.");
});
// Not by a slip of the finger: it cannot be shown again.
$("#made").addEventListener("cancel", (event) => event.preventDefault());
$("#made").addEventListener("close", () => setText($("#made-key"), ""));
