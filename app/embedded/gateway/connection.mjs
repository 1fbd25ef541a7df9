// A client's socket: whole messages in, answers out, both with back-pressure.
import { Framer } from './wire.mjs'

const INBOX_HIGH_BYTES = 8 << 20
const OUTBOX_HIGH_BYTES = 1 << 20

export class Connection {
  #socket
  #framer = new Framer()
  #out = []
  #outBytes = 0
  #wake = null
  /** Messages that wait to be handled. */
  inbox = []
  inboxBytes = 0
  closed = false

  /** `onData` is called when something came in, `onClose` once when the socket is gone. */
  constructor(socket, { onData, onClose }) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => {
      this.#framer.push(chunk)
      onData()
      if (this.inboxBytes > INBOX_HIGH_BYTES) socket.pause()
    })
    socket.on('drain', () => this.wake())
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.closed = true
      this.wake()
      onClose()
    })
  }

  /** The next whole message that came in, or null. Throws ProtocolViolation. */
  next() {
    return this.#framer.next()
  }

  startupDone() {
    this.#framer.startupDone()
  }

  enqueue(bytes) {
    this.inbox.push(bytes)
    this.inboxBytes += bytes.length
  }

  dequeue() {
    const bytes = this.inbox.shift()
    this.inboxBytes -= bytes.length
    if (this.#socket.isPaused() && this.inboxBytes < INBOX_HIGH_BYTES / 2) this.#socket.resume()
    return bytes
  }

  send(bytes) {
    this.#out.push(bytes)
    this.#outBytes += bytes.length
  }

  /** Whether so much waits to be sent that nothing should be added to it. */
  get full() {
    return this.#outBytes > OUTBOX_HIGH_BYTES
  }

  flush() {
    if (this.#out.length === 0 || this.closed) return
    this.#socket.write(this.#out.length === 1 ? this.#out[0] : Buffer.concat(this.#out))
    this.#out = []
    this.#outBytes = 0
  }

  /** Sends everything and waits until the client has taken it, or is gone. */
  async drained() {
    this.flush()
    if (!this.#socket.writableNeedDrain || this.closed) return
    await new Promise((resolve) => (this.#wake = resolve))
    this.#wake = null
  }

  /** Ends a wait for the client. */
  wake() {
    this.#wake?.()
  }

  end(lastWords) {
    this.flush()
    this.inbox = []
    this.#socket.end(lastWords)
    // A client that does not read its last words must not keep its turn.
    setTimeout(() => this.#socket.destroy(), 1000).unref()
  }
}
