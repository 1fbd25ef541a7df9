// What a client's statements do beyond their answers, to the state that all clients of the one
// backend share: settings, channels, temporary tables, held cursors.
import { parameterStatus } from './wire.mjs'

const SETTING_TAGS = new Set(['SET', 'RESET', 'DISCARD ALL'])
const CHANNEL_TAGS = new Set(['LISTEN', 'UNLISTEN', 'DISCARD ALL'])
const FORGETTING_TAGS = new Set(['DISCARD ALL', 'DEALLOCATE ALL'])

export class TransactionEffects {
  #backend
  #client
  #settingsTouched = false
  #cronTouched = false
  #tempTouched = false
  #channels = []
  #ahead = []
  #temporaries = new Set()
  #holdsCursor = false
  #listens = false
  #prepared = false
  /** The settings that the client was told of last. */
  reported = new Map()

  constructor(backend, client) {
    this.#backend = backend
    this.#client = client
  }

  /** A statement with these findings is about to run. */
  begin(found) {
    this.#ahead = found?.channels.slice() ?? []
    if (found) this.parsed(found)
  }

  /** A statement with these findings may run later in this transaction. */
  parsed(found) {
    this.#prepared = true
    this.#settingsTouched ||= found.touchesSettings
    this.#cronTouched ||= found.touchesCron
    this.#tempTouched ||= found.createsTemp
    this.#holdsCursor ||= found.holdsCursor
    for (const name of found.settings) this.#client.settings.customNames.add(name)
  }

  /** A statement was completed with this tag. */
  completed(tag) {
    if (SETTING_TAGS.has(tag)) this.#settingsTouched = true
    if (CHANNEL_TAGS.has(tag) && this.#ahead.length) this.#channels.push(this.#ahead.shift())
    if (FORGETTING_TAGS.has(tag)) this.#client.statements.forgetAll()
    if (tag === 'ROLLBACK') this.#channels = []
  }

  failed() {
    this.#channels = []
    this.#ahead = []
  }

  /** The transaction is over: brings everything up to date; returns messages for the client. */
  settle() {
    const { notifications, cron } = this.#backend
    const messages = []
    this.#client.statements.transactionEnded()
    if (this.#channels.length) {
      this.#listens = true
      notifications.apply(this.#client, this.#channels.splice(0))
    }
    if (this.#settingsTouched) messages.push(...this.#settleSettings())
    if (this.#tempTouched) this.#findTemporaries()
    if (this.#cronTouched) cron.reload()
    this.#settingsTouched = this.#tempTouched = this.#cronTouched = false
    return messages
  }

  #settleSettings() {
    const { settings } = this.#backend
    settings.remember(this.#client.settings)
    settings.use(this.#client.settings)
    const now = settings.reported()
    const changed = [...now].filter(([name, value]) => this.reported.get(name) !== value)
    this.reported = now
    return changed.map(([name, value]) => parameterStatus(name, value))
  }

  // All clients share pg_temp: a relation that is new there is this client's.
  #findTemporaries() {
    for (const [oid] of this.#backend.engine.sql(TEMPORARIES)) {
      if (!this.#backend.temporaryOwners.has(oid)) {
        this.#backend.temporaryOwners.set(oid, this.#client)
        this.#temporaries.add(oid)
      }
    }
  }

  /** Whether the client may have left anything in the backend. */
  get leftovers() {
    return this.#prepared || this.#listens || this.#holdsCursor || this.#temporaries.size > 0
  }

  /** Removes what the client left; the client has the turn, and the gateway's settings are in place. */
  tidy() {
    const { engine, notifications, temporaryOwners } = this.#backend
    if (this.#listens) notifications.drop(this.#client)
    if (this.#holdsCursor) engine.sql('close all')
    if (this.#temporaries.size === 0) return
    const mine = [...this.#temporaries]
    const rows = engine.sql(`${TEMPORARIES} and oid in (${mine.join(', ')})`)
    if (rows.length) {
      engine.sql(rows.map(([, kind, name]) => `drop ${kind} if exists ${name} cascade`).join(';'))
    }
    for (const oid of mine) temporaryOwners.delete(oid)
  }
}

const TEMPORARIES =
  "select oid, case relkind when 'v' then 'view' when 'S' then 'sequence' else 'table' end," +
  ' oid::regclass from pg_catalog.pg_class' +
  " where relpersistence = 't' and relkind in ('r', 'p', 'v', 'S')" +
  ' and relnamespace = pg_catalog.pg_my_temp_schema()'
