import { createHash } from 'node:crypto'
import type { Server } from 'node:http'
import { WebSocketServer, type WebSocket } from 'ws'
import { header, newBranch, newToken, readSip, uriOf, type SipText } from './sip-text.ts'

/** How the server answers an INVITE: final status, ringing before it, and whether the answer waits for `answer()`. */
export interface Script {
  readonly status: number
  readonly reason: string
  readonly isRinging?: boolean
  /** Ring on until `answer()` is called. */
  readonly isPatient?: boolean
}

export interface FakeSipServerOptions {
  /** The one account, its password, and the realm it lives in. */
  readonly user: string
  readonly password: string
  readonly realm: string
  /** By the user part of the Request-URI; whoever is not in it answers at once. */
  readonly scripts: Readonly<Record<string, Script>>
}

const answered: Script = { status: 200, reason: 'OK', isRinging: true }
/** Nobody listens here: media is not this server's business, and a browser needs many seconds to give up on it. */
const deadPort = 9

/**
 * The server side of a softphone page, small enough to be wrong in nothing: registers one account by digest, answers
 * calls by script, and calls back. Keeps every message it gets.
 */
export class FakeSipServer {
  readonly received: SipText[] = []
  readonly #options: FakeSipServerOptions
  readonly #server: WebSocketServer
  /** Flow and contact of the last registration. */
  #flow: WebSocket | undefined
  #contact: string | undefined
  #waiting: (() => void) | undefined
  #isRefusing = false

  constructor(http: Server, path: string, options: FakeSipServerOptions) {
    this.#options = options
    this.#server = new WebSocketServer({ noServer: true, handleProtocols: () => 'sip' })
    http.on('upgrade', (request, socket, head) => {
      if (request.url !== path || this.#isRefusing) return void socket.destroy()
      this.#server.handleUpgrade(request, socket, head, flow => this.#listen(flow))
    })
  }

  get isRegistered(): boolean {
    return this.#contact !== undefined
  }

  get connections(): number {
    return this.#server.clients.size
  }

  /** Requests of one method, oldest first. */
  requests(method: string): SipText[] {
    return this.received.filter(message => message.method === method)
  }

  /** Cuts every connection; new ones are refused until `comeBack`. */
  goAway(): void {
    this.#isRefusing = true
    for (const flow of this.#server.clients) flow.terminate()
  }

  comeBack(): void {
    this.#isRefusing = false
  }

  /** Answers the call that rings patiently. */
  answer(): void {
    this.#waiting?.()
    this.#waiting = undefined
  }

  /** Calls the registered page; the page's responses are in `received`. */
  invite(caller: string): OutgoingInvite {
    return new OutgoingInvite(this.#flow!, this.#contact!, caller)
  }

  /** Forgets what it knew: the next page begins anew. */
  reset(): void {
    this.received.length = 0
    this.#contact = undefined
  }

  close(): void {
    for (const flow of this.#server.clients) flow.terminate()
    this.#server.close()
  }

  #listen(flow: WebSocket): void {
    flow.on('message', (data: Buffer) => {
      const message = readSip(data.toString('utf8'))
      this.received.push(message)
      if (message.method === 'REGISTER') this.#register(flow, message)
      else if (message.method === 'INVITE') this.#play(flow, message)
      else if (message.method === 'CANCEL') this.#cancel(flow, message)
      else if (message.method && message.method !== 'ACK') flow.send(response(message, 200, 'OK'))
    })
  }

  #register(flow: WebSocket, request: SipText): void {
    if (!this.#isAuthorized(request)) {
      const challenge = `WWW-Authenticate: Digest realm="${this.#options.realm}", nonce="${newToken()}", algorithm=MD5`
      flow.send(response(request, 401, 'Unauthorized', { headers: [challenge] }))
      return
    }
    const contact = header(request, 'contact')!
    const isLeaving =
      /expires=0|^0$/.test(`${contact}${header(request, 'expires') ?? ''}`) && contact.includes('expires=0')
    this.#contact = isLeaving ? undefined : uriOf(contact)
    this.#flow = flow
    flow.send(
      response(request, 200, 'OK', {
        headers: isLeaving ? [] : [`Contact: ${contact.replace(/;expires=\d+/, '')};expires=600`],
      }),
    )
  }

  #isAuthorized(request: SipText): boolean {
    const { user, password, realm } = this.#options
    const authorization = header(request, 'authorization') ?? ''
    const [, nonce] = /nonce="([^"]*)"/.exec(authorization) ?? []
    const [, uri] = /uri="([^"]*)"/.exec(authorization) ?? []
    const expected = md5(`${md5(`${user}:${realm}:${password}`)}:${nonce}:${md5(`REGISTER:${uri}`)}`)
    return authorization.includes(`username="${user}"`) && authorization.includes(`response="${expected}"`)
  }

  #play(flow: WebSocket, invite: SipText): void {
    const [, user = ''] = /^sip:([^@]*)@/.exec(invite.uri ?? '') ?? []
    const { status, reason, isRinging, isPatient } = this.#options.scripts[user] ?? answered
    const tag = newToken()
    flow.send(response(invite, 100, 'Trying'))
    if (isRinging) flow.send(response(invite, 180, 'Ringing', { tag }))
    const finish = () => {
      const sdp = status === 200 ? sessionDescription('passive') : undefined
      flow.send(response(invite, status, reason, { tag, sdp }))
    }
    if (isPatient) this.#waiting = finish
    else finish()
  }

  #cancel(flow: WebSocket, cancel: SipText): void {
    this.#waiting = undefined
    const invite = this.requests('INVITE').findLast(each => header(each, 'call-id') === header(cancel, 'call-id'))!
    flow.send(response(cancel, 200, 'OK'))
    flow.send(response(invite, 487, 'Request Terminated', { tag: newToken() }))
  }
}

/** A call from the server to the page. */
class OutgoingInvite {
  readonly callId = newToken()
  readonly #flow: WebSocket
  readonly #contact: string
  readonly #from: string
  readonly #via = `Via: SIP/2.0/WS fake.invalid;branch=${newBranch()}`
  #to: string
  #final: SipText | undefined

  constructor(flow: WebSocket, contact: string, caller: string) {
    this.#flow = flow
    this.#contact = contact
    this.#from = `${caller};tag=${newToken()}`
    this.#to = `<${contact}>`
    flow.on('message', this.#onMessage)
    this.#send('INVITE', 1, this.#via, [`Contact: <sip:fake@fake.invalid;transport=ws>`], sessionDescription('actpass'))
  }

  /** Status of the page's final response; undefined while it rings. */
  get status(): number | undefined {
    return this.#final?.status
  }

  cancel(): void {
    this.#send('CANCEL', 1, this.#via)
  }

  bye(): void {
    this.#send('BYE', 2, `Via: SIP/2.0/WS fake.invalid;branch=${newBranch()}`)
  }

  readonly #onMessage = (data: Buffer): void => {
    const message = readSip(data.toString('utf8'))
    const isMine = header(message, 'call-id') === this.callId && header(message, 'cseq') === '1 INVITE'
    if (!isMine || message.status === undefined || message.status < 200) return
    this.#final = message
    this.#to = header(message, 'to')!
    const isAccepted = message.status < 300
    this.#send('ACK', 1, isAccepted ? `Via: SIP/2.0/WS fake.invalid;branch=${newBranch()}` : this.#via)
  }

  #send(method: string, cseq: number, via: string, headers: readonly string[] = [], sdp = ''): void {
    const lines = [
      `${method} ${this.#contact} SIP/2.0`,
      via,
      'Max-Forwards: 70',
      `From: ${this.#from}`,
      `To: ${this.#to}`,
      `Call-ID: ${this.callId}`,
      `CSeq: ${cseq} ${method}`,
      ...headers,
      ...(sdp ? ['Content-Type: application/sdp'] : []),
      `Content-Length: ${sdp.length}`,
    ]
    this.#flow.send(`${lines.join('\r\n')}\r\n\r\n${sdp}`)
  }
}

interface ResponseParts {
  readonly headers?: readonly string[]
  readonly tag?: string
  readonly sdp?: string
}

function response(
  request: SipText,
  status: number,
  reason: string,
  { headers = [], tag, sdp = '' }: ResponseParts = {},
): string {
  const copied = request.headers
  const lines = [
    `SIP/2.0 ${status} ${reason}`,
    ...copied['via']!.map(value => `Via: ${value}`),
    `From: ${copied['from']![0]}`,
    `To: ${copied['to']![0]}${status > 100 && !copied['to']![0]!.includes(';tag=') ? `;tag=${tag ?? newToken()}` : ''}`,
    `Call-ID: ${copied['call-id']![0]}`,
    `CSeq: ${copied['cseq']![0]}`,
    ...(sdp || status === 180 ? ['Contact: <sip:fake@fake.invalid;transport=ws>'] : []),
    ...headers,
    ...(sdp ? ['Content-Type: application/sdp'] : []),
    `Content-Length: ${sdp.length}`,
  ]
  return `${lines.join('\r\n')}\r\n\r\n${sdp}`
}

/** Audio for a browser, with keys that fit nothing: enough for a session, not for sound. */
function sessionDescription(setup: 'actpass' | 'passive'): string {
  return [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=group:BUNDLE 0',
    'a=ice-lite',
    `m=audio ${deadPort} UDP/TLS/RTP/SAVPF 0 126`,
    'c=IN IP4 127.0.0.1',
    'a=mid:0',
    'a=sendrecv',
    'a=rtcp-mux',
    'a=ice-ufrag:fake',
    'a=ice-pwd:fakefakefakefakefakefake',
    `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => 'AB').join(':')}`,
    `a=setup:${setup}`,
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:126 telephone-event/8000',
    `a=candidate:1 1 udp 2130706431 127.0.0.1 ${deadPort} typ host`,
    '',
  ].join('\r\n')
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}
