// Addresses: of an item's page, and the state of a page that stands in its own.

// Below /items/{id}/ these are routes of the API, and "." and ".." are no names in a path.
const NOT_IN_PATH = new Set([".", "..", "-", "like", "comments"]);

/** Return the address of an item's page. Where a path cannot carry its names, the query does. */
export function itemAddress(contentType, contentId) {
  if (NOT_IN_PATH.has(contentType) || NOT_IN_PATH.has(contentId)) {
    return `/items/-/-?${new URLSearchParams({ contentType, contentId })}`;
  }
  return `/items/${encodeURIComponent(contentType)}/${encodeURIComponent(contentId)}`;
}

/** Return which item the page at this address is about. */
export function itemOfAddress(location) {
  const [, , contentType, contentId] = location.pathname.split("/").map(decodeURIComponent);
  const query = new URLSearchParams(location.search);
  return {
    contentType: contentType === "-" ? (query.get("contentType") ?? "video") : contentType,
    contentId: contentId === "-" ? (query.get("contentId") ?? "-") : contentId,
  };
}

/** Return an id as a segment of an API path, and what must then stand in the query. */
export function idInPath(contentId) {
  return [".", "..", "-"].includes(contentId) ? { segment: "-", query: { contentId } } : { segment: encodeURIComponent(contentId), query: {} };
}

/** Return "/path?a=1&a=2", leaving out what is null, undefined, false or empty. */
export function address(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== false && one !== "") query.append(name, one);
    }
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

/** What a filter of a series takes as exactly this name: "!" and "=" at its beginning mean more. */
export const exactly = (name) => (/^[!=]/.test(name) ? `=${name}` : name);

/**
 * The page's state in its address: real links switch it without a reload, and back works.
 *
 * `defaults` names what there is; `onChange(state)` is called at once and after each change. What
 * is not the page's own in the address stays there.
 */
export function stateInAddress(defaults, onChange) {
  const read = () => {
    const query = new URLSearchParams(window.location.search);
    return Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, query.get(name) ?? value]));
  };
  const href = (changes) => {
    const query = new URLSearchParams(window.location.search);
    for (const [name, value] of Object.entries({ ...read(), ...changes })) {
      query.delete(name); // so that the same state has one address
      if (value !== defaults[name] && value !== null && value !== "") query.set(name, value);
    }
    const text = query.toString();
    return text ? `${window.location.pathname}?${text}` : window.location.pathname;
  };
  const go = (changes, { replace = false } = {}) => {
    const to = href(changes);
    if (to === window.location.pathname + window.location.search) return;
    history[replace ? "replaceState" : "pushState"](null, "", to);
    onChange(read());
  };
  addEventListener("popstate", () => onChange(read()));
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-state]");
    if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(JSON.parse(link.dataset.state));
  });
  return { get: read, href, go, begin: () => onChange(read()) };
}
