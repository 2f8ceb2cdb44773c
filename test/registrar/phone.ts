import type { BindingFlow } from '../../server/registrar/binding.ts'
import { MemoryLocation } from '../../server/registrar/memory-location.ts'
import { Registrar, type RegisterResult, type RegistrarOptions } from '../../server/registrar/registrar.ts'
import { createResponse } from '../../server/sip/message/create.ts'
import type { Request } from '../../server/sip/message/message.ts'
import { parseMessage } from '../../server/sip/message/parse.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { FakeStore } from './fake-store.ts'

export const aor = 'sip:bob@biloxi.example.com'

export const udp: BindingFlow = {
  id: 'udp 192.0.2.201:5060',
  transport: 'udp',
  local: { host: '192.0.2.1', port: 5060 },
  remote: { host: '192.0.2.201', port: 5060 },
}

export interface Register {
  readonly callId?: string
  readonly cseq?: number
  /** One field each; without: a query. */
  readonly contacts?: readonly string[]
  readonly expires?: string
  /** More header fields, whole lines. */
  readonly headers?: readonly string[]
  readonly aor?: string
  readonly flow?: BindingFlow
  readonly isWebSocket?: boolean
}

/** A registrar with all that it stands on, and phones that talk to it in SIP. */
export function setUp(options: Partial<RegistrarOptions> = {}) {
  const clock = new FakeClock(Date.UTC(2010, 10, 13, 23, 29, 0))
  const store = new FakeStore()
  const events: string[] = []
  const location = new MemoryLocation({
    clock,
    store,
    onAdded: binding => events.push(`added ${binding.contact}`),
    onRemoved: (binding, why) => events.push(`${why} ${binding.contact}`),
    onError: error => events.push(String(error)),
  })
  const registrar = new Registrar({ location, clock, ...options })
  let cseq = 0

  const send = (text: string, source: Register = {}): RegisterResult => {
    const { flow = udp, isWebSocket = false } = source
    return registrar.register(parse(text), { aor: source.aor ?? aor, flow, isWebSocket }) as RegisterResult
  }
  /** Status and Contact fields of the answer. */
  const register = (wish: Register = {}): { status: number; reason?: string; contacts: string[] } => {
    const { status, reason, headers } = send(registerText({ cseq: ++cseq, ...wish }), wish)
    return { status, reason, contacts: headers.filter(([name]) => name === 'Contact').map(([, value]) => value) }
  }
  return { clock, store, location, registrar, events, send, register }
}

export function registerText({ callId = 'a84b4c76e66710', cseq = 1, contacts = [], expires, headers = [] }: Register) {
  const lines = [
    'REGISTER sip:biloxi.example.com SIP/2.0',
    'Via: SIP/2.0/UDP 192.0.2.201:5060;branch=z9hG4bKnashds7',
    'From: <sip:bob@biloxi.example.com>;tag=a73kszlfl',
    'To: <sip:bob@biloxi.example.com>',
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} REGISTER`,
    ...contacts.map(contact => `Contact: ${contact}`),
    ...(expires === undefined ? [] : [`Expires: ${expires}`]),
    ...headers,
    'Content-Length: 0',
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}

export const parse = (text: string): Request => parseMessage(text) as Request

/** The response on the wire, as the edge makes it. */
export const responseText = (request: string, { status, reason, headers }: RegisterResult): string =>
  createResponse(parse(request), status, { reason, headers, toTag: '37GkEhwl6' })
