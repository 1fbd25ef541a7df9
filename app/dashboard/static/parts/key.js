// The key that a page was given: kept for this tab only, and asked for in a dialog.

import { $ } from "./dom.js";

const NAME = "groundswell-key";
let asking = null; // the promise of the dialog that is open
let declined = false; // "Not now" holds until somebody asks for the dialog

export const heldKey = () => sessionStorage.getItem(NAME) ?? "";

/** Forget the key of this tab. */
export function forgetKey() {
  sessionStorage.removeItem(NAME);
  declined = false;
}

/** Open the dialog, once for all who ask at the same time; resolves to whether a key was given. */
export function askForKey(problem, { anew = false } = {}) {
  if (asking) return asking;
  if (declined && !anew) return Promise.resolve(false);
  const dialog = $("#key");
  const text = $("#key-text");
  $("#key-why").textContent = why(problem);
  text.value = "";
  dialog.returnValue = "";
  asking = new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => {
        const key = text.value.trim();
        text.value = "";
        const given = dialog.returnValue === "use" && key !== "";
        if (given) sessionStorage.setItem(NAME, key);
        declined = !given;
        asking = null;
        resolve(given);
      },
      { once: true },
    );
  });
  dialog.showModal();
  return asking;
}

function why(problem) {
  if (!problem) return "Give a key for what this page asks.";
  if (problem.status === 403) return `The API says: ${problem.detail}. Another key may be allowed to.`;
  return heldKey() ? `The API does not take the key of this tab: ${problem.detail}.` : "This service shows its numbers to those who have a key.";
}
