import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import type { Clock } from '../lib/clock.ts'
import { OperatorError } from '../lib/operator-error.ts'
import { loadCertificate, namesOf, type Certificate } from './certificate.ts'

export interface DevelopmentOptions {
  /** Folder of `authority.pem`, `authority.key`, `server.pem` and `server.key`; made when it is missing. */
  readonly dir: string
  readonly names: readonly string[]
  readonly addresses: readonly string[]
  readonly clock: Clock
}

export interface DevelopmentCertificate extends Certificate {
  readonly authorityFile: string
  /** What was made just now, for the log. */
  readonly made: readonly ('authority' | 'certificate')[]
}

const dayMs = 86_400_000
const authorityDays = 3650
/** Browsers refuse more than 398 days. */
const certificateDays = 397
const renewalDays = 30
/** Clocks of phones go wrong; a certificate of this minute would be refused by one that is late. */
const backdatedDays = 1

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

interface Authority {
  readonly certificate: x509.X509Certificate
  readonly key: CryptoKey
}

/**
 * A certificate for the names and addresses given, signed by an authority of our own. Both are made at the first start; the
 * certificate again when it ends within 30 days, when a name is missing, or when its files are damaged. The authority is
 * replaced only when it would end before a new certificate, since people have told their browsers to trust it.
 * Throws an `OperatorError` (`CERTIFICATE_DIRECTORY`) when the folder cannot be written.
 */
export async function ensureDevelopmentCertificate(options: DevelopmentOptions): Promise<DevelopmentCertificate> {
  const made: ('authority' | 'certificate')[] = []
  const files = filesIn(options.dir)
  try {
    mkdirSync(options.dir, { recursive: true })
    let authority = await readAuthority(files, options.clock)
    if (!authority) {
      authority = await makeAuthority(files, options.clock)
      made.push('authority')
    }
    let certificate = readGood(files, options)
    if (!certificate) {
      certificate = await makeCertificate(files, authority, options)
      made.push('certificate')
    }
    return { ...certificate, authorityFile: files.authority, made }
  } catch (error) {
    throw folderProblem(options.dir, error)
  }
}

function filesIn(dir: string): { authority: string; authorityKey: string; cert: string; key: string } {
  return {
    authority: join(dir, 'authority.pem'),
    authorityKey: join(dir, 'authority.key'),
    cert: join(dir, 'server.pem'),
    key: join(dir, 'server.key'),
  }
}

type Files = ReturnType<typeof filesIn>

/** Undefined when there is none that can serve: missing, damaged, of another key, or at its end. */
async function readAuthority(files: Files, clock: Clock): Promise<Authority | undefined> {
  if (!existsSync(files.authority) || !existsSync(files.authorityKey)) return undefined
  const pem = readFileSync(files.authority, 'utf8')
  const keyPem = readFileSync(files.authorityKey, 'utf8')
  try {
    if (!new X509Certificate(pem).checkPrivateKey(createPrivateKey(keyPem))) return undefined
    const certificate = new x509.X509Certificate(pem)
    if (certificate.notAfter.getTime() <= clock.now() + certificateDays * dayMs) return undefined
    const pkcs8 = x509.PemConverter.decodeFirst(keyPem)
    return { certificate, key: await crypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']) }
  } catch {
    return undefined
  }
}

async function makeAuthority(files: Files, clock: Clock): Promise<Authority> {
  const keys = await makeKeys()
  const serialNumber = randomSerial()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber,
    // The number tells two authorities apart in the list of a browser.
    name: [{ CN: [`Offhook development authority ${serialNumber.slice(0, 8)}`] }],
    ...validity(clock, authorityDays),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  write(files.authorityKey, await privatePem(keys), 0o600)
  write(files.authority, certificate.toString('pem') + '\n', 0o644)
  return { certificate, key: keys.privateKey }
}

/** The certificate that lies there, if it can serve on: of this authority, long enough, and for every name. */
function readGood(files: Files, { names, addresses, clock }: DevelopmentOptions): Certificate | undefined {
  if (!existsSync(files.cert) || !existsSync(files.key)) return undefined
  try {
    const found = loadCertificate({ cert: files.cert, key: files.key }, clock)
    const authority = new X509Certificate(readFileSync(files.authority))
    const isGood =
      new X509Certificate(found.cert).verify(authority.publicKey) &&
      found.notAfter - clock.now() > renewalDays * dayMs &&
      [...names, ...addresses].every(name => found.names.includes(canonical(name)))
    return isGood ? found : undefined
  } catch {
    return undefined
  }
}

/** Node prints IPv6 addresses of a certificate in full upper-case groups; compare both in one spelling. */
function canonical(name: string): string {
  return isIP(name) === 6 ? expandIpv6(name) : name.toLowerCase()
}

/** `::1` → `0:0:0:0:0:0:0:1`, as OpenSSL writes it. */
function expandIpv6(text: string): string {
  const [head = '', tail] = text.toLowerCase().split('::')
  const groups = (part: string): string[] =>
    part === '' ? [] : part.split(':').map(group => group.replace(/^0+(?=.)/, ''))
  if (tail === undefined) return groups(head).join(':')
  const missing = 8 - groups(head).length - groups(tail).length
  return [...groups(head), ...Array<string>(missing).fill('0'), ...groups(tail)].join(':')
}

/**
 * What it returns is what it made, not what lies there: a copy of Offhook that starts at the same moment may write its own
 * pair between our key and our certificate. The next start finds that they do not match and makes new ones.
 */
async function makeCertificate(files: Files, authority: Authority, options: DevelopmentOptions): Promise<Certificate> {
  const keys = await makeKeys()
  const names = [
    ...options.names.map(value => ({ type: 'dns' as const, value: value.toLowerCase() })),
    ...options.addresses.map(value => ({ type: 'ip' as const, value })),
  ]
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: [{ CN: ['Offhook development certificate'] }],
    issuer: authority.certificate.subject,
    ...validity(options.clock, certificateDays),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: authority.key,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      // A SIP server opens TLS connections too (RFC 5922 §7).
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension(names),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  const cert = certificate.toString('pem') + '\n'
  const key = await privatePem(keys)
  write(files.key, key, 0o600)
  write(files.cert, cert, 0o644)
  return {
    cert,
    key,
    files: { cert: files.cert, key: files.key },
    names: namesOf(new X509Certificate(cert)),
    notAfter: certificate.notAfter.getTime(),
  }
}

function makeKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

async function privatePem(keys: CryptoKeyPair): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY') + '\n'
}

/** RFC 5280 §4.1.2.2: positive, at most 20 octets. */
function randomSerial(): string {
  const bytes = randomBytes(16)
  bytes[0] = (bytes[0]! & 0x7f) | 0x40
  return bytes.toString('hex')
}

function validity(clock: Clock, days: number): { notBefore: Date; notAfter: Date } {
  const from = clock.now() - backdatedDays * dayMs
  return { notBefore: new Date(from), notAfter: new Date(from + days * dayMs) }
}

/** All or nothing, so that a copy of Offhook that starts at the same moment never reads half a file. */
function write(file: string, text: string, mode: number): void {
  const partial = `${file}.${randomBytes(4).toString('hex')}`
  try {
    writeFileSync(partial, text, { mode })
    renameSync(partial, file)
  } finally {
    rmSync(partial, { force: true })
  }
}

function folderProblem(dir: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code
  if (!['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOSPC'].includes(code ?? '')) return error
  return new OperatorError(
    'CERTIFICATE_DIRECTORY',
    `the development certificate cannot be written to ${dir} (${code ?? ''}): make the folder writable or set certificate.dir`,
    { cause: error },
  )
}
