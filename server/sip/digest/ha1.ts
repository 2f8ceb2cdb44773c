import { type DigestAlgorithm, digestAlgorithms, hashHex } from './algorithm.ts'

export type Ha1s = Readonly<Record<DigestAlgorithm, string>>

/** What is stored of a password, ever (RFC 7616 §3.4.2). */
export interface PasswordHashes {
  readonly ha1: Ha1s
  /** With `username@domain` in the place of the user name, for phones whose authentication name is an address. */
  readonly ha1b: Ha1s
}

/** H(username:realm:password), hex. Names and password are ordinary strings; UTF-8 is hashed, as clients do. */
export function hashHa1(username: string, realm: string, password: string, algorithm: DigestAlgorithm): string {
  return hashHex(algorithm, Buffer.from(`${username}:${realm}:${password}`, 'utf8').toString('latin1'))
}

/** All that is stored of the password of `username` in `domain`. `realm` is the domain unless it is named. */
export function hashPassword(username: string, domain: string, password: string, realm = domain): PasswordHashes {
  const hashAll = (name: string): Ha1s => {
    const entries = digestAlgorithms.map(algorithm => [algorithm, hashHa1(name, realm, password, algorithm)])
    return Object.fromEntries(entries) as Ha1s
  }
  return { ha1: hashAll(username), ha1b: hashAll(`${username}@${domain}`) }
}
