import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { WebSocketServer, type WebSocket } from 'ws'
import { randomId } from '../../lib/ids.ts'
import type { Timer } from '../../lib/clock.ts'
import { parseMessage } from '../message/parse.ts'
import { plainAddress } from './address.ts'
import type { ConnectionCount } from './connection-count.ts'
import type { Address, Flow } from './flow.ts'
import { graceMs, noTimer, timerFor, type FlowOwner } from './flow-owner.ts'

/** RFC 7118 §4: the sub-protocol both sides must name. */
const subProtocol = 'sip'
/** Close codes of RFC 6455 §7.4.1. */
const goingAway = 1001
/** Bytes that the reason of a close frame may have (RFC 6455 §5.5). */
const maxReasonBytes = 123
/** Pings without answer that end a connection. */
const maxMissedPongs = 2

const asciiOnly = /^[\0-\x7f]*$/

export interface WebSocketOptions {
  readonly owner: FlowOwner
  readonly count: ConnectionCount
  /** May pages of this origin connect? `undefined` is a client that is no browser. Default: everyone. */
  readonly allowOrigin?: (origin: string | undefined) => boolean
  readonly accepted: (flow: WebSocketFlow) => void
}

/** Takes over the upgrades of an HTTP server: SIP over ws and wss (RFC 7118). */
export class WebSocketAcceptor {
  readonly #options: WebSocketOptions
  readonly #server: WebSocketServer

  constructor(options: WebSocketOptions) {
    this.#options = options
    const { messageBytes } = options.owner.limits
    this.#server = new WebSocketServer({
      noServer: true,
      // 240 KB a connection with it (RFC 7118 leaves it open), and compression beside secrets leaks them.
      perMessageDeflate: false,
      clientTracking: false,
      // Room above the limit, so that a message a bit too large gets its 513; what is far too large gets close code 1009.
      maxPayload: Number.isFinite(messageBytes) ? messageBytes * 2 : 0,
      handleProtocols: () => subProtocol,
    })
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { allowOrigin, count, owner, accepted } = this.#options
    if (!offersSip(request)) {
      refuse(socket, 400, 'Sub-protocol sip required')
      return
    }
    if (allowOrigin && !allowOrigin(request.headers.origin)) {
      refuse(socket, 403, 'Origin not allowed')
      return
    }
    const release = count.admit(plainAddress(request.socket.remoteAddress ?? ''))
    if (!release) {
      refuse(socket, 503, 'Too many connections')
      return
    }
    socket.once('close', release)
    this.#server.handleUpgrade(request, socket, head, ws => accepted(new WebSocketFlow(ws, request, owner)))
  }
}

const offersSip = (request: IncomingMessage): boolean =>
  (request.headers['sec-websocket-protocol'] ?? '').split(',').some(name => name.trim() === subProtocol)

const statusTexts: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  503: 'Service Unavailable',
}

/** Says no in HTTP and hangs up. */
export function refuse(socket: Duplex, status: number, why: string): void {
  // The peer may be gone already; there is nobody to tell.
  socket.on('error', () => socket.destroy())
  socket.once('finish', () => socket.destroy())
  socket.end(
    `HTTP/1.1 ${status} ${statusTexts[status] ?? ''}\r\nConnection: close\r\nContent-Type: text/plain\r\n` +
      `Content-Length: ${why.length}\r\n\r\n${why}`,
  )
}

/** One browser's WebSocket. */
export class WebSocketFlow implements Flow {
  readonly id: string
  readonly transport: 'ws' | 'wss'
  readonly reliable = true
  readonly local: Address
  readonly remote: Address

  readonly #ws: WebSocket
  readonly #owner: FlowOwner
  #isOpen = true
  #why = 'closed by peer'
  #missedPongs = 0
  #timer: Timer = noTimer

  constructor(ws: WebSocket, request: IncomingMessage, owner: FlowOwner) {
    const { socket } = request
    this.transport = socket instanceof TLSSocket ? 'wss' : 'ws'
    this.id = `${this.transport}/${randomId(8)}`
    this.local = { host: plainAddress(socket.localAddress ?? ''), port: socket.localPort ?? 0 }
    this.remote = { host: plainAddress(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 }
    this.#ws = ws
    this.#owner = owner
    ws.on('message', (data: Buffer) => this.#receive(data))
    ws.on('pong', () => (this.#missedPongs = 0))
    ws.on('error', error => (this.#why = error.message))
    ws.once('close', code => this.#ended(code))
    this.#armPing()
  }

  get isOpen(): boolean {
    return this.#isOpen && this.#ws.readyState === this.#ws.OPEN
  }

  send(text: string, failed?: (error: Error) => void): void {
    if (!this.isOpen) {
      if (failed) queueMicrotask(() => failed(new Error(`Flow Closed: ${this.#why}`)))
      return
    }
    if (this.#ws.bufferedAmount + text.length > this.#owner.limits.sendBufferBytes) {
      this.#destroy('peer does not read')
      if (failed) queueMicrotask(() => failed(new Error('Send Buffer Full')))
      return
    }
    const done = failed && ((error?: Error | null) => error && failed(error))
    if (asciiOnly.test(text)) this.#ws.send(text, done)
    else {
      // Our text is a view of bytes: they go as they are, as text where they are text (RFC 7118 §4.2).
      const bytes = Buffer.from(text, 'latin1')
      this.#ws.send(bytes, { binary: !isUtf8(bytes) }, done)
    }
  }

  close(why = 'closed'): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#why = why
    this.#ws.close(goingAway, Buffer.from(why).subarray(0, maxReasonBytes))
    this.#timer.cancel()
    this.#timer = this.#owner.clock.after(graceMs, () => this.#ws.terminate())
  }

  #receive(data: Buffer): void {
    if (!this.#isOpen) return
    this.#missedPongs = 0
    const text = data.toString('latin1')
    if (text === '\r\n\r\n') {
      // Some clients keep alive as on a stream (RFC 5626 §4.4.1), because scripts cannot send pings.
      this.send('\r\n')
      return
    }
    const message = parseMessage(text, this.#owner.limits)
    if (!message) return
    message.source = this.remote
    this.#owner.received(message, this)
  }

  #armPing(): void {
    this.#timer = timerFor(this.#owner.clock, this.#owner.limits.pingIntervalMs, () => this.#ping())
  }

  /** A laptop that was closed sends no FIN: only silence tells. */
  #ping(): void {
    if (this.#missedPongs >= maxMissedPongs) {
      this.#destroy('no pong')
      return
    }
    this.#missedPongs++
    this.#ws.ping(undefined, undefined, () => undefined)
    this.#armPing()
  }

  #destroy(why: string): void {
    this.#isOpen = false
    this.#why = why
    this.#ws.terminate()
  }

  #ended(code: number): void {
    if (this.#isOpen && code !== 1006) this.#why = `${this.#why} (${code})`
    this.#isOpen = false
    this.#timer.cancel()
    this.#owner.closed(this, this.#why)
  }
}
