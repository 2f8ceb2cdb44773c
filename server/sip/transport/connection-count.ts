import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import { sourceKey } from './address.ts'
import type { TransportLimits } from './limits.ts'

/** A flood of refusals is one log line in this time. */
const logEveryMs = 60_000

/** How many connections are open, in all and per source; says whether one more may be. */
export class ConnectionCount {
  readonly #limits: TransportLimits
  readonly #clock: Clock
  readonly #log: Log
  readonly #perSource = new Map<string, number>()
  #total = 0
  #refused = 0
  #loggedAt = -Infinity

  constructor(limits: TransportLimits, clock: Clock, log: Log) {
    this.#limits = limits
    this.#clock = clock
    this.#log = log
  }

  get total(): number {
    return this.#total
  }

  /** Counts one connection in; the answer is to be called, once, when it is gone. undefined: refused. */
  admit(host: string): (() => void) | undefined {
    const key = sourceKey(host)
    const ofSource = this.#perSource.get(key) ?? 0
    if (this.#total >= this.#limits.connections || ofSource >= this.#limits.connectionsPerAddress) {
      this.#refuse(host)
      return undefined
    }
    this.#total++
    this.#perSource.set(key, ofSource + 1)
    return () => this.#release(key)
  }

  #release(key: string): void {
    this.#total--
    const left = this.#perSource.get(key)! - 1
    if (left) this.#perSource.set(key, left)
    else this.#perSource.delete(key)
  }

  #refuse(host: string): void {
    this.#refused++
    const now = this.#clock.now()
    if (now - this.#loggedAt < logEveryMs) return
    this.#log.warn({ host, refused: this.#refused, open: this.#total }, 'connections refused: too many')
    this.#loggedAt = now
    this.#refused = 0
  }
}
