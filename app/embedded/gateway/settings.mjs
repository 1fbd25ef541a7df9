// The backend is one session. Every client has settings of its own: they are read back after a
// client changed any, and put in place when the turn passes to a client that has others.
import { SqlError, quoteLiteral } from './engine.mjs'

const OWNER = 'session_authorization'
const ROLE = 'role'
const SUPERUSER = 'postgres'
// pg_settings calls these session settings too; they belong to a transaction.
const OF_TRANSACTION = new Set(['transaction_isolation', 'transaction_read_only', 'transaction_deferrable', 'seed'])
const REPORTED = [
  'application_name',
  'client_encoding',
  'DateStyle',
  'default_transaction_read_only',
  'in_hot_standby',
  'integer_datetimes',
  'IntervalStyle',
  'is_superuser',
  'scram_iterations',
  'server_encoding',
  'server_version',
  'session_authorization',
  'standard_conforming_strings',
  'TimeZone',
]

/** One client's settings: those it started with, and those it has now. */
export class ClientSettings {
  constructor(startup = new Map(), user = SUPERUSER) {
    this.startup = new Map(startup)
    if (user !== SUPERUSER) this.startup.set(OWNER, user)
    this.current = new Map(this.startup)
    this.customNames = new Set([...startup.keys()].filter((name) => name.includes('.')))
  }

  /** What was given at the start is known now in the backend's own spelling and units. */
  accepted() {
    for (const name of this.startup.keys()) this.startup.set(name, this.current.get(name))
  }

  get isDefault() {
    return this.current.size === 0
  }
}

export class SettingsKeeper {
  #engine
  #inPlace = new Map()
  /** False when the backend may have settings that nobody knows of. */
  #known = true
  #customNames = new Set()

  constructor(engine) {
    this.#engine = engine
    engine.sql('reset all')
    this.defaults = this.reported()
  }

  /** The values of the settings that a client is told of, by their canonical names. */
  reported() {
    const list = REPORTED.map((name) => `current_setting('${name}')`).join(', ')
    const [row] = this.#engine.sql(`select ${list}`)
    return new Map(REPORTED.map((name, i) => [name, row[i]]))
  }

  /** Puts a client's settings in place. Throws SqlError if it is impossible now. */
  use(settings) {
    if (this.#known && same(this.#inPlace, settings.current)) return
    const commands = ['reset session authorization', 'reset role']
    if (this.#known) {
      for (const name of this.#inPlace.keys()) {
        if (!isIdentity(name) && !settings.current.has(name)) commands.push(`reset ${quoteName(name)}`)
      }
    } else {
      commands.push('reset all')
      for (const name of this.#customNames) commands.push(`reset ${quoteName(name)}`)
    }
    this.#known = false
    this.#engine.sql(commands.join(';'))
    const inOrder = [...settings.current].sort(([a], [b]) => rank(a) - rank(b))
    if (inOrder.length) {
      this.#engine.sql(inOrder.map(([name, value]) => setting(name, value)).join(';'))
    }
    for (const name of settings.customNames) this.#customNames.add(name)
    this.#inPlace = new Map(settings.current)
    this.#known = true
  }

  /** Reads back what the client that has the turn changed; call it outside a transaction. */
  remember(settings) {
    const rows = this.#engine.sql(
      "select name, setting from pg_catalog.pg_settings where source = 'session'" +
        " union all select 'session_authorization', session_user" +
        " union all select 'role', pg_catalog.current_setting('role')" +
        [...settings.customNames]
          .map((name) => quoteLiteral(name))
          .map((name) => ` union all select ${name}, pg_catalog.current_setting(${name}, true)`)
          .join(''),
    )
    const found = new Map(rows.filter(([name, value]) => value !== null && !isDefault(name, value)))
    this.#inPlace = new Map(found)
    this.#known = true
    for (const name of settings.customNames) this.#customNames.add(name)
    // RESET goes back to what the client asked for at its start, which the backend does not know.
    for (const [name, value] of settings.startup) {
      if (!found.has(name) || name === OWNER) found.set(name, value)
    }
    settings.current = found
  }

  /** The turn's holder left the backend in an unknown state, for instance by vanishing. */
  forget() {
    this.#known = false
  }
}

function isIdentity(name) {
  return name === OWNER || name === ROLE
}

function isDefault(name, value) {
  if (name === OWNER) return value === SUPERUSER
  if (name === ROLE) return value === 'none'
  return OF_TRANSACTION.has(name)
}

// Settings first, while still a superuser; then whose session it is; then the role.
function rank(name) {
  return name === ROLE ? 2 : name === OWNER ? 1 : 0
}

function setting(name, value) {
  return `select pg_catalog.set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, false)`
}

function quoteName(name) {
  return name
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.')
}

function same(a, b) {
  if (a.size !== b.size) return false
  for (const [name, value] of a) if (b.get(name) !== value) return false
  return true
}

/** `-c name=value --name=value` of the startup parameter `options`; backslash escapes a space. */
export function parseOptions(text) {
  const words = (text.match(/(?:\\[\s\S]|\S)+/g) ?? []).map((word) => word.replace(/\\([\s\S])/g, '$1'))
  const found = new Map()
  for (let i = 0; i < words.length; i++) {
    let word = words[i]
    if (word === '-c') word = words[++i] ?? ''
    else if (word.startsWith('-c')) word = word.slice(2)
    else if (word.startsWith('--')) word = word.slice(2)
    else throw new SqlError({ C: '42601', M: `invalid command-line argument for server process: ${word}` })
    const [, name, value] = /^([^=]+)=([\s\S]*)$/.exec(word) ?? []
    if (!name) throw new SqlError({ C: '42601', M: `-c ${word} requires a value` })
    found.set(name.replaceAll('-', '_'), value)
  }
  return found
}
