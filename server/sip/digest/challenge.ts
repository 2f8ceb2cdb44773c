import { quote } from '../message/grammar.ts'
import { type DigestAlgorithm, digestAlgorithms } from './algorithm.ts'
import type { Nonces } from './nonces.ts'

export interface Challenge {
  readonly realm: string
  readonly nonce: string
  readonly algorithm: DigestAlgorithm
  /** The credentials were right and only the nonce was not: the client may try again without asking its user. */
  readonly stale: boolean
}

export interface ChallengesOptions {
  readonly nonces: Nonces
  readonly stale?: boolean
  /** Default: all of them. Whatever their order here, they are offered strongest first. */
  readonly algorithms?: readonly DigestAlgorithm[]
}

/** Values of the WWW-Authenticate or Proxy-Authenticate fields of a 401 or 407, in this order, one field each. */
export function challenges(realm: string, { nonces, stale = false, algorithms }: ChallengesOptions): string[] {
  // Strongest first (RFC 8760 §2.4) and so MD5 last: JsSIP keeps only the last field, and knows only MD5.
  return digestAlgorithms
    .filter(algorithm => algorithms?.includes(algorithm) ?? true)
    .map(algorithm => serializeChallenge({ realm, nonce: nonces.issue(algorithm), algorithm, stale }))
}

export function serializeChallenge({ realm, nonce, algorithm, stale }: Challenge): string {
  return `Digest realm=${quote(realm)}, nonce="${nonce}", qop="auth"${stale ? ', stale=true' : ''}, algorithm=${algorithm}`
}
