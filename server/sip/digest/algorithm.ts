import { hash } from 'node:crypto'

/** What we offer and understand, strongest first: the order in which RFC 8760 §2.4 wants the challenges. */
export const digestAlgorithms = ['SHA-256', 'MD5'] as const
export type DigestAlgorithm = (typeof digestAlgorithms)[number]

const hashNames: Readonly<Record<DigestAlgorithm, string>> = { MD5: 'md5', 'SHA-256': 'sha256' }
const hexLengths: Readonly<Record<DigestAlgorithm, number>> = { MD5: 32, 'SHA-256': 64 }

/** Lower-case hex over the bytes of a latin-1 text, as messages are. */
export const hashHex = (algorithm: DigestAlgorithm, text: string): string =>
  hash(hashNames[algorithm], Buffer.from(text, 'latin1'), 'hex')

/** A hash that no password has, so that a user who does not exist costs as much as a wrong password. */
export const dummyHa1 = (algorithm: DigestAlgorithm): string => '0'.repeat(hexLengths[algorithm])
