// What happens before the first query: SSL and GSS requests, cancelling, the startup message.
import { DATABASE } from './engine.mjs'
import { ClientSettings, parseOptions } from './settings.mjs'
import { errorResponse, int32, message, readCString } from './wire.mjs'

const SSL_REQUEST = 80877103
const GSSENC_REQUEST = 80877104
const CANCEL_REQUEST = 80877102
const VERSION_3_0 = 196608
const NOT_SETTINGS = new Set(['user', 'database', 'options', 'replication'])

export class StartupRefused extends Error {
  constructor(code, text, hint) {
    super(text)
    this.response = errorResponse({ severity: 'FATAL', code, message: text, hint })
  }
}

/** Reads one message of the startup phase: `{reply}`, `{cancel}` or `{settings, replies}`. */
export function readStartup(bytes) {
  const code = bytes.readInt32BE(4)
  if (code === SSL_REQUEST || code === GSSENC_REQUEST) return { reply: Buffer.from('N') }
  if (code === CANCEL_REQUEST) {
    return { cancel: { pid: bytes.readInt32BE(8), secret: bytes.readInt32BE(12) } }
  }
  if (code >> 16 !== 3) {
    const version = `${code >> 16}.${code & 0xffff}`
    throw new StartupRefused('0A000', `unsupported frontend protocol ${version}: server supports 3.0`)
  }
  const parameters = readParameters(bytes)
  return { settings: clientSettings(parameters), replies: negotiation(code, parameters) }
}

function readParameters(bytes) {
  const parameters = new Map()
  let offset = 8
  while (offset < bytes.length && bytes[offset] !== 0) {
    let name, value
    ;[name, offset] = readCString(bytes, offset)
    ;[value, offset] = readCString(bytes, offset)
    parameters.set(name, value)
  }
  return parameters
}

// No password is asked for: the gateway listens on the loopback address only, and whoever can
// reach it there could read the data folder as well.
function clientSettings(parameters) {
  const user = parameters.get('user')
  if (!user) throw new StartupRefused('28000', 'no PostgreSQL user name specified in startup packet')
  const database = parameters.get('database') || user
  if (database !== DATABASE) {
    throw new StartupRefused(
      '3D000',
      `database "${database}" does not exist`,
      `The embedded engine serves one database, "${DATABASE}".`,
    )
  }
  if (!['', 'false', 'off', 'no', '0'].includes(parameters.get('replication') ?? '')) {
    throw new StartupRefused('0A000', 'the embedded engine has no replication')
  }
  const startup = parseOptions(parameters.get('options') ?? '')
  for (const [name, value] of parameters) {
    if (!NOT_SETTINGS.has(name) && !name.startsWith('_pq_.')) startup.set(name, value)
  }
  return new ClientSettings(canonical(startup), user)
}

// pg_settings spells these with capitals; comparing needs one spelling.
function canonical(startup) {
  const spelling = { datestyle: 'DateStyle', timezone: 'TimeZone', intervalstyle: 'IntervalStyle' }
  const entries = [...startup].map(([name, value]) => {
    const lower = name.toLowerCase()
    return [spelling[lower] ?? lower, value]
  })
  const settings = new Map(entries)
  // What is so anyway needs no turn in the backend: a client may come while another has it.
  if (settings.get('TimeZone')?.toUpperCase() === 'UTC') settings.delete('TimeZone')
  return settings
}

function negotiation(code, parameters) {
  const unknown = [...parameters.keys()].filter((name) => name.startsWith('_pq_.'))
  if (code === VERSION_3_0 && unknown.length === 0) return []
  return [message('v', int32(VERSION_3_0), int32(unknown.length), ...unknown)]
}
