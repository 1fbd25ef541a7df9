// One batch to the service: until it has it, or says no.

import type { Event, Frozen } from './event.js'
import { Problem, bodyOf, mayPass, secondsAsked } from './problem.js'
import type { Accepted } from './wire.js'

export const FIRST_PAUSE = 250
const LONGEST_PAUSE = 30_000

/** What became of a batch; what is in neither was accepted. */
export interface Outcome {
  rejected: [Event, string][]
  unsent: Frozen[]
}

/** Waits as long as the service asks for and some more; false where there is no time for it. */
export type Wait = (asked: number, more: number) => Promise<boolean>

export class Delivery {
  constructor(
    private readonly url: string,
    private readonly headers: Record<string, string>,
    private readonly timeout: number,
    private readonly wait: Wait,
  ) {}

  /**
   * Deliver a batch, however often it takes.
   *
   * Each try sends the same lines, so an answer that got lost on its way doubles nothing.
   */
  async send(batch: Frozen[]): Promise<Outcome> {
    for (let tries = 0; ; tries++) {
      const answer = await this.post(batch)
      const body = answer === null ? {} : await bodyOf(answer)
      // A success without our words is somebody else's, such as a captive portal's.
      const isOurs = answer !== null && (!answer.ok || 'accepted' in body)
      if (isOurs && !mayPass(answer.status)) return this.told(answer, body, batch)
      const asked = answer === null ? 0 : secondsAsked(answer) * 1000
      // What is asked for is a least; all who were told the same must not come at once.
      if (!(await this.wait(asked, pauseAfter(tries)))) return { rejected: [], unsent: batch }
    }
  }

  private async post(batch: Frozen[]): Promise<Response | null> {
    try {
      return await fetch(this.url, {
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson', ...this.headers },
        body: batch.map((each) => each.line).join('\n'),
        credentials: 'omit',
        signal: AbortSignal.timeout(this.timeout),
      })
    } catch {
      return null // not reached, or cut off
    }
  }

  private async told(answer: Response, body: Record<string, unknown>, batch: Frozen[]): Promise<Outcome> {
    if (answer.status === 413 && batch.length > 1) {
      const half = batch.length >> 1
      const first = await this.send(batch.slice(0, half))
      const second = await this.send(batch.slice(half))
      return {
        rejected: [...first.rejected, ...second.rejected],
        unsent: [...first.unsent, ...second.unsent],
      }
    }
    const problem = new Problem(answer, body)
    const rejected = (body as Partial<Accepted>).rejected
    if (rejected === undefined) return { rejected: batch.map((each) => [each.event, problem.message]), unsent: [] }
    return {
      rejected: rejected.flatMap(({ index, reason }): [Event, string][] => {
        const found = batch[index]
        return found === undefined ? [] : [[found.event, reason]]
      }),
      unsent: [],
    }
  }
}

/** How long to wait after so many failures: at random, for others fail with us. */
export function pauseAfter(tries: number): number {
  return Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(tries, 10)) * (0.5 + Math.random() / 2)
}
