// Server-sent events where there is a stream, by fetch: EventSource can send no key.

import { ask } from "./api.js";
import { keyGiven } from "./key.js";

const AGAIN_MS = 3_000;

/**
 * Follow a stream: `onEvent(name, data, id)` for each event; comes back after the last id.
 *
 * A tab that nobody looks at lets go of its connection, of which there are few, and comes back to
 * what it missed. `onState(isLive, problem)` tells whether the stream is held.
 */
export async function follow(address, { onEvent, onState = () => {}, asks = false }) {
  let holding = new AbortController();
  let last = "";
  let wait = AGAIN_MS;
  document.addEventListener("visibilitychange", () => document.hidden && holding.abort());

  async function hold() {
    holding = new AbortController();
    const headers = { accept: "text/event-stream", ...(last ? { "last-event-id": last } : {}) };
    const answer = await ask(address, { headers, signal: holding.signal }, asks);
    onState(true, null);
    for await (const event of eventsOf(answer.body)) {
      if (event.id) last = event.id;
      if (event.retry) wait = event.retry;
      if (event.data) onEvent(event.name, event.data, event.id);
    }
  }

  for (;;) {
    let problem = null;
    try {
      await seen();
      await hold();
    } catch (error) {
      problem = error;
    }
    onState(false, holding.signal.aborted ? null : problem);
    if (problem?.kind === "refused") await keyGiven();
    else if (!holding.signal.aborted) await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

async function seen() {
  while (document.hidden) await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
}

async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text = (text + value).replaceAll("\r\n", "\n");
    const blocks = text.split("\n\n");
    text = blocks.pop();
    for (const block of blocks) yield eventOf(block);
  }
}

function eventOf(block) {
  const event = { name: "message", data: "", id: "", retry: 0 };
  for (const line of block.split("\n")) {
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field === "data") event.data += (event.data && "\n") + value;
    else if (field === "event") event.name = value;
    else if (field === "id") event.id = value;
    else if (field === "retry") event.retry = Number(value) || 0;
  }
  return event;
}
