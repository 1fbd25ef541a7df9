// The end of a page, and of a process.

import type { Frozen } from './event.js'

/** A browser takes 64 kB of a page, of all its scripts together, until they are sent. */
const PIECE = 30_000

interface Ends {
  leave: () => void
  close: () => Promise<void>
}

interface NodeProcess {
  once(name: 'beforeExit', act: () => void): void
  off(name: 'beforeExit', act: () => void): void
}

/** Act when the page is hidden or left, or when Node has nothing else to do; returns what ends that. */
export function atTheEnd({ leave, close }: Ends): () => void {
  if (typeof document !== 'undefined') {
    const hidden = (): void => {
      if (document.visibilityState === 'hidden') leave()
    }
    document.addEventListener('visibilitychange', hidden)
    addEventListener('pagehide', leave)
    return () => {
      document.removeEventListener('visibilitychange', hidden)
      removeEventListener('pagehide', leave)
    }
  }
  const node = (globalThis as { process?: NodeProcess }).process
  if (typeof node?.once !== 'function') return () => {}
  const ending = (): void => void close()
  node.once('beforeExit', ending)
  return () => node.off('beforeExit', ending)
}

/** Hand events to the browser, which sends them when the page is gone; false where it takes no more. */
export function sendBeacons(url: string, events: readonly Frozen[]): boolean {
  for (const piece of pieces(events)) {
    // Plain text, which needs no preflight; the service reads it as JSON.
    const body = new Blob([`[${piece.map((each) => each.line).join(',')}]`], { type: 'text/plain' })
    if (!navigator.sendBeacon(url, body)) return false
  }
  return true
}

function pieces(events: readonly Frozen[]): Frozen[][] {
  const found: Frozen[][] = []
  let room = 0
  for (const each of events) {
    const last = found.at(-1)
    if (last === undefined || room < each.bytes + 1) {
      found.push([each])
      room = PIECE - each.bytes - 2
    } else {
      last.push(each)
      room -= each.bytes + 1
    }
  }
  return found
}
