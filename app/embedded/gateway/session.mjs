// One client from its startup to its end: when it has the turn, and what is left when it goes.
import { Connection } from './connection.mjs'
import { Conversation } from './conversation.mjs'
import { TransactionEffects } from './effects.mjs'
import { EngineCrash, SqlError } from './engine.mjs'
import { log } from './log.mjs'
import { StartupRefused, readStartup } from './startup.mjs'
import {
  ProtocolViolation,
  errorResponse,
  int32,
  message,
  parameterStatus,
  readyForQuery,
} from './wire.mjs'

const BATCH_BYTES = 1 << 20
const ASKING_FOR_AN_ANSWER = new Set(['Q', 'S', 'H', 'F'])

export class Session {
  #backend
  #conversation
  #pumping = false
  #ending = false
  #left = false
  #hasTurn = false
  #cancelled = false
  #idleTimer = null
  #notifications = []
  settings = null

  constructor(backend, socket, id) {
    this.#backend = backend
    this.pid = id
    this.secret = Math.floor(Math.random() * 0x7fffffff)
    this.connection = new Connection(socket, {
      onData: () => this.#receive(),
      onClose: () => this.#disconnected(),
    })
    this.#conversation = new Conversation(backend, this)
    this.statements = this.#conversation.statements
    this.effects = new TransactionEffects(backend, this)
  }

  get #over() {
    return this.connection.closed || this.#ending
  }

  #receive() {
    if (this.#over) return
    try {
      for (let next = this.connection.next(); next; next = this.connection.next()) {
        if (this.settings) this.connection.enqueue(next)
        else if (!this.#startup(next)) return
      }
    } catch (error) {
      this.#refuse(error)
    }
    this.#pump()
  }

  /** False when the connection is done with. */
  #startup(bytes) {
    const step = readStartup(bytes)
    if (step.cancel) {
      this.#backend.cancel(step.cancel)
      this.#end()
      return false
    }
    const replies = step.reply ? [step.reply] : step.replies
    for (const reply of replies) this.connection.send(reply)
    if (step.reply) {
      this.connection.flush()
      return true
    }
    this.connection.startupDone()
    this.settings = step.settings
    // Stands for the greeting, which needs the turn if the settings differ.
    this.connection.inbox.unshift(null)
    return true
  }

  #refuse(error) {
    if (error instanceof StartupRefused) this.#end(error.response)
    else if (error instanceof SqlError) this.shutdown(error.code, error.message)
    else if (error instanceof ProtocolViolation) this.shutdown('08P01', error.message)
    else if (!(error instanceof EngineCrash)) {
      log('client failed', { client: this.pid, error: error.stack })
      this.shutdown('XX000', `the gateway failed: ${error.message}`)
    }
  }

  /** Ends the connection with a FATAL error. */
  shutdown(code, text, more = {}) {
    if (this.#over) return
    this.#end(errorResponse({ severity: 'FATAL', code, message: text, ...more }))
  }

  #end(lastWords) {
    this.#ending = true
    this.connection.end(lastWords)
    this.connection.wake()
    if (!this.#pumping) this.#leave()
  }

  /** The client asked to cancel: possible only while it waits for its turn. */
  cancel() {
    if (!this.#over) this.#cancelled = this.#backend.turn.cancel(this)
  }

  async #pump() {
    if (this.#pumping || this.#over) return
    this.#pumping = true
    this.#stopIdleTimer()
    try {
      while (this.connection.inbox.length && !this.#over) {
        if (!(await this.#step())) break
        if (this.connection.full) await this.#drained()
      }
      this.connection.flush()
    } catch (error) {
      this.#refuse(error)
    } finally {
      this.#pumping = false
    }
    if (this.#over) this.#leave()
    else if (this.#hasTurn) this.#startIdleTimer()
  }

  /** Handles the first message of the inbox; false when it has to wait for more. */
  async #step() {
    const { connection } = this
    const conversation = this.#conversation
    const [next] = connection.inbox
    if (next === null) return this.#greet()
    const type = String.fromCharCode(next[0])
    if (type === 'X') {
      this.#end()
      return false
    }
    if (conversation.copy && type !== 'c' && type !== 'f') {
      conversation.collect(type, connection.dequeue())
      return true
    }
    if (!this.#hasTurn) {
      if (!conversation.copy && !this.#batchReady()) return false
      connection.flush()
      if (!(await this.#takeTurn())) return this.#answerCancelled()
    }
    conversation.handle(type, connection.dequeue())
    // While a client sends data for a COPY outside a transaction, nobody has to wait for it.
    if (conversation.isIdle || (conversation.copy && conversation.status === 'I')) {
      await this.#passTurn()
    }
    return true
  }

  // A turn starts when there is something to answer: half a batch must not keep others waiting.
  #batchReady() {
    const { inbox, inboxBytes } = this.connection
    return (
      inboxBytes > BATCH_BYTES ||
      inbox.some((bytes) => ASKING_FOR_AN_ANSWER.has(String.fromCharCode(bytes[0])))
    )
  }

  async #takeTurn() {
    if (!(await this.#backend.turn.acquire(this))) return false
    this.#hasTurn = true
    if (this.#over) return false
    this.#backend.enter(this)
    return true
  }

  #answerCancelled() {
    if (!this.#cancelled || this.#over) return false
    this.#cancelled = false
    this.#conversation.cancelled()
    return true
  }

  async #passTurn() {
    this.#hasTurn = false
    this.#backend.turn.release(this)
    if (this.connection.full) await this.#drained()
    // Lets the sockets of other clients be read, so that they can queue for the turn.
    if (this.connection.inbox.length) await new Promise(setImmediate)
  }

  async #greet() {
    const { connection } = this
    let values = this.#backend.settings.defaults
    if (!this.settings.isDefault) {
      if (!(await this.#takeTurn())) return false
      this.#backend.settings.remember(this.settings)
      this.settings.accepted()
      values = this.#backend.settings.reported()
      await this.#passTurn()
    }
    if (this.#over) return false
    connection.inbox.shift()
    this.effects.reported = values
    connection.send(message('R', int32(0)))
    for (const [name, value] of values) connection.send(parameterStatus(name, value))
    connection.send(message('K', int32(this.pid), int32(this.secret)))
    connection.send(readyForQuery('I'))
    return true
  }

  async #drained() {
    if (this.#hasTurn) this.#startIdleTimer()
    await this.connection.drained()
    this.#stopIdleTimer()
  }

  /** Takes a NotificationResponse: at once when idle, else before the next ReadyForQuery. */
  notify(notification) {
    this.#notifications.push(notification)
    if (this.#hasTurn) return
    this.deliver()
    if (!this.#pumping) this.connection.flush()
  }

  deliver() {
    for (const notification of this.#notifications.splice(0)) this.connection.send(notification)
  }

  #startIdleTimer() {
    this.#stopIdleTimer()
    // Each client may choose its own, as on a server.
    const own = this.settings.current.get('idle_in_transaction_session_timeout')
    const wait = own === undefined ? this.#backend.idleTimeout : Number.parseInt(own, 10)
    if (wait > 0) this.#idleTimer = setTimeout(() => this.#idleTooLong(wait), wait)
  }

  #stopIdleTimer() {
    clearTimeout(this.#idleTimer)
    this.#idleTimer = null
  }

  #idleTooLong(wait) {
    log('idle transaction rolled back', { client: this.pid, seconds: wait / 1000 })
    this.shutdown('25P03', 'terminating connection due to idle-in-transaction timeout', {
      detail:
        'The embedded engine does one transaction at a time: an open one keeps all others ' +
        `waiting. It was idle for ${wait / 1000} s and is rolled back.`,
      hint: 'Set idle_in_transaction_session_timeout before it begins to be given longer.',
    })
  }

  #disconnected() {
    this.#stopIdleTimer()
    // Once it leaves, the turn that it waits for is the one to clean up in.
    if (!this.#left) this.#backend.turn.cancel(this)
    if (!this.#pumping) this.#leave()
  }

  /** Cleans up in the backend; waits for the turn if there is anything to clean. */
  async #leave() {
    if (this.#left) return
    this.#left = true
    this.#stopIdleTimer()
    try {
      if (!this.#hasTurn && this.effects.leftovers) {
        this.#hasTurn = await this.#backend.turn.acquire(this)
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

  #tidy() {
    const { settings, gatewaySettings } = this.#backend
    this.#conversation.abandon()
    settings.forget()
    settings.use(gatewaySettings)
    this.statements.close()
    this.effects.tidy()
  }
}
