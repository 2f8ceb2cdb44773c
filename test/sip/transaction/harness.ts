import { expect } from 'vitest'
import type { Peer } from '../../../server/sip/transaction/peer.ts'
import { TransactionLayer, type TransactionLayerOptions } from '../../../server/sip/transaction/transaction-layer.ts'
import type { ClientRequest, ClientUser, ServerUser } from '../../../server/sip/transaction/transaction.ts'
import { Request, Response } from '../../../server/sip/message/message.ts'
import { parseMessage } from '../../../server/sip/message/parse.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** Keeps what is sent, and when; fails on demand. */
export class FakePeer implements Peer {
  readonly reliable: boolean
  isOpen = true
  /** Set: the next `send` fails with it, inside the call. */
  failure: Error | undefined
  readonly sent: string[] = []
  /** Milliseconds since the peer was made, one for each text sent. */
  readonly times: number[] = []
  readonly #clock: FakeClock
  readonly #start: number

  constructor(clock: FakeClock, reliable = false) {
    this.#clock = clock
    this.#start = clock.now()
    this.reliable = reliable
  }

  send(text: string, failed?: (error: Error) => void): void {
    this.sent.push(text)
    this.times.push(this.#clock.now() - this.#start)
    if (this.failure) failed?.(this.failure)
  }

  /** What was sent, by method or status: `INVITE`, `180`. */
  get summary(): string[] {
    return this.sent.map(startOf)
  }
}

export const startOf = (text: string): string => {
  const [first = '', second = ''] = text.split(' ', 2)
  return first === 'SIP/2.0' ? second : first
}

/** Writes down what a TU hears. */
export class FakeUser implements ClientUser, ServerUser {
  readonly heard: string[] = []
  readonly responses: Response[] = []

  response(response: Response): void {
    this.responses.push(response)
    this.heard.push(String(response.status))
  }

  timeout(): void {
    this.heard.push('timeout')
  }

  failed(error: Error): void {
    this.heard.push(`failed: ${error.message}`)
  }

  terminated(): void {
    this.heard.push('terminated')
  }
}

export function layerWith(options: Partial<TransactionLayerOptions> = {}) {
  const clock = new FakeClock()
  const layer = new TransactionLayer({ clock, ...options })
  return { clock, layer, udp: new FakePeer(clock), tcp: new FakePeer(clock, true), user: new FakeUser() }
}

/** Every scenario ends like this. */
export function expectNothingLeft({ clock, layer }: { clock: FakeClock; layer: TransactionLayer }): void {
  expect({ timers: clock.pending, transactions: layer.size }).toEqual({ timers: 0, transactions: 0 })
}

export function request(text: string): Request {
  const message = parseMessage(text)
  if (message instanceof Request) return message
  throw new TypeError('no request')
}

export function response(text: string): Response {
  const message = parseMessage(text)
  if (message instanceof Response) return message
  throw new TypeError('no response')
}

export const lines = (...fields: string[]): string => [...fields, '', ''].join('\r\n')

export interface Variation {
  readonly method?: string
  readonly uri?: string
  readonly via?: string
  readonly fromTag?: string
  readonly toTag?: string
  readonly callId?: string
  readonly cseq?: number
}

/** A request as a phone sends it to us. */
export function incoming(variation: Variation = {}): Request {
  const { method = 'INVITE', uri = 'sip:bob@biloxi.com', fromTag = '9fxced76sl', toTag } = variation
  const {
    via = 'SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds',
    callId = '3848276298220188511',
    cseq = 1,
  } = variation
  return request(
    lines(
      `${method} ${uri} SIP/2.0`,
      `Via: ${via}`,
      'Max-Forwards: 70',
      `From: Alice <sip:alice@atlanta.com>;tag=${fromTag}`,
      `To: Bob <sip:bob@biloxi.com>${toTag === undefined ? '' : `;tag=${toTag}`}`,
      `Call-ID: ${callId}`,
      `CSeq: ${cseq} ${method}`,
      'Content-Length: 0',
    ),
  )
}

/** A request as the proxy sends it on. */
export function outgoing(method = 'INVITE', branch = 'z9hG4bK4b43c2ff8.1'): ClientRequest {
  const text = lines(
    `${method} sip:bob@192.0.2.4 SIP/2.0`,
    `Via: SIP/2.0/UDP bigbox3.site3.atlanta.com;branch=${branch}`,
    'Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds;received=192.0.2.1',
    'Route: <sip:first.example.com;lr>, <sip:second.example.com;lr>',
    'Route: <sip:third.example.com;lr>',
    'Max-Forwards: 69',
    'From: Alice <sip:alice@atlanta.com>;tag=1928301774',
    'To: Bob <sip:bob@biloxi.com>',
    'Call-ID: a84b4c76e66710',
    `CSeq: 314159 ${method}`,
    'Require: 100rel',
    'Proxy-Require: foo',
    'Proxy-Authorization: Digest username="alice"',
    'Contact: <sip:alice@pc33.atlanta.com>',
    'Content-Length: 0',
  )
  return { text, method, branch, sentBy: 'bigbox3.site3.atlanta.com:5060' }
}

/** What answers `outgoing`. */
export function answer(
  status: number,
  { method = 'INVITE', branch = 'z9hG4bK4b43c2ff8.1', host = 'bigbox3.site3.atlanta.com', toTag = 'a6c85cf' } = {},
): Response {
  return response(
    lines(
      `SIP/2.0 ${status} Whatever`,
      `Via: SIP/2.0/UDP ${host};branch=${branch};received=192.0.2.2`,
      'Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds;received=192.0.2.1',
      'From: Alice <sip:alice@atlanta.com>;tag=1928301774',
      `To: Bob <sip:bob@biloxi.com>;tag=${toTag}`,
      'Call-ID: a84b4c76e66710',
      `CSeq: 314159 ${method}`,
      'Content-Length: 0',
    ),
  )
}

/** Text of a response to `incoming`; the transactions look only at its status, but for the To tag of RFC 2543. */
export const reply = (status: number, toTag = 'z1'): string =>
  lines(
    `SIP/2.0 ${status} Whatever`,
    'Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds',
    'From: Alice <sip:alice@atlanta.com>;tag=9fxced76sl',
    `To: Bob <sip:bob@biloxi.com>;tag=${toTag}`,
    'Call-ID: 3848276298220188511',
    'CSeq: 1 INVITE',
    'Content-Length: 0',
  )
