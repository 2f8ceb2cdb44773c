import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Clock } from '../lib/clock.ts'
import { OperatorError } from '../lib/operator-error.ts'

/** What the TLS listeners need, and what a person wants to know of it. */
export interface Certificate {
  /** PEM: the certificate of this server first, then those between it and the authority. */
  readonly cert: string
  /** PEM. Never logged. */
  readonly key: string
  readonly files: CertificateFiles
  /** DNS names and IP addresses it is good for. */
  readonly names: readonly string[]
  /** Milliseconds since the epoch. */
  readonly notAfter: number
  /** Of a development certificate: the file that browsers and phones have to trust. */
  readonly authorityFile?: string
}

export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

/**
 * Reads and checks a certificate and its key. Throws an `OperatorError` that says what to do: `CERTIFICATE_UNREADABLE`,
 * `CERTIFICATE_KEY_MISMATCH`, `CERTIFICATE_EXPIRED`, `CERTIFICATE_NOT_YET_VALID`.
 */
export function loadCertificate(files: CertificateFiles, clock: Clock): Certificate {
  const cert = readPem(files.cert, 'certificate')
  const key = readPem(files.key, 'key')
  const parsed = parse(files.cert, 'a certificate', () => new X509Certificate(cert))
  const privateKey = parse(files.key, 'a private key without a passphrase', () => createPrivateKey(key))
  if (!parsed.checkPrivateKey(privateKey))
    throw new OperatorError(
      'CERTIFICATE_KEY_MISMATCH',
      `the key ${files.key} does not belong to the certificate ${files.cert}: set certificate.cert and certificate.key to a pair`,
    )
  const notAfter = Date.parse(parsed.validTo)
  if (notAfter <= clock.now())
    throw new OperatorError(
      'CERTIFICATE_EXPIRED',
      `the certificate ${files.cert} expired on ${day(notAfter)}: renew it, or remove certificate.cert and certificate.key to use a development certificate`,
    )
  const notBefore = Date.parse(parsed.validFrom)
  if (notBefore > clock.now())
    throw new OperatorError(
      'CERTIFICATE_NOT_YET_VALID',
      `the certificate ${files.cert} is valid from ${day(notBefore)} on: check the clock of this machine`,
    )
  return { cert, key, files, names: namesOf(parsed), notAfter }
}

/** Names and addresses in the subject alternative name; the common name counts for nothing (RFC 9525 §2). */
export function namesOf(certificate: X509Certificate): string[] {
  return [...(certificate.subjectAltName ?? '').matchAll(/(?:DNS|IP Address):([^,\s]+)/g)].map(match =>
    match[1]!.toLowerCase(),
  )
}

function readPem(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new OperatorError(
      'CERTIFICATE_UNREADABLE',
      `the ${what} ${file} cannot be read (${reasonOf(error)}): check the path and that this user may read it`,
      { cause: error },
    )
  }
}

function parse<T>(file: string, expected: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new OperatorError('CERTIFICATE_UNREADABLE', `${file} is not ${expected} in PEM format`, { cause: error })
  }
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOENT') return 'no such file'
  return code === 'EACCES' ? 'permission denied' : (error as Error).message
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
