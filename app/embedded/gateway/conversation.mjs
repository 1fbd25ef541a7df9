// What a client's messages mean while it has the turn: simple and extended queries, and COPY.
import { CopyIn } from './copy.mjs'
import { study } from './sql.mjs'
import { Statements } from './statements.mjs'
import { ProtocolViolation, errorResponse, message, readCString, readyForQuery } from './wire.mjs'

export class Conversation {
  #backend
  #client
  #skipping = false
  /** As in the last ReadyForQuery: I idle, T in a transaction, E in a failed one. */
  status = 'I'
  /** Extended messages have been run, and their Sync has not. */
  inExtended = false
  /** The COPY that the client sends data for. */
  copy = null

  constructor(backend, client) {
    this.#backend = backend
    this.#client = client
    this.statements = new Statements(backend.engine, client, client.pid)
  }

  /** Nothing that the client began waits for more of its messages. */
  get isIdle() {
    return this.status === 'I' && !this.inExtended
  }

  handle(type, bytes) {
    if (this.copy) this.#finishCopy(bytes)
    else if (this.#skipping && type !== 'S') return
    else if (type === 'Q') this.#simpleQuery(bytes)
    else if (type === 'F') this.#notSupported('function calls by the fast path')
    else if (type === 'p') throw new ProtocolViolation('no password was asked for')
    else if (!'dcf'.includes(type)) this.#extendedMessage(type, bytes)
  }

  #simpleQuery(bytes) {
    const [text] = readCString(bytes, 5)
    const found = study(text)
    this.statements.simpleQuery()
    const renamed = this.statements.rename(text)
    const query = renamed === text ? bytes : message('Q', renamed)
    if (found.copyFromStdin && found.count > 1) {
      this.#notSupported('COPY FROM STDIN together with other statements in one query')
    } else if (found.copyFromStdin) {
      this.#startCopy(query, false)
    } else {
      this.#client.effects.begin(found)
      this.#answer(this.#backend.engine.exec(query))
    }
  }

  #extendedMessage(type, bytes) {
    const { engine } = this.#backend
    // A Close or a Flush by itself begins nothing: some clients send them between batches, and no
    // Sync until their next one.
    if (!'CH'.includes(type)) this.inExtended = type !== 'S'
    if (type === 'S') {
      this.#skipping = false
      this.#answer(engine.exec(bytes))
    } else if (type === 'P') {
      const { rewritten, found } = this.statements.parse(bytes)
      this.#client.effects.parsed(found)
      this.#answer(engine.exec(rewritten))
    } else if (type === 'H') {
      this.#answer(engine.exec(bytes))
      this.#client.connection.flush()
    } else {
      this.#useStatement(type, bytes)
    }
  }

  #useStatement(type, bytes) {
    const { engine } = this.#backend
    const statement = this.statements.statementOf(bytes)
    if (type === 'E' && statement?.found.copyFromStdin) {
      this.#startCopy(message('Q', statement.text), true)
      return
    }
    if (type === 'E') this.#client.effects.begin(statement?.found)
    const lost = type === 'B' || type === 'D' ? this.statements.lost(statement) : null
    if (lost) {
      const answer = engine.exec(lost)
      if (answer.some((segment) => segment.type === 'E')) return this.#answer(answer)
      this.statements.refound(statement)
    }
    if (type === 'B') this.#answer(engine.exec(this.statements.bind(bytes)))
    else if (type === 'E') this.#answer(engine.exec(bytes))
    else this.#answer(engine.exec(this.statements.describeOrClose(bytes)))
  }

  #startCopy(query, extended) {
    const { engine, copyLimit } = this.#backend
    const copy = new CopyIn(query, { extended, limit: copyLimit })
    const { refusal, invitation } = copy.check(engine, this.status === 'T')
    if (refusal) {
      this.#answerCopy(copy, refusal)
      return
    }
    this.copy = copy
    this.#client.connection.send(invitation)
    this.#client.connection.flush()
  }

  /** Takes a message that came while the client sends data for its COPY. */
  collect(type, bytes) {
    if (type === 'd') this.copy.add(bytes)
    else if (type !== 'H' && type !== 'S') {
      throw new ProtocolViolation(`unexpected message type "${type}" during COPY from stdin`)
    }
  }

  #finishCopy(bytes) {
    const { copy } = this
    this.copy = null
    this.#client.effects.begin(undefined)
    this.#answerCopy(copy, copy.run(this.#backend.engine, bytes))
  }

  #answerCopy(copy, segments) {
    if (!copy.extended) return this.#answer(segments)
    const ready = segments.find(({ type }) => type === 'Z')
    if (ready) this.status = String.fromCharCode(ready.bytes[5])
    this.#skipping = segments.some(({ type }) => type === 'E')
    this.#answer(segments.filter(({ type }) => type !== 'Z'))
  }

  #notSupported(what) {
    const { engine } = this.#backend
    const failed = engine.exec(message('Q', "do $$ begin raise 'not supported'; end $$"))
    const error = errorResponse({
      code: '0A000',
      message: `the embedded engine does not support ${what}`,
    })
    this.#answer(failed.map((part) => (part.type === 'E' ? { type: 'E', bytes: error } : part)))
  }

  /** Answers the batch, or the COPY, that was cancelled while it waited for the turn. */
  cancelled() {
    const { connection } = this.#client
    const text = 'canceling statement due to user request'
    connection.send(errorResponse({ code: '57014', message: text }))
    this.#skipping = this.copy ? this.copy.extended : false
    this.copy = null
    let last
    do last = String.fromCharCode(connection.dequeue()[0])
    while (!'QSFcf'.includes(last) && connection.inbox.length)
    if (!this.#skipping) connection.send(readyForQuery('I'))
  }

  #answer(segments) {
    const { effects, connection } = this.#client
    for (const { type, bytes } of segments) {
      if (type === '1') this.statements.parsed()
      else if (type === 'C') effects.completed(bytes.toString('latin1', 5, bytes.length - 1))
      else if (type === 'E') effects.failed()
      else if (type === 'Z') this.#ready(String.fromCharCode(bytes[5]))
      connection.send(bytes)
    }
  }

  #ready(status) {
    this.status = status
    if (status !== 'I') return
    for (const bytes of this.#client.effects.settle()) this.#client.connection.send(bytes)
    this.#client.deliver()
  }

  /** Ends whatever the client left unfinished. */
  abandon() {
    const { engine } = this.#backend
    if (this.inExtended) engine.exec(message('S'))
    engine.exec(message('Q', 'rollback'))
  }
}
