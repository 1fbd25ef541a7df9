// LISTEN and NOTIFY across clients. The backend listens to every channel that any client listens
// to; what it reports is delivered to each of those clients.
import { int32, message } from './wire.mjs'

export class Notifications {
  #engine
  #listeners = new Map()
  /** Process id shown to listeners: that of the client whose turn it is. */
  sender = 0

  constructor(engine) {
    this.#engine = engine
    engine.onNotification = (channel, payload) => this.#deliver(channel, payload)
  }

  #deliver(channel, payload) {
    const clients = this.#listeners.get(channel)
    if (!clients) return
    const notification = message('A', int32(this.sender), channel, payload)
    for (const client of clients) client.notify(notification)
  }

  /** Applies what a committed transaction of `client` said. A null channel is all channels. */
  apply(client, changes) {
    for (const { listen, channel } of changes) {
      if (listen) this.#add(client, channel)
      else if (channel === null) this.#removeAll(client)
      else this.#remove(client, channel)
    }
    // An UNLISTEN of one client has silenced the backend for all.
    if (changes.some(({ listen }) => !listen)) this.#listenAgain()
  }

  /** Forgets a client; call it when it has the turn. */
  drop(client) {
    const before = this.#listeners.size
    this.#removeAll(client)
    if (this.#listeners.size < before) {
      this.#engine.sql('unlisten *')
      this.#listenAgain()
    }
  }

  #add(client, channel) {
    if (!this.#listeners.has(channel)) this.#listeners.set(channel, new Set())
    this.#listeners.get(channel).add(client)
  }

  #remove(client, channel) {
    const clients = this.#listeners.get(channel)
    clients?.delete(client)
    if (clients?.size === 0) this.#listeners.delete(channel)
  }

  #removeAll(client) {
    for (const channel of [...this.#listeners.keys()]) this.#remove(client, channel)
  }

  #listenAgain() {
    const channels = [...this.#listeners.keys()]
    if (channels.length === 0) return
    this.#engine.sql(channels.map((name) => `listen "${name.replaceAll('"', '""')}"`).join(';'))
  }
}
