// Waiting that others can cut short.

export class Bell {
  private readonly waiting = new Set<() => void>()

  /** Let whoever waits look again. */
  ring(): void {
    for (const wake of [...this.waiting]) wake()
  }

  /** Wait for the bell, or for so many milliseconds. */
  wait(milliseconds: number = Infinity): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        this.waiting.delete(wake)
        resolve()
      }
      const timer = Number.isFinite(milliseconds) ? setTimeout(wake, milliseconds) : undefined
      // In Node a timer keeps the process alive, which is to end, and then sends the rest.
      if (typeof timer === 'object') (timer as { unref(): void }).unref()
      this.waiting.add(wake)
    })
  }
}

/** Wait for something, and keep the process alive for it, which the timers of a bell do not. */
export async function awake(something: () => Promise<void>): Promise<void> {
  const timer = setInterval(() => {}, 2 ** 30)
  try {
    await something()
  } finally {
    clearInterval(timer)
  }
}
