// Revoking a key: asked once, and a second time where it is the one of this tab.

import { send } from "../parts/api.js";
import { $, setText } from "../parts/dom.js";

/** Ask, and revoke; resolves to whether it was done. */
export async function revoke(key) {
  if (!(await isMeant(`Revoke “${key.name}”?`, "Whoever uses it is refused at once, its streams end, and its alerts sleep. This cannot be taken back.", "Revoke"))) return false;
  try {
    if (!key.isOwn) return (await send("DELETE", `/admin/keys/${key.id}`)) ?? true;
  } catch (problem) {
    if (!problem.type.endsWith("/own-key")) throw problem;
  }
  const isSure = await isMeant(
    "You use this key yourself",
    `“${key.name}” is the key of this tab. Without another admin key you are locked out, until somebody runs groundswell keys create where the service runs, or sets GROUNDSWELL_ADMIN_KEY.`,
    "Revoke my own key",
  );
  return isSure ? ((await send("DELETE", `/admin/keys/${key.id}?own=true`)) ?? true) : false;
}

function isMeant(title, text, label) {
  const dialog = $("#revoking");
  setText($("#revoking-title"), title);
  setText($("#revoking-text"), text);
  setText($("#revoke"), label);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "revoke"), { once: true }));
}
