// COPY … FROM STDIN. The backend reads its data within one synchronous call, so the data is
// collected first. Before a client is invited to send, the same COPY is tried with a CopyFail: a
// missing table or a wrong option is reported at once, as PostgreSQL does, and the backend's own
// CopyInResponse has the right formats and column count.
import { message } from './wire.mjs'

const SAVEPOINT = 'groundswell_copy_check'

export class CopyIn {
  #chunks = []
  #bytes = 0
  #limit
  query
  /** Started by Execute: the answer carries no ReadyForQuery, and an error skips to Sync. */
  extended

  constructor(query, { extended, limit }) {
    this.query = query
    this.extended = extended
    this.#limit = limit
  }

  /** Tries the COPY without data: `{invitation}`, or `{refusal}` with the backend's segments. */
  check(engine, inTransaction) {
    if (inTransaction) engine.sql(`savepoint ${SAVEPOINT}`)
    const answer = engine.exec(this.query, message('f', 'checked'))
    const invitation = answer.find(({ type }) => type === 'G')
    if (!invitation) return { refusal: answer }
    if (inTransaction) {
      engine.sql(`rollback to savepoint ${SAVEPOINT}; release savepoint ${SAVEPOINT}`)
    }
    return { invitation: invitation.bytes }
  }

  /** Takes a CopyData message. Too much data is dropped, and reported at the end. */
  add(bytes) {
    this.#bytes += bytes.length
    if (this.#bytes > this.#limit) this.#chunks = []
    else this.#chunks.push(bytes)
  }

  /** Runs the COPY with what was collected; `last` is the client's CopyDone or CopyFail. */
  run(engine, last) {
    const chunks = this.#chunks
    this.#chunks = []
    if (this.#bytes > this.#limit) {
      const megabytes = Math.floor(this.#limit / 1048576)
      last = message('f', `the embedded engine takes at most ${megabytes} MB in one COPY`)
    }
    return engine.exec(this.query, ...chunks, last).filter(({ type }) => type !== 'G')
  }
}
