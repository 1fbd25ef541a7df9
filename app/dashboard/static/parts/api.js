// Asking the API: answers that are kept by their ETag, problems in words, keys when one is needed.

import { askForKey, forgetKey, heldKey } from "./key.js";

const LONGEST_MS = 15_000;
const kept = new Map(); // by address: the ETag and what came with it
const MOST_KEPT = 200;
let skew = 0; // this clock minus the server's, in ms

/** The server's clock, which times of answers are measured by. */
export const serverNow = () => Date.now() - skew;

/** What went wrong: `kind` is down, slow, refused, missing, busy or wrong. */
export class Problem extends Error {
  constructor(kind, title, detail, status = 0, type = "", retryAfter = 0) {
    super(title);
    Object.assign(this, { kind, title, detail, status, type, retryAfter }); // the last in seconds
  }
}

/**
 * GET JSON. Returns `{body, changed, etag}`; `changed` is false where the server said so.
 *
 * `asks` false: a key that is missing is a `Problem` at once, and no dialog opens.
 */
export async function read(address, { asks = true } = {}) {
  const known = kept.get(address);
  const headers = known ? { "if-none-match": known.etag } : {};
  const answer = await ask(address, { headers }, asks);
  if (answer.status === 304) return { body: known.body, changed: false, etag: known.etag };
  const body = await jsonOf(answer);
  const etag = answer.headers.get("etag");
  kept.delete(address);
  if (etag) kept.set(address, { etag, body });
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
  return { body, changed: true, etag };
}

/** POST, PUT, PATCH or DELETE, with a JSON body or none; returns the answer's JSON, or null. */
export async function send(method, address, body, headers = {}) {
  const init = { method, headers: { ...headers } };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers["content-type"] = "application/json";
  }
  const answer = await ask(address, init, true);
  return answer.status === 204 ? null : jsonOf(answer);
}

/** Fetch with the key that is held; asks for one where it is needed, and throws `Problem`. */
export async function ask(address, init, asks) {
  for (;;) {
    const key = heldKey();
    const answer = await reached(address, withKey(init, key));
    const date = Date.parse(answer.headers.get("date"));
    if (date) skew = Date.now() - date;
    if (answer.ok || answer.status === 304) return answer;
    const problem = await problemOf(answer);
    if (answer.status === 401 && key) {
      // Such as that of a `make run` before this one. Most can be read without.
      if (heldKey() === key) forgetKey(problem.detail);
      continue;
    }
    if (problem.kind !== "refused" || !asks || problem.type.endsWith("/admin-disabled")) throw problem;
    // Another request may have been given a key meanwhile.
    if (heldKey() === key && !(await askForKey(problem))) throw problem;
  }
}

/** Return a request with a key in its header. */
export function withKey(init, key) {
  return key ? { ...init, headers: { ...init.headers, "x-api-key": key } } : init;
}

async function reached(address, init) {
  try {
    return await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(LONGEST_MS), ...init });
  } catch (error) {
    if (error.name === "TimeoutError") throw new Problem("slow", "The API takes long to answer", "It is asked again by itself.");
    if (error.name === "AbortError") throw error;
    throw new Problem("down", "The API cannot be reached", "It is tried again by itself. Is the service running, and this machine online?");
  }
}

async function problemOf(answer) {
  let told = {};
  try {
    told = await answer.json();
  } catch {
    // A proxy's page: the status says all.
  }
  const kinds = { 401: "refused", 403: "refused", 404: "missing", 410: "missing", 408: "slow", 429: "busy", 502: "down", 503: "down", 504: "down" };
  const kind = kinds[answer.status] ?? (answer.status >= 500 ? "down" : "wrong");
  return new Problem(kind, told.title ?? `The API answered ${answer.status}`, told.detail ?? "", answer.status, told.type ?? "", Number(answer.headers.get("retry-after")) || 0);
}

async function jsonOf(answer) {
  try {
    return await answer.json();
  } catch (error) {
    if (error.name === "TimeoutError") throw new Problem("slow", "The API takes long to answer", "It is asked again by itself.");
    throw new Problem("wrong", "The answer cannot be read", "Something between here and the API has changed it.");
  }
}
