import type { Clock, Timer } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'

export interface ChangePollOptions {
  readonly clock: Clock
  readonly intervalMs: number
  readonly log: Log
  /** Cheap to read, and different from before when another process has changed the database. */
  readonly version: () => number
}

/** Tells when another process, such as the command line, has changed the database. Looks from construction to `close`. */
export class ChangePoll {
  readonly #options: ChangePollOptions
  readonly #listeners = new Set<() => void>()
  #version: number
  #timer: Timer | undefined

  constructor(options: ChangePollOptions) {
    this.#options = options
    this.#version = options.version()
    this.#arm()
  }

  /** Returns how to stop listening. */
  listen(listener: () => void): () => void {
    const entry = () => listener()
    this.#listeners.add(entry)
    return () => void this.#listeners.delete(entry)
  }

  close(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#listeners.clear()
  }

  #arm(): void {
    this.#timer = this.#options.clock.after(this.#options.intervalMs, () => {
      this.#arm()
      this.#look()
    })
  }

  #look(): void {
    try {
      const version = this.#options.version()
      if (version === this.#version) return
      this.#version = version
    } catch (error) {
      this.#options.log.warn({ err: error }, 'database cannot be looked at for changes')
      return
    }
    for (const listener of this.#listeners)
      try {
        listener()
      } catch (error) {
        this.#options.log.error({ err: error }, 'a listener to database changes failed')
      }
  }
}
