import dgram from 'node:dgram'
import net from 'node:net'
import { LOOPBACK } from './ports.ts'
import {
  answerChallenge,
  header,
  headerList,
  newBranch,
  newToken,
  readSip,
  uriOf,
  type Credentials,
  type SipText,
} from './sip-text.ts'
import { until } from './until.ts'

/** A bare SIP endpoint: sends any text, keeps what comes. Nothing is retransmitted or answered by itself. */
export class RawSip {
  readonly transport: 'udp' | 'tcp'
  readonly localPort: number
  readonly #send: (text: string) => void
  readonly #close: () => void
  readonly #inbox: SipText[] = []

  private constructor(transport: 'udp' | 'tcp', localPort: number, send: (text: string) => void, close: () => void) {
    this.transport = transport
    this.localPort = localPort
    this.#send = send
    this.#close = close
  }

  static open(transport: 'udp' | 'tcp', serverPort: number): Promise<RawSip> {
    return transport === 'udp' ? RawSip.#openUdp(serverPort) : RawSip.#openTcp(serverPort)
  }

  static #openUdp(serverPort: number): Promise<RawSip> {
    const socket = dgram.createSocket('udp4')
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(0, LOOPBACK, () => {
        const send = (text: string) => socket.send(Buffer.from(text, 'latin1'), serverPort, LOOPBACK)
        const raw = new RawSip('udp', socket.address().port, send, () => socket.close())
        socket.on('message', datagram => raw.#receive(datagram.toString('latin1')))
        resolve(raw)
      })
    })
  }

  static #openTcp(serverPort: number): Promise<RawSip> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(serverPort, LOOPBACK, () => {
        const send = (text: string) => void socket.write(text, 'latin1')
        const raw = new RawSip('tcp', socket.localPort!, send, () => socket.destroy())
        readStream(socket, text => raw.#receive(text))
        resolve(raw)
      })
      socket.once('error', reject)
    })
  }

  /** The sent-by of its Via and the host of its Contact. */
  get address(): string {
    return `${LOOPBACK}:${this.localPort}`
  }

  send(text: string): void {
    this.#send(text)
  }

  /** Takes the first message that fits out of the inbox, waiting for it if need be. */
  async receive(what: string, fits: (message: SipText) => boolean, timeoutMs?: number): Promise<SipText> {
    const index = await until(what, () => 1 + this.#inbox.findIndex(fits), {
      timeoutMs,
      explain: () => `received:\n${this.#inbox.map(message => message.text).join('\n') || 'nothing'}`,
    })
    return this.#inbox.splice(index - 1, 1)[0]!
  }

  /** The final response to a request of this CSeq; provisional ones are dropped. */
  response(callId: string, cseq: string, timeoutMs?: number): Promise<SipText> {
    const isFinal = (message: SipText) =>
      (message.status ?? 0) >= 200 && header(message, 'call-id') === callId && header(message, 'cseq') === cseq
    return this.receive(`a final response to ${cseq}`, isFinal, timeoutMs)
  }

  request(method: string, timeoutMs?: number): Promise<SipText> {
    return this.receive(`a ${method} request`, message => message.method === method, timeoutMs)
  }

  /** Messages that came and nobody took. */
  get unread(): readonly SipText[] {
    return this.#inbox
  }

  close(): void {
    this.#close()
  }

  #receive(text: string): void {
    if (text.trim() !== '') this.#inbox.push(readSip(text))
  }
}

/** Cuts a stream into messages by Content-Length. */
function readStream(socket: net.Socket, onMessage: (text: string) => void): void {
  let unread = ''
  socket.setEncoding('latin1')
  socket.on('error', () => socket.destroy())
  socket.on('data', chunk => {
    unread = (unread + chunk.toString()).replace(/^(\r\n)+/, '')
    for (;;) {
      const headEnd = unread.indexOf('\r\n\r\n')
      if (headEnd < 0) return
      const length = Number(/^(?:content-length|l)\s*:\s*(\d+)/im.exec(unread.slice(0, headEnd))?.[1] ?? 0)
      const end = headEnd + 4 + length
      if (unread.length < end) return
      onMessage(unread.slice(0, end))
      unread = unread.slice(end).replace(/^(\r\n)+/, '')
    }
  })
}

export interface PhoneOptions extends Credentials {
  domain: string
  serverPort: number
  transport?: 'udp' | 'tcp'
}

export interface RequestOptions {
  uri?: string
  /** Header field lines, e.g. `Max-Forwards: 0`; one of the same name replaces the default, `Contact:` alone leaves it out. */
  headers?: readonly string[]
  body?: string
  callId?: string
  cseq?: number
  fromTag?: string
  to?: string
  from?: string
}

/** A phone made of text: registers, calls and answers with the digest of its account, one step a time. */
export class TextPhone {
  readonly raw: RawSip
  readonly user: string
  readonly domain: string
  readonly #credentials: Credentials

  private constructor(raw: RawSip, { user, password, domain }: PhoneOptions) {
    this.raw = raw
    this.user = user
    this.domain = domain
    this.#credentials = { user, password }
  }

  static async open(options: PhoneOptions): Promise<TextPhone> {
    return new TextPhone(await RawSip.open(options.transport ?? 'udp', options.serverPort), options)
  }

  get contact(): string {
    const transport = this.raw.transport === 'tcp' ? ';transport=tcp' : ''
    return `<sip:${this.user}@${this.raw.address}${transport}>`
  }

  /** The text of a request as this phone would send it. */
  compose(method: string, options: RequestOptions = {}): string {
    const { uri = `sip:${this.domain}`, body = '', callId = newToken(), cseq = 1, fromTag = newToken() } = options
    const aor = `<sip:${this.user}@${this.domain}>`
    const from = options.from ?? aor
    const defaults = [
      `Via: SIP/2.0/${this.raw.transport.toUpperCase()} ${this.raw.address};branch=${newBranch()};rport`,
      'Max-Forwards: 70',
      `From: ${from.includes(';tag=') ? from : `${from};tag=${fromTag}`}`,
      `To: ${options.to ?? (method === 'REGISTER' ? aor : `<${uri}>`)}`,
      `Call-ID: ${callId}`,
      `CSeq: ${cseq} ${method}`,
      `Contact: ${this.contact}`,
    ]
    const own = (options.headers ?? []).map(nameOf)
    const lines = [...defaults.filter(line => !own.includes(nameOf(line))), ...(options.headers ?? [])].filter(
      line => !line.endsWith(':'),
    )
    return [`${method} ${uri} SIP/2.0`, ...lines, `Content-Length: ${body.length}`, '', body].join('\r\n')
  }

  /** Sends a request as composed and waits for its final response. No credentials. */
  async send(method: string, options: RequestOptions = {}): Promise<SipText> {
    const callId = options.callId ?? newToken()
    const cseq = options.cseq ?? 1
    this.raw.send(this.compose(method, { ...options, callId, cseq }))
    const response = await this.raw.response(callId, `${cseq} ${method}`)
    if (method === 'INVITE' && response.status! >= 300) this.acknowledgeFailure(response, options.uri)
    return response
  }

  /** Sends a request, answers a challenge, and waits for what comes then. */
  async request(method: string, options: RequestOptions = {}): Promise<SipText> {
    const fixed = { callId: newToken(), fromTag: newToken(), cseq: 1, ...options }
    const first = await this.send(method, fixed)
    const retry = this.withCredentials(first, method, fixed)
    return retry ? this.send(method, retry) : first
  }

  /** The same request with the answer to a 401 or 407, undefined for any other response. */
  withCredentials<T extends RequestOptions>(response: SipText, method: string, options: T): T | undefined {
    const uri = options.uri ?? `sip:${this.domain}`
    const field =
      response.status === 401 ? 'Authorization' : response.status === 407 ? 'Proxy-Authorization' : undefined
    const challenge = headerMd5Challenge(response)
    if (!field || !challenge) return undefined
    const answer = answerChallenge(challenge, this.#credentials, { method, uri })
    return { ...options, cseq: (options.cseq ?? 1) + 1, headers: [...(options.headers ?? []), `${field}: ${answer}`] }
  }

  register(expires = 300): Promise<SipText> {
    return this.request('REGISTER', { headers: [`Expires: ${expires}`] })
  }

  /** ACK of a non-2xx final response (RFC 3261 §17.1.1.3): the transaction's own branch. */
  acknowledgeFailure(response: SipText, uri = `sip:${this.domain}`): void {
    const copy = (name: string) => header(response, name) ?? ''
    const lines = [
      `ACK ${uri} SIP/2.0`,
      `Via: ${copy('via').replace(/;(received|rport)(=[^;]*)?/g, '')};rport`,
      'Max-Forwards: 70',
      `From: ${copy('from')}`,
      `To: ${copy('to')}`,
      `Call-ID: ${copy('call-id')}`,
      `CSeq: ${parseInt(copy('cseq'))} ACK`,
      'Content-Length: 0',
    ]
    this.raw.send([...lines, '', ''].join('\r\n'))
  }

  /** Answers a request that came. */
  answer(
    request: SipText,
    status: number,
    reason: string,
    { tag, body = '' }: { tag?: string; body?: string } = {},
  ): void {
    const to = header(request, 'to') ?? ''
    const lines = [
      `SIP/2.0 ${status} ${reason}`,
      ...(request.headers.via ?? []).map(value => `Via: ${value}`),
      ...(request.headers['record-route'] ?? []).map(value => `Record-Route: ${value}`),
      `From: ${header(request, 'from')}`,
      `To: ${to}${tag && !to.includes(';tag=') ? `;tag=${tag}` : ''}`,
      `Call-ID: ${header(request, 'call-id')}`,
      `CSeq: ${header(request, 'cseq')}`,
      `Contact: ${this.contact}`,
      ...(body ? ['Content-Type: application/sdp'] : []),
      `Content-Length: ${body.length}`,
    ]
    this.raw.send([...lines, '', body].join('\r\n'))
  }

  /** What in-dialog requests of the caller need, from the 2xx: request target and Route fields (RFC 3261 §12.1.2). */
  static dialogOf(response: SipText): { uri: string; to: string; from: string; headers: string[]; callId: string } {
    return {
      uri: uriOf(header(response, 'contact') ?? ''),
      to: header(response, 'to') ?? '',
      from: header(response, 'from') ?? '',
      callId: header(response, 'call-id') ?? '',
      headers: headerList(response, 'record-route')
        .reverse()
        .map(value => `Route: ${value}`),
    }
  }

  close(): void {
    this.raw.close()
  }
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf(':')).trim().toLowerCase()
}

function headerMd5Challenge(response: SipText): string | undefined {
  const challenges = [
    ...(response.headers['www-authenticate'] ?? []),
    ...(response.headers['proxy-authenticate'] ?? []),
  ]
  return challenges.find(value => !/algorithm="?(?!MD5\b)/i.test(value))
}
