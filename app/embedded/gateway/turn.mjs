// The engine has one backend: whoever uses it holds the turn. Turns are given first come, first
// served; a client in a transaction keeps its turn until the transaction ends.
export class Turn {
  #holder = null
  #waiting = []

  get holder() {
    return this.#holder
  }

  get contended() {
    return this.#waiting.length > 0
  }

  /** Resolves to true when `who` has the turn, to false if it was cancelled while waiting. */
  acquire(who) {
    if (this.#holder === null && this.#waiting.length === 0) {
      this.#holder = who
      return Promise.resolve(true)
    }
    return new Promise((resolve) => this.#waiting.push({ who, resolve }))
  }

  /** Gives up waiting. */
  cancel(who) {
    const index = this.#waiting.findIndex((entry) => entry.who === who)
    if (index < 0) return false
    const [entry] = this.#waiting.splice(index, 1)
    entry.resolve(false)
    return true
  }

  release(who) {
    if (this.#holder !== who) throw new Error('turn released by another than its holder')
    const next = this.#waiting.shift()
    this.#holder = next ? next.who : null
    next?.resolve(true)
  }
}
