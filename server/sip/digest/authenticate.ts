import type { Field, Request } from '../message/message.ts'
import { ParseError } from '../message/parse-error.ts'
import { type DigestAlgorithm, digestAlgorithms, dummyHa1 } from './algorithm.ts'
import { type DigestCredentials, parseCredentials } from './credentials.ts'
import type { PasswordHashes } from './ha1.ts'
import type { NonceStatus, Nonces } from './nonces.ts'
import { verifyDigest } from './verify.ts'

export interface AuthenticateOptions {
  /** `authorization` where we answer 401 (REGISTER), `proxy-authorization` where we answer 407. */
  readonly header: 'authorization' | 'proxy-authorization'
  /** Credentials for other realms are for others and are not looked at. */
  readonly realm: string
  /** The user's hashes for this realm; undefined when there is no such user, or none who may sign in. */
  findHa1(username: string): PasswordHashes | undefined | Promise<PasswordHashes | undefined>
  readonly nonces: Nonces
  /** What was offered. Default: all. */
  readonly algorithms?: readonly DigestAlgorithm[]
  /** Serve clients of RFC 2069, each nonce once. Default false. */
  readonly allowWithoutQop?: boolean
}

/** For logs, counters, and the explicit answers 404 and 403. A caller that answers by it tells strangers who exists. */
export type ChallengeCause =
  'no credentials' | 'unusable credentials' | 'unknown user' | 'wrong password' | Exclude<NonceStatus, 'fresh'>

export type AuthenticateResult =
  | {
      readonly outcome: 'ok'
      /** Without domain, decoded. */
      readonly username: string
      /** To be taken off before the request goes on. */
      readonly field: Field
    }
  | {
      readonly outcome: 'challenge'
      readonly stale: boolean
      readonly cause: ChallengeCause
      /** Whom the credentials claimed to be from. */
      readonly username?: string
    }
  | { readonly outcome: 'malformed'; readonly error: ParseError }

interface Claim {
  readonly field: Field
  readonly credentials: DigestCredentials
  readonly algorithm: DigestAlgorithm
  readonly username: string
  /** The client wrote `username@realm`. */
  readonly isQualified: boolean
}

/**
 * Who sent this request (RFC 3261 §22)? Answers at once when `findHa1` does. An unknown user takes the same steps as a wrong
 * password. Not for ACK and CANCEL, which cannot be sent again with credentials (§22.1).
 */
export function authenticate(
  request: Request,
  options: AuthenticateOptions,
): AuthenticateResult | Promise<AuthenticateResult> {
  const claim = findClaim(request, options)
  if ('outcome' in claim) return claim
  const hashes = options.findHa1(claim.username)
  return hashes instanceof Promise
    ? hashes.then(found => judge(request, claim, found, options.nonces))
    : judge(request, claim, hashes, options.nonces)
}

/** The credentials for our realm in an algorithm we offered, among those for others. */
function findClaim(request: Request, options: AuthenticateOptions): Claim | AuthenticateResult {
  const { header, realm, algorithms = digestAlgorithms, allowWithoutQop = false } = options
  let cause: ChallengeCause = 'no credentials'
  let error: ParseError | undefined
  for (const field of request.fields) {
    if (field.name !== header) continue
    const credentials = attemptParse(request.valueOf(field))
    if (credentials instanceof ParseError) error ??= credentials
    else if (credentials && sameName(credentials.realm, realm)) {
      const algorithm = algorithms.find(offered => offered === credentials.algorithm)
      if (algorithm && (credentials.protection || allowWithoutQop))
        return { field, credentials, algorithm, ...readUsername(credentials.username, realm) }
      cause = 'unusable credentials'
    }
  }
  return error ? { outcome: 'malformed', error } : { outcome: 'challenge', stale: false, cause }
}

function judge(request: Request, claim: Claim, hashes: PasswordHashes | undefined, nonces: Nonces): AuthenticateResult {
  const { credentials, algorithm, username, field } = claim
  const ha1 = (claim.isQualified ? hashes?.ha1b : hashes?.ha1)?.[algorithm] ?? dummyHa1(algorithm)
  const isRight = verifyDigest({ credentials, algorithm, ha1, method: request.method, body: request.body })
  if (!hashes || !isRight) {
    const cause = hashes ? 'wrong password' : 'unknown user'
    return { outcome: 'challenge', stale: false, cause, username }
  }
  const status = takeNonce(claim, nonces)
  // Right credentials on a nonce that is not good, even one of an earlier secret, are stale (RFC 7616 §3.3).
  return status === 'fresh'
    ? { outcome: 'ok', username, field }
    : { outcome: 'challenge', stale: true, cause: status, username }
}

function takeNonce({ credentials, algorithm }: Claim, nonces: Nonces): NonceStatus {
  const { nonce, protection } = credentials
  const status = nonces.check(nonce, algorithm)
  return status === 'fresh' ? nonces.use(nonce, protection ? parseInt(protection.nc, 16) : 'once') : status
}

function attemptParse(value: string): DigestCredentials | ParseError | undefined {
  try {
    return parseCredentials(value)
  } catch (error) {
    if (error instanceof ParseError) return error
    throw error
  }
}

/** Clients may put their address where the user name belongs: `alice@example.com` is alice in the realm example.com. */
function readUsername(text: string, realm: string): { username: string; isQualified: boolean } {
  const decoded = Buffer.from(text, 'latin1').toString('utf8')
  const at = decoded.lastIndexOf('@')
  const isQualified = at >= 0 && sameName(decoded.slice(at + 1), realm)
  return { username: isQualified ? decoded.slice(0, at) : decoded, isQualified }
}

const sameName = (a: string, b: string): boolean => a === b || a.toLowerCase() === b.toLowerCase()
