import type { Clock, Timer } from '../../server/lib/clock.ts'

interface Armed {
  at: number
  order: number
  run: () => void
}

/** A clock that stands still until the test moves it. */
export class FakeClock implements Clock {
  #now: number
  #order = 0
  #armed = new Set<Armed>()

  constructor(now = 1_700_000_000_000) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  after(ms: number, run: () => void): Timer {
    const armed = { at: this.#now + ms, order: this.#order++, run }
    this.#armed.add(armed)
    return { cancel: () => void this.#armed.delete(armed) }
  }

  /** Timers that are armed now: a test asserts zero at its end. */
  get pending(): number {
    return this.#armed.size
  }

  /** Milliseconds until the next timer, undefined when none is armed. */
  get next(): number | undefined {
    return this.#earliest() && this.#earliest()!.at - this.#now
  }

  /** Moves time on by `ms` and fires what falls due, in order. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (let due = this.#earliest(); due && due.at <= end; due = this.#earliest()) {
      this.#armed.delete(due)
      this.#now = Math.max(this.#now, due.at)
      due.run()
    }
    this.#now = end
  }

  #earliest(): Armed | undefined {
    let first: Armed | undefined
    for (const armed of this.#armed)
      if (!first || armed.at < first.at || (armed.at === first.at && armed.order < first.order)) first = armed
    return first
  }
}
