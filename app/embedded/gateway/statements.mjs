// Prepared statements are shared by all clients of the one backend: every client's names are mapped
// to names of its own there, and a statement that the backend has lost meanwhile (another client's
// unnamed one took its place, or a DEALLOCATE ALL) is parsed again before it is used.
import { renamePrepared, study } from './sql.mjs'
import { cString, message, readCString } from './wire.mjs'


export class Statements {
  #engine
  #client
  #byName = new Map()
  #portals = new Map()
  #parsing = null
  #prefix
  #preparedInSql = false

  constructor(engine, client, id) {
    this.#engine = engine
    this.#client = client
    this.#prefix = `g${id}_`
  }

  #backendName(name) {
    if (name === '') return ''
    const known = this.#byName.get(name)
    return known?.backendName ?? this.#prefix + name
  }

  /** Rewrites a Parse message; says what its text may do. */
  parse(bytes) {
    const [name, textAt] = readCString(bytes, 5)
    const [text, rest] = readCString(bytes, textAt)
    const backendName = this.#backendName(name)
    const rewritten = message('P', backendName, this.rename(text), bytes.subarray(rest))
    const found = study(text)
    this.#parsing = { name, backendName, bytes: rewritten, text, found, generation: 0 }
    if (name === '') this.#byName.delete('')
    return { rewritten, found }
  }

  /** The text with the name of PREPARE, EXECUTE or DEALLOCATE made this client's own. */
  rename(text) {
    return renamePrepared(text, (name) => {
      this.#preparedInSql = true
      return this.#backendName(name)
    })
  }

  /** The backend has accepted the last Parse. */
  parsed() {
    const { name } = this.#parsing
    this.#parsing.generation = this.#engine.statementGeneration
    this.#byName.set(name, this.#parsing)
    if (name === '') this.#engine.unnamedOwner = this.#client
  }

  bind(bytes) {
    const [portal, statementAt] = readCString(bytes, 5)
    const [name, rest] = readCString(bytes, statementAt)
    this.#portals.set(portal, this.#byName.get(name))
    return message('B', cString(portal), cString(this.#backendName(name)), bytes.subarray(rest))
  }

  /** Rewrites Describe or Close. */
  describeOrClose(bytes) {
    if (bytes[5] !== 0x53) return bytes
    const [name] = readCString(bytes, 6)
    const rewritten = message(String.fromCharCode(bytes[0]), Buffer.from('S'), cString(this.#backendName(name)))
    if (bytes[0] === 0x43) this.#byName.delete(name)
    return rewritten
  }

  /** The statement that Bind, Describe or Execute is about. */
  statementOf(bytes) {
    const type = String.fromCharCode(bytes[0])
    if (type === 'E') return this.#portals.get(readCString(bytes, 5)[0])
    if (type === 'B') {
      const [, statementAt] = readCString(bytes, 5)
      return this.#byName.get(readCString(bytes, statementAt)[0])
    }
    return bytes[5] === 0x53 ? this.#byName.get(readCString(bytes, 6)[0]) : undefined
  }

  /** The Parse message to repeat if the backend has lost the statement, or null. */
  lost(statement) {
    if (!statement) return null
    const engine = this.#engine
    const kept =
      statement.name === ''
        ? engine.unnamedOwner === this.#client
        : statement.generation === engine.statementGeneration
    return kept ? null : statement.bytes
  }

  refound(statement) {
    statement.generation = this.#engine.statementGeneration
    if (statement.name === '') this.#engine.unnamedOwner = this.#client
  }

  /** A simple query ends the unnamed statement; so PostgreSQL does. */
  simpleQuery() {
    this.#byName.delete('')
  }

  transactionEnded() {
    this.#portals.clear()
  }

  /** This client said DEALLOCATE ALL or DISCARD ALL. */
  forgetAll() {
    this.#byName.clear()
  }

  /** Frees the client's statements in the backend. */
  close() {
    if (this.#byName.size === 0 && !this.#preparedInSql) return
    const rows = this.#engine.sql(
      `select quote_ident(name) from pg_prepared_statements where starts_with(name, '${this.#prefix}')`,
    )
    if (rows.length) this.#engine.sql(rows.map(([name]) => `deallocate ${name}`).join(';'))
    this.#byName.clear()
  }
}
