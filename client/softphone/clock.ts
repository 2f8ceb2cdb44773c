/** Time as a parameter, so that a minute of waiting is tested in a microsecond. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Runs `run` once after `ms` milliseconds unless the timer is cancelled before. */
  after(ms: number, run: () => void): Timer
}

export interface Timer {
  /** Idempotent; does nothing once the timer has fired. */
  cancel(): void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const handle = setTimeout(run, ms)
    return { cancel: () => clearTimeout(handle) }
  },
}
