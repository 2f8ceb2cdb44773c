/** Time as a parameter: whoever waits takes a `Clock`, so that a 32-second timer is tested in a microsecond. */
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

/** A clock whose timers never throw: what goes wrong in one is told and takes nothing else with it. */
export function guardedClock(clock: Clock, failed: (error: unknown) => void): Clock {
  return {
    now: () => clock.now(),
    after: (ms, run) =>
      clock.after(ms, () => {
        try {
          run()
        } catch (error) {
          failed(error)
        }
      }),
  }
}
