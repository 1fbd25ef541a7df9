// The embedded TimescaleDB's server: one engine on a data folder, many PostgreSQL clients on a
// loopback port. Prints one line of JSON on stdout when ready; ends when its stdin ends.
import { spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { Backend } from './backend.mjs'
import { DATABASE, Engine, initialise, isInitialised } from './engine.mjs'
import { log } from './log.mjs'
import { watchParent } from './parent.mjs'
import { Session } from './session.mjs'

const EXIT_FAILED_START = 2
const EXIT_CRASHED = 70

// Optimising compilers work for functions that are called often: ten times V8's own idea of that
// halves what a start costs, and makes no long run slower.
setFlagsFromString('--wasm-tiering-budget=18000000')

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    port: { type: 'string', default: '0' },
    'idle-timeout-ms': { type: 'string', default: '60000' },
    'copy-limit-mb': { type: 'string', default: '512' },
    initialise: { type: 'boolean', default: false },
  },
})

const sessions = new Map()
let nextId = 1
let server
let stopping = false

async function openEngine(folder, idleTimeout) {
  if (!isInitialised(folder)) {
    // In a process of its own: a second engine in one process would keep the first one's memory.
    const script = fileURLToPath(import.meta.url)
    const child = spawnSync(process.execPath, [script, '--initialise', '--data', folder], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    if (child.status !== 0) throw new Error('creating the data folder failed')
  }
  // What a client is told with SHOW, and goes back to with RESET; session.mjs keeps it.
  return Engine.open(folder, { idle_in_transaction_session_timeout: String(idleTimeout) })
}

function accept(backend, socket) {
  const session = new Session(backend, socket, nextId++)
  sessions.set(session.pid, session)
}

function crash(error) {
  if (stopping) process.exit(EXIT_CRASHED)
  stopping = true
  log('engine crashed', { error: error?.message ?? String(error), name: error?.name })
  server?.close()
  for (const session of sessions.values()) {
    session.shutdown('57P02', 'terminating connection because of crash of the embedded engine')
  }
  setTimeout(() => process.exit(EXIT_CRASHED), 100)
}

async function stop(backend, reason) {
  if (stopping) return
  stopping = true
  log('stopping', { reason })
  server.close()
  backend.cron.stop()
  backend.maintenance.stop()
  for (const session of sessions.values()) {
    session.shutdown('57P01', 'terminating connection due to administrator command')
  }
  await backend.turn.acquire(stop)
  await backend.engine.close()
  log('stopped')
  process.exit(0)
}

async function main() {
  const folder = options.data
  if (options.initialise) return initialise(folder)
  const idleTimeout = Number(options['idle-timeout-ms'])
  const engine = await openEngine(folder, idleTimeout)
  const backend = new Backend(engine, {
    idleTimeout,
    copyLimit: Number(options['copy-limit-mb']) * 1048576,
    sessions,
  })
  engine.onCrash = crash
  backend.cron.start()
  backend.maintenance.start()
  server = createServer({ allowHalfOpen: false }, (socket) => accept(backend, socket))
  server.on('error', (error) => {
    log('cannot listen', { error: error.message })
    process.exit(EXIT_FAILED_START)
  })
  // Loopback only: nobody is asked for a password.
  server.listen({ host: '127.0.0.1', port: Number(options.port), backlog: 511 }, () => {
    const { port } = server.address()
    process.stdout.write(
      JSON.stringify({ ready: true, port, database: DATABASE, pid: process.pid }) + '\n',
    )
  })
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => stop(backend, signal))
  watchParent(() => stop(backend, 'the parent process is gone'))
}

// The parent may be gone, and with it whoever reads these lines.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})
process.on('uncaughtException', crash)
process.on('unhandledRejection', crash)
main().catch((error) => {
  log('cannot start', { error: error.message })
  process.exit(EXIT_FAILED_START)
})
