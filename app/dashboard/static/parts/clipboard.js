// Copying text, also where the browser offers no clipboard: it does so on HTTPS and localhost only.

/** Copy a text; resolves to whether it is in the clipboard. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return byHand(text);
  }
}

function byHand(text) {
  const before = document.activeElement;
  const place = document.createElement("textarea");
  place.value = text;
  place.className = "quiet-text";
  document.body.append(place);
  place.select();
  const done = document.execCommand("copy");
  place.remove();
  before?.focus({ preventScroll: true });
  return done;
}
