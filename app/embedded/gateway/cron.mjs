// Runs the jobs in cron.job, as pg_cron's background worker would: one at a time, each in its turn
// between the clients'. A job that is due while it still waits or runs is not started twice.
import { readFileSync } from 'node:fs'
import { EngineCrash, quoteLiteral } from './engine.mjs'
import { log } from './log.mjs'
import { parseSchedule, isDue } from './schedule.mjs'
import { ClientSettings } from './settings.mjs'
import { study } from './sql.mjs'
import { errorFields, message } from './wire.mjs'

const SCHEMA = new URL('./cron.sql', import.meta.url)

export class Cron {
  #backend
  #now
  #jobs = new Map()
  #busy = new Set()
  #lastMinute
  #timer = null

  constructor(backend, now = () => Date.now()) {
    this.#backend = backend
    this.#now = now
    this.#lastMinute = minuteOf(now())
  }

  /** Creates the schema, runs @reboot jobs, and starts the clock. */
  start() {
    this.#backend.engine.sql(readFileSync(SCHEMA, 'utf8'))
    this.#load()
    for (const job of this.#jobs.values()) {
      if (job.schedule.kind === 'reboot') this.#run(job)
    }
    this.#tickLater()
  }

  stop() {
    clearTimeout(this.#timer)
  }

  /** Something may have changed in cron.job; called by the turn's holder, outside a transaction. */
  reload() {
    this.#load()
  }

  #load() {
    const rows = this.#backend.engine.sql(
      'select jobid, schedule, command, username, database, jobname from cron.job where active',
    )
    const before = this.#jobs
    this.#jobs = new Map()
    for (const [id, text, command, username, database, name] of rows) {
      const schedule = parseSchedule(text)
      if (!schedule) continue
      const known = before.get(id)
      const since = known?.text === text ? known.since : this.#now()
      this.#jobs.set(id, { id, text, schedule, command, username, database, name, since })
    }
  }

  #tickLater() {
    this.#timer = setTimeout(() => this.#tick(), 1000 - (this.#now() % 1000))
  }

  #tick() {
    const now = this.#now()
    const minute = minuteOf(now)
    // Every minute that a long statement made us miss is looked at, but a job runs once for them.
    const first = Math.max(this.#lastMinute + 1, minute - 5)
    for (const job of this.#jobs.values()) {
      if (isDueSince(job, first, minute, now)) this.#run(job)
    }
    this.#lastMinute = minute
    this.#tickLater()
  }

  async #run(job) {
    if (this.#busy.has(job.id)) return
    this.#busy.add(job.id)
    const { turn } = this.#backend
    const holder = { pid: 0 }
    job.since = this.#now()
    await turn.acquire(holder)
    try {
      const current = this.#jobs.get(job.id)
      if (current) await this.#runInTurn(current)
    } catch (error) {
      if (error instanceof EngineCrash) return
      log('cron job could not be run', { job: job.name ?? job.id, error: error.message })
      this.#backend.settings.forget()
    } finally {
      this.#busy.delete(job.id)
      turn.release(holder)
    }
  }

  #runInTurn(job) {
    const { engine, settings, gatewaySettings, notifications } = this.#backend
    notifications.sender = 0
    settings.use(gatewaySettings)
    const columns = 'jobid, job_pid, database, username, command, status, start_time'
    const values = [job.database, job.username, job.command].map(quoteLiteral).join(', ')
    const [[run]] = engine.sql(
      `insert into cron.job_run_details (${columns})` +
        ` values (${job.id}, 0, ${values}, 'running', clock_timestamp()) returning runid`,
    )
    const { status, text } = this.#execute(job)
    settings.forget()
    settings.use(gatewaySettings)
    engine.sql(
      `update cron.job_run_details set status = '${status}',` +
        ` return_message = ${quoteLiteral(text)}, end_time = clock_timestamp() where runid = ${run}`,
    )
    if (study(job.command).touchesCron) this.#load()
  }

  #execute(job) {
    const { engine, settings } = this.#backend
    if (study(job.command).copyFromStdin) {
      return { status: 'failed', text: 'ERROR: a job has no input to COPY FROM STDIN' }
    }
    try {
      settings.use(new ClientSettings(new Map(), job.username))
    } catch (error) {
      return { status: 'failed', text: `ERROR: ${error.message}` }
    }
    let tag = ''
    let failure = null
    let status = 'I'
    for (const { type, bytes } of engine.exec(message('Q', job.command))) {
      if (type === 'C') tag = bytes.toString('utf8', 5, bytes.length - 1)
      else if (type === 'E') failure ??= errorFields(bytes)
      else if (type === 'Z') status = String.fromCharCode(bytes[5])
    }
    if (status !== 'I') {
      engine.sql('rollback')
      failure ??= { S: 'ERROR', M: 'the job left a transaction open; it was rolled back' }
    }
    if (!failure) return { status: 'succeeded', text: tag }
    log('cron job failed', { job: job.name ?? job.id, error: failure.M })
    return { status: 'failed', text: `${failure.S}: ${failure.M}` }
  }
}

function minuteOf(milliseconds) {
  return Math.floor(milliseconds / 60_000)
}

function isDueSince(job, firstMinute, lastMinute, now) {
  if (job.schedule.kind === 'seconds') return now - job.since >= job.schedule.seconds * 1000 - 50
  for (let minute = firstMinute; minute <= lastMinute; minute++) {
    if (isDue(job.schedule, new Date(minute * 60_000))) return true
  }
  return false
}
