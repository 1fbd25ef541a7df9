// The key that a page was given: kept for this tab only, and asked for in a dialog.

import { $ } from "./dom.js";

const NAME = "groundswell-key";
let asking = null; // the promise of the dialog that is open
let declined = false; // "Not now" holds until somebody asks for the dialog
let refused = ""; // why the key that this tab had was refused
let held = ""; // where storage is closed, a key lasts as long as the page

/** The key of this tab, or "". */
export function heldKey() {
  try {
    return sessionStorage.getItem(NAME) ?? held;
  } catch {
    return held;
  }
}

function hold(key) {
  held = key;
  try {
    if (key) sessionStorage.setItem(NAME, key);
    else sessionStorage.removeItem(NAME);
  } catch {
    // Storage is closed.
  }
}

/** Forget the key of this tab, which the API refuses. */
export function forgetKey(why) {
  hold("");
  refused = why;
  declined = false;
}

/** Resolve once a key was given. */
export const keyGiven = () => new Promise((resolve) => addEventListener("groundswell-key", resolve, { once: true }));

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
        if (given) {
          hold(key);
          refused = "";
        }
        declined = !given;
        asking = null;
        resolve(given);
        if (given) dispatchEvent(new Event("groundswell-key"));
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
  return refused ? `The API does not take the key of this tab: ${refused}.` : "This service shows its numbers to those who have a key.";
}
