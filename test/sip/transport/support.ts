import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import type net from 'node:net'
import * as x509 from '@peculiar/x509'
import type { Flow } from '../../../server/sip/transport/flow.ts'
import type { Request, Response } from '../../../server/sip/message/message.ts'
import { silentLog } from '../../../server/lib/log.ts'
import { TransportLayer, type TransportLayerOptions } from '../../../server/sip/transport/transport-layer.ts'

/** A request as a phone would send it, CRLF and all. */
export function options(extra: { body?: string; fields?: string[]; via?: string } = {}): string {
  const { body = '', fields = [], via = 'SIP/2.0/UDP client.invalid;branch=z9hG4bKa;rport' } = extra
  return [
    'OPTIONS sip:example.com SIP/2.0',
    `Via: ${via}`,
    'From: <sip:a@example.com>;tag=1',
    'To: <sip:b@example.com>',
    'Call-ID: c1',
    'CSeq: 1 OPTIONS',
    ...fields,
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n')
}

interface Heard {
  readonly message: Request | Response
  readonly flow: Flow
}

/** A queue whose next entry can be awaited, whether it came already or not. */
export class Queue<T> {
  readonly #entries: T[] = []
  readonly #waiting: ((entry: T) => void)[] = []

  push(entry: T): void {
    const waiting = this.#waiting.shift()
    if (waiting) waiting(entry)
    else this.#entries.push(entry)
  }

  next(): Promise<T> {
    if (this.#entries.length) return Promise.resolve(this.#entries.shift()!)
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  get length(): number {
    return this.#entries.length
  }
}

export interface TestLayer {
  readonly layer: TransportLayer
  readonly heard: Queue<Heard>
  readonly closed: Queue<{ flow: Flow; why: string }>
}

const opened: { close(): unknown }[] = []

export function testLayer(given: Partial<TransportLayerOptions> = {}): TestLayer {
  const heard = new Queue<Heard>()
  const closed = new Queue<{ flow: Flow; why: string }>()
  const events = {
    message: (message: Request | Response, flow: Flow) => heard.push({ message, flow }),
    closed: (flow: Flow, why: string) => closed.push({ flow, why }),
  }
  const layer = new TransportLayer({ events, log: silentLog, ...given })
  return { layer: closing(layer), heard, closed }
}

/** Has it closed when the test is over: `afterEach(closeAll)`. */
export function closing<T extends { close(): unknown }>(thing: T): T {
  opened.push(thing)
  return thing
}

export async function closeAll(): Promise<void> {
  await Promise.all(opened.splice(0).map(thing => thing.close()))
}

/** All that a socket receives, to be awaited by content or end. */
export class Wire {
  text = ''
  isEnded = false
  readonly #socket: net.Socket
  #changed: () => void = () => undefined

  constructor(socket: net.Socket) {
    this.#socket = socket
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      this.text += chunk.toString('latin1')
      this.#changed()
    })
    socket.once('close', () => {
      this.isEnded = true
      this.#changed()
    })
    closing({ close: () => socket.destroy() })
  }

  async until(condition: (wire: Wire) => boolean): Promise<string> {
    while (!condition(this)) await new Promise<void>(resolve => (this.#changed = resolve))
    return this.text
  }

  receives(part: string): Promise<string> {
    return this.until(({ text }) => text.includes(part))
  }

  ends(): Promise<string> {
    return this.until(({ isEnded }) => isEnded)
  }

  stopReading(): void {
    this.#socket.pause()
  }

  write(text: string): void {
    this.#socket.write(text, 'latin1')
  }
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** A self-signed certificate for these subject alternative names, as PEM. */
export async function testCertificate(names: x509.JsonGeneralNames): Promise<{ key: string; cert: string }> {
  x509.cryptoProvider.set(webcrypto as Crypto)
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=test',
    keys: keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 3_600_000),
    extensions: [new x509.SubjectAlternativeNameExtension(names)],
  })
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { key: x509.PemConverter.encode(key, 'PRIVATE KEY'), cert: certificate.toString('pem') }
}
