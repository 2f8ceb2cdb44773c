import type { Clock, Timer } from '../lib/clock.ts'

/** Longer waits are cut: what `setTimeout` cannot count would fire at once. */
const longestWaitMs = 86_400_000

/**
 * What falls due at a time, with one timer for all of it. Kept by the second in which it ends: adding and deleting cost the
 * same for one and for a hundred thousand.
 */
export class ExpiryQueue<T extends { readonly expiresAt: number }> {
  readonly #clock: Clock
  readonly #due: (items: readonly T[]) => void
  readonly #bySecond = new Map<number, Set<T>>()
  #timer: Timer | undefined
  #armedFor = Infinity

  /** `due` gets all that has expired, up to a second late. */
  constructor(clock: Clock, due: (items: readonly T[]) => void) {
    this.#clock = clock
    this.#due = due
  }

  add(item: T): void {
    const second = secondOf(item)
    const items = this.#bySecond.get(second)
    if (items) items.add(item)
    else this.#bySecond.set(second, new Set([item]))
    if (second < this.#armedFor) this.#arm(second)
  }

  delete(item: T): void {
    const second = secondOf(item)
    const items = this.#bySecond.get(second)
    if (items?.delete(item) && items.size === 0) this.#bySecond.delete(second)
    if (this.#bySecond.size === 0) this.clear()
  }

  clear(): void {
    this.#bySecond.clear()
    this.#timer?.cancel()
    this.#armedFor = Infinity
  }

  #arm(second: number): void {
    this.#timer?.cancel()
    this.#armedFor = second
    const wait = Math.max(0, second * 1000 - this.#clock.now())
    this.#timer = this.#clock.after(Math.min(wait, longestWaitMs), () => this.#fire())
  }

  #fire(): void {
    const now = this.#clock.now()
    const due: T[] = []
    this.#armedFor = Infinity
    let next = Infinity
    for (const [second, items] of this.#bySecond) {
      if (second * 1000 <= now) {
        this.#bySecond.delete(second)
        due.push(...items)
      } else next = Math.min(next, second)
    }
    if (next < Infinity) this.#arm(next)
    if (due.length) this.#due(due)
  }
}

const secondOf = ({ expiresAt }: { readonly expiresAt: number }): number => Math.ceil(expiresAt / 1000)
