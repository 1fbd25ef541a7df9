// An event, frozen before it is sent for the first time.

import type { EventIn } from './wire.js'

/** What is recorded, with the names that the API has: `type`, `contentId`, and what is optional. */
export type Event = EventIn

/** An event as it is sent, however often: its id stands in its line. */
export interface Frozen {
  readonly event: Event & { id: string }
  readonly line: string
  readonly bytes: number
}

const encoder = new TextEncoder()

/**
 * Give an event its id, unless it has one, and encode it.
 *
 * The id carries the time (UUIDv7): sent an hour later, after an outage, the event still counts for
 * the moment it happened.
 */
export function freeze(event: Event): Frozen {
  const whole = { ...event, id: event.id ?? uuid7() }
  const line = JSON.stringify(whole)
  return { event: whole, line, bytes: encoder.encode(line).length }
}

/** Return a UUID of this millisecond, as RFC 9562 has it in 5.7. */
export function uuid7(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  const view = new DataView(bytes.buffer)
  view.setUint16(0, Math.floor(Date.now() / 2 ** 32))
  view.setUint32(2, Date.now() % 2 ** 32)
  view.setUint8(6, (view.getUint8(6) & 0x0f) | 0x70)
  view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80)
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
