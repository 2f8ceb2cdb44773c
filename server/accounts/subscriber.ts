/** The owner of credentials and addresses-of-record. The password itself is nowhere: only hashes of it (R3.3). */
export interface Subscriber {
  readonly username: string
  /** Home domain, lower case; also the digest realm. */
  readonly domain: string
  /** Hashes for the digest, hex, by algorithm; `ha1b` has `username@domain` in the place of the user name. */
  readonly ha1: Readonly<Record<DigestAlgorithm, string>>
  readonly ha1b: Readonly<Record<DigestAlgorithm, string>>
  readonly enabled: boolean
  readonly displayName?: string
  readonly email?: string
  readonly createdAt: number
}

export type DigestAlgorithm = 'MD5' | 'SHA-256'

/** What authentication and routing need to know of subscribers. May answer from a cache; changes show within a second. */
export interface SubscriberDirectory {
  find(username: string, domain: string): Subscriber | undefined | Promise<Subscriber | undefined>
}
