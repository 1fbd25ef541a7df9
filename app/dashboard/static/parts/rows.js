// Rows that move to their new place, and that j and k go through (see keyboard.js).

const calm = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * Put `items` into a table body: one row each, kept by its key while the item stays.
 *
 * `fill(row, item)` gets an empty row or the item's own. A row whose link (`data-open`) has the
 * focus keeps it. With `moves`, rows slide from where they were.
 */
export function fillRows(body, items, { key, make, fill, moves = true }) {
  const before = new Map([...body.children].map((row) => [row.dataset.key, { row, top: moves ? row.getBoundingClientRect().top : 0 }]));
  const focused = document.activeElement?.closest("[data-row]");
  const rows = items.map((item) => {
    const row = before.get(key(item))?.row ?? make();
    row.dataset.key = key(item);
    row.dataset.row = "";
    fill(row, item);
    return row;
  });
  const active = document.activeElement;
  if (rows.length !== body.children.length || rows.some((row, at) => body.children[at] !== row)) body.replaceChildren(...rows);
  if (focused && body.contains(focused) && document.activeElement !== active) active.focus({ preventScroll: true });
  if (moves && before.size && !calm.matches) rows.forEach((row) => slide(row, before.get(row.dataset.key)?.top));
}

function slide(row, top) {
  const by = top === undefined ? null : top - row.getBoundingClientRect().top;
  const timing = { duration: 500, easing: "cubic-bezier(.2,.8,.2,1)" };
  if (by === null) row.animate([{ opacity: 0 }, { opacity: 1 }], timing);
  else if (by) row.animate([{ transform: `translateY(${by}px)` }, { transform: "none" }], timing);
}
