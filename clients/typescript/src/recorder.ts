// Records events: kept in a bounded buffer, sent in batches, each event once.

import { freeze, type Event, type Frozen } from './event.js'
import { atTheEnd, sendBeacons } from './leaving.js'
import { Delivery, FIRST_PAUSE, type Outcome } from './sending.js'
import { Bell, awake } from './waiting.js'

/** Times are in milliseconds. */
export interface RecorderOptions {
  /** An API key; in a page a public one (`gpk_…`), which is also sent as `?key=` when it is left. */
  key?: string
  /** A batch goes when it has so many events (500) … */
  batchSize?: number
  /** … or so many bytes (500,000) … */
  batchBytes?: number
  /** … or when its first event is so old (1,000). */
  batchTime?: number
  /** Most events that wait (10,000). */
  bufferSize?: number
  /** Which event goes when there is no room: the one that comes (the default), or the oldest. */
  whenFull?: 'dropNewest' | 'dropOldest'
  /** What the service will never take, and why. */
  onRejected?: (event: Event, reason: string) => void
  /** What had no room, or was not sent before the end. */
  onDropped?: (event: Event, reason: string) => void
  /** Longest time that one request may take (10,000). */
  timeout?: number
  /** How long `close`, or the end of the process, waits for the rest to be sent (5,000). */
  exitTime?: number
}

export class Recorder {
  private readonly options: Required<Omit<RecorderOptions, 'key'>>
  private readonly url: string
  private readonly delivery: Delivery
  private readonly bell = new Bell()
  private readonly settled = new Bell()
  private readonly ends: () => void
  private waiting: { at: number; frozen: Frozen }[] = []
  private bytes = 0
  private inFlight: Frozen[] = []
  private takenIn = 0
  private flushed = 0
  private closing = false
  private deadline = Infinity
  private sending: Promise<void> | undefined

  constructor(url: string, { key, ...options }: RecorderOptions = {}) {
    const log = (event: Event, reason: string): void => console.warn(`event ${event.id} is not recorded: ${reason}`)
    this.options = {
      batchSize: 500,
      batchBytes: 500_000,
      batchTime: 1_000,
      bufferSize: 10_000,
      whenFull: 'dropNewest',
      onRejected: log,
      onDropped: log,
      timeout: 10_000,
      exitTime: 5_000,
      ...options,
    }
    const { batchSize, batchBytes, bufferSize, timeout } = this.options
    if (!(Math.min(batchSize, batchBytes, bufferSize) >= 1)) {
      throw new RangeError('batchSize, batchBytes and bufferSize: use 1 or more')
    }
    const route = `${url.replace(/\/$/, '')}/analytics/events`
    const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` }
    // A beacon has no headers; a secret key stands in no address.
    this.url = key?.startsWith('gpk_') ? `${route}?key=${encodeURIComponent(key)}` : route
    this.delivery = new Delivery(route, headers, timeout, (asked, more) => this.pause(asked, more))
    this.ends = atTheEnd({ leave: () => this.leave(), close: () => this.close() })
  }

  /** Take an event, and return its id. Throws after `close`, and for what is no JSON. */
  record(event: Event): string {
    if (this.closing) throw new Error('the recorder is closed')
    const frozen = freeze(event)
    let dropped: Frozen | undefined
    const hasRoom = this.waiting.length + this.inFlight.length < this.options.bufferSize
    if (!hasRoom && (this.options.whenFull === 'dropNewest' || this.waiting.length === 0)) dropped = frozen
    else {
      if (!hasRoom) dropped = this.shift()
      this.waiting.push({ at: Date.now(), frozen })
      this.bytes += frozen.bytes + 1
      this.takenIn++
      this.sending ??= this.run()
      if (this.isDue()) this.bell.ring()
    }
    if (dropped !== undefined) this.tell(this.options.onDropped, dropped.event, 'the buffer is full')
    return frozen.event.id
  }

  /** Send what was recorded without waiting for more. */
  async flush(): Promise<void> {
    const upto = (this.flushed = this.takenIn)
    this.bell.ring()
    await awake(async () => {
      while (this.left() < upto) await this.settled.wait()
    })
  }

  /** Send the rest, for `exitTime` at most; done by itself when Node has nothing else to do. */
  async close(): Promise<void> {
    this.ends()
    this.closing = true
    this.deadline = Math.min(this.deadline, Date.now() + this.options.exitTime)
    this.bell.ring()
    await awake(async () => this.sending)
  }

  /** Send from a page that is left, also what is under way, which may be cut off: ids count once. */
  private leave(): void {
    // Nobody hears what became of it, so all stays here, for a page that is shown again.
    const all = [...this.inFlight, ...this.waiting.map((each) => each.frozen)]
    if (!sendBeacons(this.url, all)) void this.flush()
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) {
      if (!this.isDue()) {
        await this.bell.wait((this.waiting[0]?.at ?? 0) + this.options.batchTime - Date.now())
        continue
      }
      this.inFlight = this.take()
      const isOver = Date.now() > this.deadline
      const outcome: Outcome = isOver
        ? { rejected: [], unsent: this.inFlight }
        : await this.delivery.send(this.inFlight)
      this.inFlight = []
      this.settled.ring()
      for (const [event, reason] of outcome.rejected) this.tell(this.options.onRejected, event, reason)
      for (const { event } of outcome.unsent) {
        this.tell(this.options.onDropped, event, 'the service could not be reached before the end')
      }
    }
    this.sending = undefined
  }

  /** How many of those taken in have gone, to the service or overboard. */
  private left(): number {
    return this.takenIn - this.waiting.length - this.inFlight.length
  }

  private isDue(): boolean {
    const first = this.waiting[0]
    if (first === undefined) return false
    return (
      this.closing ||
      this.waiting.length >= Math.min(this.options.batchSize, this.options.bufferSize) ||
      this.bytes >= this.options.batchBytes ||
      this.left() < this.flushed ||
      Date.now() >= first.at + this.options.batchTime
    )
  }

  private take(): Frozen[] {
    const batch: Frozen[] = []
    let size = 0
    for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
      size += next.frozen.bytes + 1
      const isFull = batch.length >= this.options.batchSize || size > this.options.batchBytes
      if (isFull && batch.length > 0) break
      this.shift()
      batch.push(next.frozen)
    }
    return batch
  }

  private shift(): Frozen | undefined {
    const frozen = this.waiting.shift()?.frozen
    this.bytes -= frozen === undefined ? 0 : frozen.bytes + 1
    return frozen
  }

  private async pause(asked: number, more: number): Promise<boolean> {
    const begun = Date.now()
    for (;;) {
      // At the end hardly more than was asked for.
      const until = begun + asked + (this.closing ? Math.min(more, FIRST_PAUSE) : more)
      if (until > this.deadline) return false
      if (until <= Date.now()) return true
      await this.bell.wait(until - Date.now())
    }
  }

  private tell(told: (event: Event, reason: string) => void, event: Event, reason: string): void {
    try {
      told(event, reason)
    } catch (error) {
      console.error(error) // sending goes on, whatever a caller's function does
    }
  }
}
