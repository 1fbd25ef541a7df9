// What background processes do on a server, and nobody does here: checkpoints, which bound the
// folder's size and the time of a recovery, and vacuuming. Done at quiet moments, a little at once.
import { EngineCrash } from './engine.mjs'
import { log } from './log.mjs'

const LOOK_EVERY_MS = 5_000
const CHECKPOINT_BYTES = 64 << 20
// With this much log a checkpoint does not wait for a quiet moment any more.
const OVERDUE_BYTES = 256 << 20
const CHECKPOINT_MS = 300_000
// As autovacuum's defaults: 50 rows and a fifth of the table; analysing at a tenth.
const BASE_ROWS = 50
const VACUUM_SHARE = 0.2
const ANALYZE_SHARE = 0.1

// The cumulative statistics are never flushed here, because the engine has no idle loop; what is
// pending since the start is visible as the statistics of the current transaction.
const CHANGES = `
  select s.relid, s.relid::regclass, s.n_tup_upd + s.n_tup_del,
         s.n_tup_ins + s.n_tup_upd + s.n_tup_del, greatest(c.reltuples, 0)
  from pg_catalog.pg_stat_xact_user_tables as s
  join pg_catalog.pg_class as c on c.oid = s.relid
  where s.n_tup_ins + s.n_tup_upd + s.n_tup_del > ${BASE_ROWS} and c.relpersistence = 'p'`

export class Maintenance {
  #backend
  #timer = null
  #waiting = false
  #checkpointLsn
  #checkpointAt = Date.now()
  #vacuumed = new Map()
  #analyzed = new Map()

  constructor(backend) {
    this.#backend = backend
    this.#checkpointLsn = this.#lsn()
  }

  start() {
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS)
  }

  stop() {
    clearInterval(this.#timer)
  }

  #lsn() {
    const [[lsn]] = this.#backend.engine.sql("select pg_current_wal_lsn() - '0/0'::pg_lsn")
    return Number(lsn)
  }

  async #look() {
    if (this.#waiting) return
    const { turn, settings, gatewaySettings } = this.#backend
    const quiet = turn.holder === null
    const holder = { pid: 0 }
    this.#waiting = true
    await turn.acquire(holder)
    this.#waiting = false
    try {
      settings.use(gatewaySettings)
      const wrote = this.#lsn() - this.#checkpointLsn
      const due = wrote > 0 && Date.now() - this.#checkpointAt > CHECKPOINT_MS
      if (wrote > OVERDUE_BYTES || (quiet && (due || wrote > CHECKPOINT_BYTES))) this.#checkpoint()
      else if (quiet) this.#vacuumOne()
    } catch (error) {
      if (error instanceof EngineCrash) return
      log('maintenance failed', { error: error.message })
      settings.forget()
    } finally {
      turn.release(holder)
    }
  }

  #checkpoint() {
    this.#backend.engine.sql('checkpoint')
    this.#checkpointLsn = this.#lsn()
    this.#checkpointAt = Date.now()
  }

  // One table at a time, the most changed first, so that no client waits for long.
  #vacuumOne() {
    const { engine } = this.#backend
    let worst = null
    for (const [oid, name, dead, changed, rows] of engine.sql(CHANGES)) {
      const newDead = dead - (this.#vacuumed.get(oid) ?? 0)
      const newChanged = changed - (this.#analyzed.get(oid) ?? 0)
      const vacuum = newDead > BASE_ROWS + VACUUM_SHARE * rows
      const analyze = newChanged > BASE_ROWS + ANALYZE_SHARE * rows
      if (!vacuum && !analyze) continue
      if (!worst || newChanged > worst.newChanged) worst = { oid, name, dead, changed, vacuum, newChanged }
    }
    if (!worst) return
    // Remembered before, so that a table that cannot be vacuumed does not hold up the others.
    if (worst.vacuum) this.#vacuumed.set(worst.oid, Number(worst.dead))
    this.#analyzed.set(worst.oid, Number(worst.changed))
    engine.sql(`${worst.vacuum ? 'vacuum (analyze)' : 'analyze'} ${worst.name}`)
  }
}
