import { createHmac } from 'node:crypto'
import type { Clock } from '../../lib/clock.ts'
import { detach } from '../../lib/detach.ts'
import { randomId } from '../../lib/ids.ts'
import type { DigestAlgorithm } from './algorithm.ts'
import { sameText } from './same-text.ts'

/**
 * - `fresh`: ours, of this algorithm, young enough, and its count (if asked) is higher than every one before.
 * - `stale`: ours, but too old, or too old to know which counts it has seen.
 * - `replayed`: ours, but this count was used.
 * - `forged`: not made by us for this algorithm: invented, changed, or of another secret.
 */
export type NonceStatus = 'fresh' | 'stale' | 'replayed' | 'forged'

export interface NoncesOptions {
  readonly clock: Clock
  /** Keys the HMAC. One secret for all processes that share users; at least 16 bytes, random. */
  readonly secret: string | Uint8Array
  /** How long a nonce is good for, in seconds. Default 300. */
  readonly lifetime?: number
  /** Nonces whose count is remembered. Default 100,000 (14 MB); beyond, the older half is forgotten. 0: no limit. */
  readonly limit?: number
}

const timeDigits = 12
const serialBytes = 8
const macAt = timeDigits + 2 * serialBytes
const macDigits = 32
const nonceLength = macAt + macDigits

/**
 * Nonces that need no memory until they are used:
 *
 *     milliseconds (12 hex) | serial (16 hex) | HMAC-SHA-256 over both and the algorithm (32 hex)
 *
 * The serial makes each unique, so that counts of two clients never meet; the algorithm is under the HMAC because no nonce
 * may serve two of them (RFC 8760 §2.4).
 *
 * The counts of used nonces are remembered, within a limit. When one is forgotten before its time, every nonce as old as it
 * that is not remembered counts as stale, so forgetting costs honest clients a challenge and never lets a replay pass.
 */
export class Nonces {
  readonly #clock: Clock
  readonly #secret: string | Uint8Array
  readonly #lifetimeMs: number
  readonly #limit: number
  /** Highest count by nonce: those first used lately, and those before. */
  #young = new Map<string, number>()
  #old = new Map<string, number>()
  #youngSince: number
  /** Nonces issued until then are remembered or not known. */
  #forgottenUntil = 0

  constructor({ clock, secret, lifetime = 300, limit = 100_000 }: NoncesOptions) {
    if (secret.length < 16) throw new TypeError('The secret of nonces needs at least 16 bytes')
    this.#clock = clock
    this.#secret = secret
    this.#lifetimeMs = lifetime * 1000
    this.#limit = limit || Infinity
    this.#youngSince = clock.now()
  }

  issue(algorithm: DigestAlgorithm): string {
    const head = this.#clock.now().toString(16).padStart(timeDigits, '0') + randomId(serialBytes)
    return head + this.#mac(head, algorithm)
  }

  /** Is it one of ours, and young enough? Says nothing of its count. */
  check(nonce: string, algorithm: DigestAlgorithm): Exclude<NonceStatus, 'replayed'> {
    if (nonce.length !== nonceLength) return 'forged'
    if (!sameText(nonce.slice(macAt), this.#mac(nonce.slice(0, macAt), algorithm))) return 'forged'
    // Younger than now: the clock was set back. Not by more than a lifetime, or the nonce would live on.
    return Math.abs(this.#clock.now() - issueTime(nonce)) < this.#lifetimeMs ? 'fresh' : 'stale'
  }

  /**
   * Takes a nonce that `check` found fresh, together with its count. Only for credentials that were found right: nobody else
   * gets a place in memory. The first count need not be 1, but each must be higher than the ones before (RFC 7616 §3.4.4).
   * `once` is for clients that do not count: the nonce is good for no other request.
   */
  use(nonce: string, count: number | 'once'): Exclude<NonceStatus, 'forged'> {
    const number = count === 'once' ? Infinity : count
    const generation = this.#old.has(nonce) ? this.#old : this.#young
    const highest = generation.get(nonce)
    if (highest === undefined && this.#isForgotten(nonce)) return 'stale'
    if (number <= (highest ?? 0)) return 'replayed'
    if (highest === undefined) this.#remember(nonce, number)
    else generation.set(nonce, number)
    return 'fresh'
  }

  #isForgotten(nonce: string): boolean {
    // After the clock was set back, no nonce would be good until it has caught up.
    this.#forgottenUntil = Math.min(this.#forgottenUntil, this.#clock.now())
    return issueTime(nonce) <= this.#forgottenUntil
  }

  #remember(nonce: string, count: number): void {
    const isFull = this.#young.size >= this.#limit / 2
    // What was first used a lifetime ago is stale by itself.
    if (isFull || this.#clock.now() - this.#youngSince >= this.#lifetimeMs) this.#turnOver()
    this.#young.set(detach(nonce), count)
  }

  /** Forgets the old generation at one stroke; picking single ones out of a map of this size costs more than all the rest. */
  #turnOver(): void {
    for (const nonce of this.#old.keys()) this.#forgottenUntil = Math.max(this.#forgottenUntil, issueTime(nonce))
    this.#old = this.#young
    this.#young = new Map()
    this.#youngSince = this.#clock.now()
  }

  #mac(head: string, algorithm: DigestAlgorithm): string {
    return createHmac('sha256', this.#secret).update(head).update(algorithm).digest('hex').slice(0, macDigits)
  }
}

const issueTime = (nonce: string): number => parseInt(nonce.slice(0, timeDigits), 16)
