import { createHash } from 'node:crypto'
import type { Subscriber } from '../../server/accounts/subscriber.ts'
import { Advertised } from '../../server/edge/advertised.ts'
import { Edge } from '../../server/edge/edge.ts'
import { Home } from '../../server/edge/home.ts'
import { RouteTokens } from '../../server/edge/route-token.ts'
import type { Destination } from '../../server/edge/inbound.ts'
import { silentLog } from '../../server/lib/log.ts'
import type { Engines } from '../../server/media/engines.ts'
import { MemoryLocation } from '../../server/registrar/memory-location.ts'
import { Registrar } from '../../server/registrar/registrar.ts'
import { Nonces } from '../../server/sip/digest/nonces.ts'
import { hashPassword } from '../../server/sip/digest/ha1.ts'
import { Request, Response } from '../../server/sip/message/message.ts'
import { parseMessage } from '../../server/sip/message/parse.ts'
import { TransactionLayer } from '../../server/sip/transaction/transaction-layer.ts'
import type { Address, Flow, Transport } from '../../server/sip/transport/flow.ts'
import { FakeClock } from './fake-clock.ts'
import { wire } from './wire.ts'

/** A peer of the edge under test: what it was sent, and a way to send. */
export class Peer implements Flow {
  readonly id: string
  readonly transport: Transport
  readonly local: Address
  readonly remote: Address
  isOpen = true
  readonly received: (Request | Response)[] = []
  readonly #lab: EdgeLab

  constructor(lab: EdgeLab, transport: Transport, remote: Address) {
    this.#lab = lab
    this.transport = transport
    this.local = { host: '192.0.2.1', port: transport === 'ws' ? 8080 : 5060 }
    this.remote = remote
    this.id = `${transport}:${remote.host}:${remote.port}`
  }

  get reliable(): boolean {
    return this.transport !== 'udp'
  }

  /** The edge sends. */
  send(text: string, failed?: (error: Error) => void): void {
    if (this.isOpen) this.received.push(parseMessage(text)!)
    else failed?.(new Error('closed'))
  }

  /** The connection breaks, as the transport tells the edge. */
  close(): void {
    this.isOpen = false
    this.#lab.edge.flowClosed(this)
  }

  /** The peer sends; what came before it is forgotten. */
  async says(text: string): Promise<void> {
    this.received.length = 0
    const message = parseMessage(text.includes('\r\n') ? text : wire(text))!
    message.source = this.remote
    this.#lab.edge.receive(message, this)
    await settle()
  }

  /** The last message that came, as a request. */
  get request(): Request {
    const last = this.received.findLast(message => message instanceof Request)
    if (!last) throw new Error(`${this.id} got no request`)
    return last
  }

  get response(): Response {
    const last = this.received.findLast(message => message instanceof Response)
    if (!last) throw new Error(`${this.id} got no response`)
    return last
  }

  get statuses(): number[] {
    return this.received.flatMap(message => (message instanceof Response ? [message.status] : []))
  }

  get methods(): string[] {
    return this.received.flatMap(message => (message instanceof Request ? [message.method] : []))
  }

  /** Answers the last request of this method, as a UAS does. */
  async answers(status: number, options: { tag?: string; method?: string; headers?: string[]; body?: string } = {}) {
    const { tag = this.id.replace(/\W/g, ''), method, headers = [], body = '' } = options
    const asked = this.received.findLast(
      (message): message is Request => message instanceof Request && (!method || message.method === method),
    )!
    const copy = (name: string, title: string) => asked.headers(name).map(value => `${title}: ${value}`)
    const to = asked.to.tag === undefined && status > 100 ? `${asked.header('to')!};tag=${tag}` : asked.header('to')!
    const lines = [
      `SIP/2.0 ${status} Said`,
      ...copy('via', 'Via'),
      ...copy('record-route', 'Record-Route'),
      `From: ${asked.header('from')!}`,
      `To: ${to}`,
      `Call-ID: ${asked.callId}`,
      `CSeq: ${asked.header('cseq')!}`,
      `Contact: <sip:${tag}@${this.remote.host}:${this.remote.port}>`,
      ...headers,
      ...(body ? ['Content-Type: application/sdp'] : []),
      `Content-Length: ${body.length}`,
    ]
    const text = `${lines.join('\r\n')}\r\n\r\n${body}`
    const message = parseMessage(text)!
    this.#lab.edge.receive(message, this)
    await settle()
  }
}

/** Lets promises that wait for nothing outside run to their end. */
export const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

export interface LabOptions {
  engines?: Engines
  acceptOutside?: boolean
  nextHops?: (lab: EdgeLab) => readonly Destination[]
}

/** The edge with everything real but sockets, disk and time. Accounts 1001, 1002 and 1003 at example.com, password `secret`. */
export class EdgeLab {
  readonly clock: FakeClock
  readonly transactions: TransactionLayer
  readonly peers: Peer[] = []
  /** What the edge logged as errors. */
  readonly errors: string[] = []
  readonly edge: Edge
  readonly home = new Home({ domain: 'example.com', names: ['192.0.2.1'], ports: () => [5060, 8080] })
  readonly location: MemoryLocation
  #cseq = 0

  private constructor(options: LabOptions, clock: FakeClock, location: MemoryLocation) {
    this.clock = clock
    const transactions = (this.transactions = new TransactionLayer({ clock }))
    const { home } = this
    this.location = location
    const subscribers = new Map(['1001', '1002', '1003'].map(name => [name, subscriber(name)]))
    this.edge = new Edge({
      clock,
      log: { ...silentLog, error: (_, text) => this.errors.push(text) },
      home,
      transactions,
      location,
      subscribers: { find: (name, domain) => (domain === 'example.com' ? subscribers.get(name) : undefined) },
      registrar: new Registrar({ location, clock }),
      digest: {
        nonces: new Nonces({ clock, secret: Buffer.alloc(32, 1) }),
        algorithms: ['SHA-256', 'MD5'],
        allowWithoutQop: false,
      },
      acceptOutside: options.acceptOutside ?? true,
      tokens: new RouteTokens(Buffer.alloc(32, 2)),
      findFlow: ref => this.peers.find(peer => peer.id === ref.id),
      bindingById: id => location.byId(id),
      nextHops: (_, allowed) =>
        Promise.resolve((options.nextHops?.(this) ?? []).filter(({ flow }) => allowed(flow.remote.host))),
      serviceNumbers: new Map(),
      advertised: new Advertised({
        networks: [{ address: '192.0.2.1', cidr: '192.0.2.0/24' }],
        ports: () => [5060, 8080],
      }),
      responseFlow: (_, flow) => flow,
      engines: options.engines,
    })
  }

  static async create(options: LabOptions = {}): Promise<EdgeLab> {
    const clock = new FakeClock()
    const store = { load: () => Promise.resolve([]), apply: () => undefined }
    const location = new MemoryLocation({ store, clock })
    await location.start()
    return new EdgeLab(options, clock, location)
  }

  peer(transport: Transport, host: string, port = 5060): Peer {
    const peer = new Peer(this, transport, { host, port })
    this.peers.push(peer)
    return peer
  }

  /** A peer with a registration. */
  async phone(user: string, transport: Transport, host: string, q?: string): Promise<Peer> {
    const peer = this.peer(transport, host)
    const contact = `<sip:${user}@${transport === 'ws' ? 'x.invalid;transport=ws' : host}>${q ? `;q=${q}` : ''}`
    await this.send(peer, 'REGISTER', { to: user, from: user, uri: 'sip:example.com', lines: [`Contact: ${contact}`] })
    if (peer.response.status !== 200) throw new Error(`not registered: ${peer.response.text}`)
    peer.received.length = 0
    return peer
  }

  /** Sends a request of an account, and again with credentials when it is challenged. */
  async send(
    peer: Peer,
    method: string,
    options: { from: string; to: string; uri?: string; lines?: string[]; body?: string; callId?: string },
  ): Promise<string> {
    const { from, to, uri = `sip:${to}@example.com`, lines = [], body = '' } = options
    const callId = options.callId ?? `call-${from}-${++this.#cseq}`
    const build = (more: string[]) => {
      const cseq = ++this.#cseq
      return [
        `${method} ${uri} SIP/2.0`,
        `Via: SIP/2.0/${peer.transport.toUpperCase()} ${peer.remote.host}:${peer.remote.port};branch=z9hG4bKpeer${cseq};rport`,
        'Max-Forwards: 70',
        `From: <sip:${from}@example.com>;tag=from${from}`,
        `To: <sip:${to}@example.com>`,
        `Call-ID: ${callId}`,
        `CSeq: ${cseq} ${method}`,
        ...(method === 'REGISTER' ? [] : [`Contact: <sip:${from}@${peer.remote.host}:${peer.remote.port}>`]),
        ...lines,
        ...more,
        ...(body ? ['Content-Type: application/sdp'] : []),
        `Content-Length: ${body.length}`,
        '',
        body,
      ].join('\r\n')
    }
    await peer.says(build([]))
    const [status] = peer.statuses
    if (status === 401 || status === 407) await peer.says(build([credentials(peer.response, from, method, uri)]))
    return callId
  }

  /** Everything that has to be over: no transaction, no timer. */
  drain(): { transactions: number } {
    this.clock.advance(600_000)
    return { transactions: this.transactions.size }
  }
}

function subscriber(username: string): Subscriber {
  return {
    username,
    domain: 'example.com',
    ...hashPassword(username, 'example.com', 'secret'),
    enabled: true,
    createdAt: 0,
  }
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

/** Authorization or Proxy-Authorization line for the MD5 challenge of a 401 or 407. */
export function credentials(
  challenge: Response,
  user: string,
  method: string,
  uri: string,
  password = 'secret',
): string {
  const name = challenge.status === 401 ? 'www-authenticate' : 'proxy-authenticate'
  const value = challenge.headers(name).find(text => text.includes('MD5'))!
  const realm = /realm="([^"]*)"/.exec(value)![1]!
  const nonce = /nonce="([^"]*)"/.exec(value)![1]!
  const ha1 = md5(`${user}:${realm}:${password}`)
  const response = md5(`${ha1}:${nonce}:00000001:abc:auth:${md5(`${method}:${uri}`)}`)
  const field = challenge.status === 401 ? 'Authorization' : 'Proxy-Authorization'
  return (
    `${field}: Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", ` +
    `response="${response}", algorithm=MD5, cnonce="abc", qop=auth, nc=00000001`
  )
}
