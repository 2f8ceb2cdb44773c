import type net from 'node:net'
import { randomId } from '../../lib/ids.ts'
import type { Timer } from '../../lib/clock.ts'
import { plainAddress } from './address.ts'
import type { Address, Flow } from './flow.ts'
import { graceMs, noTimer, timerFor, type FlowOwner } from './flow-owner.ts'
import { StreamFraming, type Framed } from './stream-framing.ts'

/** TCP's own probes find a peer that vanished while nothing was to be sent. */
const tcpKeepAliveMs = 60_000

/** A TCP or TLS connection, accepted or opened by us. */
export class StreamFlow implements Flow {
  readonly id: string
  readonly transport: 'tcp' | 'tls'
  readonly reliable = true
  readonly remote: Address

  readonly #socket: net.Socket
  readonly #owner: FlowOwner
  readonly #framing: StreamFraming
  #isOpen = true
  #isConnecting: boolean
  /** Set when no further message can be found in what the peer sends; the answer still goes out. */
  #isDeaf = false
  #why = 'closed by peer'
  /** One at a time: connect, then first message or the rest of one, then the end. */
  #deadline: Timer = noTimer
  #isDeadlineSet = false

  /** `connecting`: an outgoing connection; the caller tells by `connected` when it is through. */
  constructor(transport: 'tcp' | 'tls', socket: net.Socket, owner: FlowOwner, connecting?: Address) {
    this.id = `${transport}/${randomId(8)}`
    this.transport = transport
    this.remote = connecting ?? { host: plainAddress(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 }
    this.#socket = socket
    this.#owner = owner
    this.#framing = new StreamFraming(owner.limits)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, tcpKeepAliveMs)
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('error', error => (this.#why = error.message))
    socket.once('end', () => this.close('closed by peer'))
    socket.once('close', () => this.#ended())
    this.#isConnecting = connecting !== undefined
    if (connecting) {
      // Nothing is written before we know who is there: TLS would send it before the certificate is looked at.
      socket.cork()
      this.#setDeadline(owner.limits.connectTimeoutMs, 'connect timed out')
    } else this.#setDeadline(owner.limits.messageTimeoutMs, 'no message in time')
  }

  /** Empty until an outgoing connection is through. */
  get local(): Address {
    return { host: plainAddress(this.#socket.localAddress ?? ''), port: this.#socket.localPort ?? 0 }
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** The outgoing connection is there, and for TLS the peer is who it should be. */
  connected(): void {
    this.#isConnecting = false
    this.#clearDeadline()
    this.#socket.uncork()
  }

  send(text: string, failed?: (error: Error) => void): void {
    if (!this.#isOpen) {
      if (failed) queueMicrotask(() => failed(new Error(`Flow Closed: ${this.#why}`)))
      return
    }
    if (this.#socket.writableLength + text.length > this.#owner.limits.sendBufferBytes) {
      this.#destroy('peer does not read')
      if (failed) queueMicrotask(() => failed(new Error('Send Buffer Full')))
      return
    }
    this.#socket.write(text, 'latin1', failed && (error => error && failed(error)))
  }

  close(why = 'closed'): void {
    if (!this.#isOpen) return
    if (this.#isConnecting) {
      this.#destroy(why)
      return
    }
    this.#isOpen = false
    this.#why = why
    // What was sent before still goes out, unless the peer does not take it in time.
    this.#setDeadline(graceMs, why)
    this.#socket.destroySoon()
  }

  #receive(chunk: Buffer): void {
    if (this.#isDeaf) return
    for (const framed of this.#framing.push(chunk.toString('latin1'))) {
      if (!this.#isOpen) return
      if (framed.kind === 'keep-alive') this.send('\r\n')
      else this.#take(framed)
    }
    this.#watch()
  }

  #take(framed: Exclude<Framed, { kind: 'keep-alive' }>): void {
    this.#clearDeadline()
    if (framed.kind === 'broken') this.#goDeaf(framed.error)
    const { message } = framed
    if (message) {
      message.source = this.remote
      this.#owner.received(message, this)
    } else this.#destroy('not SIP')
  }

  /** A message that has begun must come to its end in time: a slow one holds memory (slow loris). */
  #watch(): void {
    if (this.#isOpen && this.#framing.isMidMessage && !this.#isDeadlineSet)
      this.#setDeadline(this.#owner.limits.messageTimeoutMs, 'no message in time')
  }

  /** Reads on only to throw away: a connection that is closed with bytes unread is reset, and the answer lost with it. */
  #goDeaf(error: Error): void {
    this.#isDeaf = true
    this.#setDeadline(graceMs, error.message, () => this.close(error.message))
  }

  #setDeadline(ms: number, why: string, then = () => this.#destroy(why)): void {
    this.#deadline.cancel()
    this.#isDeadlineSet = true
    this.#deadline = timerFor(this.#owner.clock, ms, then)
  }

  #clearDeadline(): void {
    this.#deadline.cancel()
    this.#isDeadlineSet = false
  }

  #destroy(why: string): void {
    this.#isOpen = false
    // As an error it gets to whoever still waits for his send.
    this.#socket.destroy(new Error(why))
  }

  #ended(): void {
    this.#isOpen = false
    this.#clearDeadline()
    this.#owner.closed(this, this.#why)
  }
}
