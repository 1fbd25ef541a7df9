// Server-sent events where there is a stream, by fetch: EventSource can send no key.

import { ask } from "./api.js";
import { keyGiven } from "./key.js";

const AGAIN_MS = 3_000;

/**
 * Follow a stream: `onEvent(name, data, id)` for each event; comes back after the last id.
 *
 * `onState(isLive, problem)` tells whether it is held; a page polls meanwhile. Returns what ends it.
 */
export function follow(address, { onEvent, onState = () => {}, asks = false }) {
  const ending = new AbortController();
  let last = "";
  let wait = AGAIN_MS;

  async function hold() {
    const headers = { accept: "text/event-stream", ...(last ? { "last-event-id": last } : {}) };
    const answer = await ask(address, { headers, signal: ending.signal }, asks);
    onState(true, null);
    for await (const event of eventsOf(answer.body)) {
      if (event.id) last = event.id;
      if (event.retry) wait = event.retry;
      if (event.data) onEvent(event.name, event.data, event.id);
    }
  }

  (async () => {
    while (!ending.signal.aborted) {
      let problem = null;
      try {
        await hold();
      } catch (error) {
        problem = error;
      }
      if (ending.signal.aborted) return;
      onState(false, problem);
      await (problem?.kind === "refused" ? keyGiven() : new Promise((resolve) => setTimeout(resolve, wait)));
    }
  })();
  return () => ending.abort();
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
