import { type DigestAlgorithm, hashHex } from './algorithm.ts'
import type { DigestCredentials, Qop } from './credentials.ts'
import { sameText } from './same-text.ts'

export interface DigestProof {
  readonly credentials: DigestCredentials
  /** The one to compute with; what the credentials name. */
  readonly algorithm: DigestAlgorithm
  /** Of the request. */
  readonly method: string
  /** H(username:realm:password), hex, or `dummyHa1` for a user who does not exist. */
  readonly ha1: string
  /** For `auth-int` only. Default: empty. */
  readonly body?: string
}

type A2 = (proof: DigestProof) => string
const legacyA2: A2 = ({ method, credentials }) => `${method}:${credentials.uri}`
const a2: Readonly<Record<Qop, A2>> = {
  auth: legacyA2,
  'auth-int': proof => `${legacyA2(proof)}:${hashHex(proof.algorithm, proof.body ?? '')}`,
}

/** Was the response made by somebody who knows the password (RFC 7616 §3.4.1)? Takes the same time for yes and no. */
export function verifyDigest(proof: DigestProof): boolean {
  return sameText(proof.credentials.response.toLowerCase(), digestResponse(proof))
}

/** The response that a client with this HA1 sends, hex. */
export function digestResponse(proof: DigestProof): string {
  const { algorithm, ha1 } = proof
  const { nonce, protection } = proof.credentials
  // Without qop the formula of RFC 2069 holds.
  if (!protection) return hashHex(algorithm, `${ha1}:${nonce}:${hashHex(algorithm, legacyA2(proof))}`)
  const { qop, nc, cnonce } = protection
  const ha2 = hashHex(algorithm, a2[qop](proof))
  return hashHex(algorithm, `${ha1}:${nonce}:${nc}:${cnonce}:${qop}:${ha2}`)
}
