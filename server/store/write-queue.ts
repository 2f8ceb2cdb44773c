import type { Clock } from '../lib/clock.ts'
import type { Awaitable } from '../registrar/location.ts'
import { isLocked, StoreError } from './store-error.ts'

export interface WriteQueueOptions {
  readonly clock: Clock
  /** How long a write waits for another process to let go of the lock, in milliseconds; then `STORE_LOCKED`. */
  readonly lockTimeoutMs: number
  /** Writes that may wait at a time; one more is refused with `STORE_OVERLOADED`. */
  readonly maxWaiting: number
  /** Makes the error for a write that has waited too long. */
  readonly explain: (error: unknown) => unknown
}

const retryMs = 20

/**
 * Writes one after the other, in the order they were asked for. SQLite's own waiting for a lock would stand still with the
 * whole process; here calls go on while a write waits. A write that nothing stands in the way of is done when `run` returns.
 */
export class WriteQueue {
  readonly #options: WriteQueueOptions
  #waiting = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: WriteQueueOptions) {
    this.#options = options
  }

  /** `work` may run more than once: it must leave nothing behind when it fails for a lock. */
  run<T>(work: () => Awaitable<T>): Awaitable<T> {
    if (this.#waiting > 0) return this.#enqueue(work)
    try {
      const done = work()
      return done instanceof Promise ? this.#enqueue(work, done) : done
    } catch (error) {
      if (!isLocked(error)) throw this.#options.explain(error)
      return this.#enqueue(work)
    }
  }

  /** Resolves when nothing that was asked for before is waiting any more. */
  async idle(): Promise<void> {
    await this.#last
  }

  /** `begun` is a first attempt that is already under way. */
  async #enqueue<T>(work: () => Awaitable<T>, begun?: Promise<T>): Promise<T> {
    const { clock, lockTimeoutMs, maxWaiting, explain } = this.#options
    if (this.#waiting >= maxWaiting)
      throw new StoreError('STORE_OVERLOADED', `more than ${maxWaiting} writes wait for the database`)
    this.#waiting++
    const turn = this.#last
    const done = this.#attempt(work, begun, turn, clock.now() + lockTimeoutMs)
    this.#last = done.catch(() => undefined)
    try {
      return await done
    } catch (error) {
      throw explain(error)
    } finally {
      this.#waiting--
    }
  }

  async #attempt<T>(
    work: () => Awaitable<T>,
    begun: Promise<T> | undefined,
    turn: Promise<unknown>,
    deadline: number,
  ): Promise<T> {
    await turn
    for (let attempt = begun; ; attempt = undefined) {
      try {
        return await (attempt ?? work())
      } catch (error) {
        if (!isLocked(error) || this.#options.clock.now() >= deadline) throw error
        await new Promise<void>(resolve => void this.#options.clock.after(retryMs, resolve))
      }
    }
  }
}
