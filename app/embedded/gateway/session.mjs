// One client: its messages in, the backend's answers out, and what it left behind in the backend.
import { CopyIn } from './copy.mjs'
import { EngineCrash, SqlError } from './engine.mjs'
import { log } from './log.mjs'
import { study } from './sql.mjs'
import { StartupRefused, readStartup } from './startup.mjs'
import { Statements } from './statements.mjs'
import { TransactionEffects } from './effects.mjs'
import {
  Framer,
  ProtocolViolation,
  errorResponse,
  int32,
  message,
  parameterStatus,
  readCString,
  readyForQuery,
} from './wire.mjs'

const INBOX_HIGH_BYTES = 8 << 20
const OUTPUT_HIGH_BYTES = 1 << 20
const FLUSHING = new Set(['Q', 'S', 'H', 'F'])

export class Session {
  #backend
  #socket
  #framer = new Framer()
  #inbox = []
  #inboxBytes = 0
  #out = []
  #outBytes = 0
  #pumping = false
  #closed = false
  #ending = false
  #hasTurn = false
  #status = 'I'
  #inExtended = false
  #skipping = false
  #copy = null
  #idleTimer = null
  #pendingNotifications = []
  #wake = null
  #cancelled = false
  settings = null

  constructor(backend, socket, id) {
    this.#backend = backend
    this.#socket = socket
    this.pid = id
    this.secret = Math.floor(Math.random() * 0x7fffffff)
    this.statements = new Statements(backend.engine, this, id)
    this.effects = new TransactionEffects(backend, this)
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#receive(chunk))
    socket.on('drain', () => this.#wake?.())
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#disconnected())
  }

  #receive(chunk) {
    this.#framer.push(chunk)
    try {
      for (let next = this.#framer.next(); next; next = this.#framer.next()) {
        if (this.settings) this.#enqueue(next)
        else if (!this.#startup(next)) return
      }
    } catch (error) {
      this.#refuse(error)
    }
    if (this.#inboxBytes > INBOX_HIGH_BYTES) this.#socket.pause()
    this.#pump()
  }

  #enqueue(bytes) {
    this.#inbox.push(bytes)
    this.#inboxBytes += bytes.length
  }

  #dequeue() {
    const bytes = this.#inbox.shift()
    this.#inboxBytes -= bytes.length
    if (this.#socket.isPaused() && this.#inboxBytes < INBOX_HIGH_BYTES / 2) this.#socket.resume()
    return bytes
  }

  /** False when the connection is done with. */
  #startup(bytes) {
    const step = readStartup(bytes)
    if (step.reply) {
      this.#socket.write(step.reply)
      return true
    }
    if (step.cancel) {
      this.#backend.cancel(step.cancel)
      this.#socket.end()
      return false
    }
    this.#framer.startupDone()
    this.settings = step.settings
    this.#out.push(...step.replies)
    // The first entry of the inbox stands for the greeting, which needs the turn if settings differ.
    this.#inbox.unshift(null)
    return true
  }

  #refuse(error) {
    if (error instanceof StartupRefused) this.#end(error.response)
    else if (error instanceof SqlError) this.#endFatal(error.code, error.message)
    else if (error instanceof ProtocolViolation) this.#endFatal('08P01', error.message)
    else if (!(error instanceof EngineCrash)) {
      log('client failed', { client: this.pid, error: error.stack })
      this.#endFatal('XX000', `the gateway failed: ${error.message}`)
    }
  }

  #endFatal(code, text) {
    this.#end(errorResponse({ severity: 'FATAL', code, message: text }))
  }

  #end(lastWords) {
    this.#flush()
    this.#ending = true
    this.#inbox = []
    this.#socket.end(lastWords)
    // A client that does not read its last words must not keep its turn.
    setTimeout(() => this.#socket.destroy(), 1000).unref()
    if (!this.#pumping) this.#leave()
  }

  /** The gateway stops or has crashed. */
  shutdown(code, text) {
    if (this.#closed || this.#ending) return
    this.#endFatal(code, text)
  }

  /** The client asked to cancel: possible only while it waits for its turn. */
  cancel() {
    if (!this.#backend.turn.cancel(this)) return
    this.#cancelled = true
  }

  async #pump() {
    if (this.#pumping || this.#closed || this.#ending) return
    this.#pumping = true
    this.#stopIdleTimer()
    try {
      while (this.#inbox.length && !this.#closed && !this.#ending) {
        if (!(await this.#step())) break
        if (this.#outBytes > OUTPUT_HIGH_BYTES) await this.#drained()
      }
      this.#flush()
    } catch (error) {
      this.#refuse(error)
    } finally {
      this.#pumping = false
    }
    if (this.#closed || this.#ending) this.#leave()
    else if (this.#hasTurn) this.#startIdleTimer()
  }

  /** Handles the first message of the inbox; false when it has to wait for more. */
  async #step() {
    const [next] = this.#inbox
    if (next === null) return this.#greet()
    const type = String.fromCharCode(next[0])
    if (type === 'X') {
      this.#ending = true
      this.#socket.end()
      return false
    }
    const collecting = this.#copy && type !== 'c' && type !== 'f'
    if (collecting) {
      this.#collect(type, this.#dequeue())
      return true
    }
    if (!this.#hasTurn) {
      if (!this.#copy && !this.#batchReady()) return false
      this.#flush()
      if (!(await this.#takeTurn())) return this.#answerCancelled()
    }
    const bytes = this.#dequeue()
    if (this.#copy) this.#finishCopy(bytes)
    else this.#handle(type, bytes)
    if (this.#hasTurn && this.#status === 'I' && !this.#inExtended) await this.#passTurn()
    return true
  }

  // A turn starts when there is something to answer: half a batch must not keep others waiting.
  #batchReady() {
    return (
      this.#inboxBytes > 1 << 20 ||
      this.#inbox.some((bytes) => FLUSHING.has(String.fromCharCode(bytes[0])))
    )
  }

  async #takeTurn() {
    if (!(await this.#backend.turn.acquire(this))) return false
    this.#hasTurn = true
    if (this.#closed || this.#ending) return false
    this.#backend.enter(this)
    return true
  }

  /** Answers the batch, or the COPY, that was cancelled while it waited; false if none was. */
  #answerCancelled() {
    if (!this.#cancelled) return false
    this.#cancelled = false
    const text = 'canceling statement due to user request'
    this.#send(errorResponse({ code: '57014', message: text }))
    this.#skipping = this.#copy ? this.#copy.extended : false
    this.#copy = null
    let last
    do last = String.fromCharCode(this.#dequeue()[0])
    while (!'QSFcf'.includes(last) && this.#inbox.length)
    if (!this.#skipping) this.#send(readyForQuery('I'))
    return true
  }

  async #passTurn() {
    this.#hasTurn = false
    this.#backend.turn.release(this)
    if (this.#outBytes > OUTPUT_HIGH_BYTES) await this.#drained()
    // Lets the sockets of other clients be read, so that they can queue for the turn.
    if (this.#inbox.length) await new Promise(setImmediate)
  }

  async #greet() {
    let values = this.#backend.settings.defaults
    if (!this.settings.isDefault) {
      if (!(await this.#takeTurn())) return false
      this.#backend.settings.remember(this.settings)
      this.settings.accepted()
      values = this.#backend.settings.reported()
      await this.#passTurn()
    }
    this.#inbox.shift()
    this.effects.reported = values
    this.#send(message('R', int32(0)))
    for (const [name, value] of values) this.#send(parameterStatus(name, value))
    this.#send(message('K', int32(this.pid), int32(this.secret)))
    this.#send(readyForQuery('I'))
    return true
  }

  #handle(type, bytes) {
    if (this.#skipping && type !== 'S') return
    if (type === 'Q') this.#simpleQuery(bytes)
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
      this.effects.begin(found)
      this.#answer(this.#backend.engine.exec(query))
    }
  }

  #extendedMessage(type, bytes) {
    const { engine } = this.#backend
    this.#inExtended = type !== 'S'
    if (type === 'S') {
      this.#skipping = false
      this.#answer(engine.exec(bytes))
    } else if (type === 'P') {
      const { rewritten, found } = this.statements.parse(bytes)
      this.effects.parsed(found)
      this.#answer(engine.exec(rewritten))
    } else if (type === 'H') {
      this.#answer(engine.exec(bytes))
      this.#flush()
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
    if (type === 'E') this.effects.begin(statement?.found)
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
    const { refusal, invitation } = copy.check(engine, this.#status === 'T')
    if (refusal) {
      this.#answerCopy(copy, refusal)
      return
    }
    this.#copy = copy
    this.#send(invitation)
    this.#flush()
    // Outside a transaction nobody has to wait while this client sends its data.
    if (this.#status === 'I') {
      this.#hasTurn = false
      this.#backend.turn.release(this)
    }
  }

  #collect(type, bytes) {
    if (type === 'd') this.#copy.add(bytes)
    else if (type !== 'H' && type !== 'S') {
      throw new ProtocolViolation(`unexpected message type "${type}" during COPY from stdin`)
    }
  }

  #finishCopy(bytes) {
    const copy = this.#copy
    this.#copy = null
    this.effects.begin(undefined)
    this.#answerCopy(copy, copy.run(this.#backend.engine, bytes))
  }

  #answerCopy(copy, segments) {
    if (!copy.extended) return this.#answer(segments)
    const ready = segments.find(({ type }) => type === 'Z')
    if (ready) this.#status = String.fromCharCode(ready.bytes[5])
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

  #answer(segments) {
    for (const { type, bytes } of segments) {
      if (type === '1') this.statements.parsed()
      else if (type === 'C') this.effects.completed(bytes.toString('latin1', 5, bytes.length - 1))
      else if (type === 'E') this.effects.failed()
      else if (type === 'Z') this.#ready(String.fromCharCode(bytes[5]))
      this.#send(bytes)
    }
  }

  #ready(status) {
    this.#status = status
    if (status !== 'I') return
    for (const bytes of this.effects.settle()) this.#send(bytes)
    this.#deliver()
  }

  #send(bytes) {
    this.#out.push(bytes)
    this.#outBytes += bytes.length
  }

  #flush() {
    if (this.#out.length === 0 || this.#closed) return
    this.#socket.write(this.#out.length === 1 ? this.#out[0] : Buffer.concat(this.#out))
    this.#out = []
    this.#outBytes = 0
  }

  async #drained() {
    this.#flush()
    if (!this.#socket.writableNeedDrain || this.#closed) return
    if (this.#hasTurn) this.#startIdleTimer()
    await new Promise((resolve) => (this.#wake = resolve))
    this.#wake = null
    this.#stopIdleTimer()
  }

  /** Takes a NotificationResponse: at once when idle, else before the next ReadyForQuery. */
  notify(notification) {
    this.#pendingNotifications.push(notification)
    if (!this.#pumping && this.#status === 'I' && !this.#copy) {
      this.#deliver()
      this.#flush()
    } else if (!this.#hasTurn) {
      this.#deliver()
    }
  }

  #deliver() {
    for (const notification of this.#pendingNotifications.splice(0)) this.#send(notification)
  }

  #startIdleTimer() {
    this.#stopIdleTimer()
    // Each client may choose its own, as on a server.
    const own = this.settings.current.get('idle_in_transaction_session_timeout')
    const wait = own === undefined ? this.#backend.idleTimeout : Number.parseInt(own, 10)
    if (wait > 0) this.#idleTimer = setTimeout(() => this.#idleTooLong(), wait)
  }

  #stopIdleTimer() {
    clearTimeout(this.#idleTimer)
    this.#idleTimer = null
  }

  #idleTooLong() {
    log('idle transaction rolled back', { client: this.pid })
    this.#endFatal('25P03', 'terminating connection due to idle-in-transaction timeout')
    this.#wake?.()
  }

  #disconnected() {
    this.#closed = true
    this.#stopIdleTimer()
    this.#backend.turn.cancel(this)
    this.#wake?.()
    if (!this.#pumping) this.#leave()
  }

  /** Cleans up in the backend; waits for the turn if there is anything to clean. */
  async #leave() {
    if (this.#left) return
    this.#left = true
    this.#stopIdleTimer()
    try {
      if (!this.#hasTurn && this.effects.leftovers) {
        await this.#backend.turn.acquire(this)
        this.#hasTurn = true
      }
      if (this.#hasTurn) this.#tidy()
    } catch (error) {
      if (!(error instanceof EngineCrash)) log('tidying up failed', { error: error.message })
      this.#backend.settings.forget()
    } finally {
      if (this.#hasTurn) this.#backend.turn.release(this)
      this.#hasTurn = false
      this.#backend.left(this)
    }
  }
  #left = false

  #tidy() {
    const { engine } = this.#backend
    if (this.#inExtended) engine.exec(message('S'))
    engine.exec(message('Q', 'rollback'))
    this.#backend.settings.forget()
    this.#backend.settings.use(this.#backend.gatewaySettings)
    this.statements.close()
    this.effects.tidy()
  }
}
