// What the clients share: the engine, the turn to use it, and who has which settings and channels.
import { Cron } from './cron.mjs'
import { Maintenance } from './maintenance.mjs'
import { Notifications } from './notify.mjs'
import { ClientSettings, SettingsKeeper } from './settings.mjs'
import { Turn } from './turn.mjs'

export class Backend {
  turn = new Turn()
  gatewaySettings = new ClientSettings()
  /** Which client created a temporary relation, by its oid. */
  temporaryOwners = new Map()

  constructor(engine, { idleTimeout, copyLimit, sessions }) {
    this.engine = engine
    this.idleTimeout = idleTimeout
    this.copyLimit = copyLimit
    this.sessions = sessions
    this.settings = new SettingsKeeper(engine)
    this.notifications = new Notifications(engine)
    this.cron = new Cron(this)
    this.maintenance = new Maintenance(this)
  }

  /** Makes the backend this client's: it has just been given the turn. */
  enter(client) {
    this.notifications.sender = client.pid
    this.settings.use(client.settings)
  }

  left(client) {
    this.sessions.delete(client.pid)
  }

  /** A running statement cannot be interrupted: one thread runs both it and this. */
  cancel({ pid, secret }) {
    const session = this.sessions.get(pid)
    if (session?.secret === secret) session.cancel()
  }
}
