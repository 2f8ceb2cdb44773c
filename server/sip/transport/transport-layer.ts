import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import type tls from 'node:tls'
import { systemClock, type Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import type { Request, Response } from '../message/message.ts'
import { addressText, isUnicast, listenerTowards } from './address.ts'
import { ConnectionCount } from './connection-count.ts'
import type { Address, Flow, FlowRef, Transport } from './flow.ts'
import type { FlowOwner } from './flow-owner.ts'
import { resolveLimits, type TransportLimits } from './limits.ts'
import type { Listener, TlsListener } from './listener.ts'
import { openStream } from './open-stream.ts'
import { responseAddress } from './response-address.ts'
import type { StreamFlow } from './stream.ts'
import { StreamListener } from './stream-listener.ts'
import { UdpFlow, UdpListener } from './udp.ts'
import { refuse, WebSocketAcceptor, type WebSocketFlow } from './websocket.ts'

export interface TransportEvents {
  /** One message; its `source` is set. A broken request comes with its `defect`, to be answered with it on `flow`. */
  message(message: Request | Response, flow: Flow): void
  /** A connection is gone, for whatever reason; once for each, never for UDP. */
  closed?(flow: Flow, why: string): void
}

export interface TransportLayerOptions {
  readonly events: TransportEvents
  /** Default: `defaultTransportLimits`. */
  readonly limits?: Partial<TransportLimits>
  readonly log: Log
  /** Default: the system's. */
  readonly clock?: Clock
  /** May pages of this origin open a WebSocket? `undefined` is a client that is no browser. Default: everyone. */
  readonly allowOrigin?: (origin: string | undefined) => boolean
  /** For outgoing TLS: authorities, a client certificate. Default: the system's authorities, no certificate. */
  readonly tlsClient?: tls.ConnectionOptions
}

/** A socket address and how to talk there; the host is an IP address. */
export interface ConnectTarget extends Address {
  readonly transport: Transport
  /** TLS: the domain its certificate must be for, and SNI. Default: the address. */
  readonly serverName?: string
}

type Connection = StreamFlow | WebSocketFlow

/** All listeners and flows of this process: messages come up by `events`, go down by `Flow.send`. */
export class TransportLayer {
  readonly #events: TransportEvents
  readonly #log: Log
  readonly #owner: FlowOwner
  readonly #count: ConnectionCount
  readonly #webSockets: WebSocketAcceptor
  readonly #tlsClient: tls.ConnectionOptions
  readonly #listeners: (UdpListener | StreamListener)[] = []
  readonly #connections = new Map<string, Connection>()
  /** Connections that we opened, by where they go; those of others are theirs (RFC 5923 would allow more). */
  readonly #outgoing = new Map<string, StreamFlow>()
  #closing: Promise<void> | undefined
  #idle: (() => void) | undefined

  constructor(options: TransportLayerOptions) {
    const { events, log, clock = systemClock, allowOrigin } = options
    const limits = resolveLimits(options.limits)
    this.#events = events
    this.#log = log
    this.#tlsClient = options.tlsClient ?? {}
    this.#owner = {
      limits,
      clock,
      log,
      received: (message, flow) => this.#received(message, flow),
      closed: (flow, why) => this.#closed(flow, why),
    }
    this.#count = new ConnectionCount(limits, clock, log)
    const accepted = (flow: WebSocketFlow): void => this.#accepted(flow)
    this.#webSockets = new WebSocketAcceptor({ owner: this.#owner, count: this.#count, allowOrigin, accepted })
  }

  get listeners(): readonly Listener[] {
    return this.#listeners.filter(listener => listener.isOpen)
  }

  /** Open connections; UDP has none. */
  get flows(): number {
    return this.#connections.size
  }

  /** Port 0: any free one. Rejects with the system's error, as the others do. */
  async listenUdp(address: Address): Promise<Listener> {
    return this.#listen(await UdpListener.open(address, this.#owner))
  }

  async listenTcp(address: Address): Promise<Listener> {
    return this.#listen(await this.#openStreamListener(address))
  }

  async listenTls(address: Address, secure: tls.TlsOptions): Promise<TlsListener> {
    return this.#listen(await this.#openStreamListener(address, secure))
  }

  /** For the 'upgrade' event of an HTTP server: ws, and behind TLS wss. Refuses with 400, 403 or 503 and an HTTP answer. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#closing) refuse(socket, 503, 'Shutting down')
    else this.#webSockets.handleUpgrade(request, socket, head)
  }

  /**
   * The open flow that was written down. A connection only if it is the very same one; UDP always, from the listener of that
   * address, or when there is none any more from one that can reach the peer.
   */
  find(ref: FlowRef): Flow | undefined {
    if (ref.transport !== 'udp') {
      const connection = this.#connections.get(ref.id)
      return connection?.isOpen ? connection : undefined
    }
    const listeners = this.#udpListeners()
    const same = listeners.find(({ address }) => addressText(address) === addressText(ref.local))
    return this.#udpFlow(same ?? listenerTowards(listeners, ref.remote.host), ref.remote)
  }

  /**
   * A flow to somebody who did not contact us. TCP and TLS reuse the connection we have there or open one, which takes what is
   * sent at once and sends it when it is through. undefined: no such way (ws, no listener of the family, no unicast address,
   * too many connections, shutting down).
   */
  connect(target: ConnectTarget): Flow | undefined {
    const { transport, host, port, serverName } = target
    if (this.#closing || !isUnicast(host) || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined
    if (transport === 'udp') return this.#udpFlow(listenerTowards(this.#udpListeners(), host), { host, port })
    if (transport !== 'tcp' && transport !== 'tls') return undefined
    const key = `${transport}/${addressText({ host, port })}/${serverName?.toLowerCase() ?? ''}`
    const known = this.#outgoing.get(key)
    return known?.isOpen ? known : this.#open({ transport, host, port, serverName }, key)
  }

  /**
   * Where the answer to `request`, which came on `flow`, goes by the RFCs (3261 §18.2.2, 3581 §4): on a connection back on it;
   * over UDP from the same socket to the port of `rport` or of the Via.
   */
  responseFlow(request: Request, flow: Flow): Flow {
    return flow instanceof UdpFlow ? flow.listener.flowTo(responseAddress(request)) : flow
  }

  /** Stops listening, closes every connection, and waits until they are gone: a second at most, for peers that do not answer. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const idle = new Promise<void>(resolve => (this.#idle = resolve))
    await Promise.all(this.#listeners.map(listener => listener.close()))
    for (const connection of this.#connections.values()) connection.close('shutting down')
    if (this.#connections.size) await idle
    for (const listener of this.#listeners) if (listener instanceof StreamListener) listener.destroySockets()
  }

  async #openStreamListener(address: Address, secure?: tls.TlsOptions): Promise<StreamListener> {
    const accepted = (flow: StreamFlow): void => this.#accepted(flow)
    return StreamListener.open({ address, secure, owner: this.#owner, count: this.#count, accepted })
  }

  /** What was opened while the layer closed is closed with it. */
  async #listen<L extends UdpListener | StreamListener>(listener: L): Promise<L> {
    if (this.#closing) {
      await listener.close()
      throw new Error('The transport layer is closed')
    }
    this.#listeners.push(listener)
    this.#log.info({ transport: listener.transport, address: addressText(listener.address) }, 'listening')
    return listener
  }

  #udpListeners(): UdpListener[] {
    return this.#listeners.filter(listener => listener instanceof UdpListener && listener.isOpen) as UdpListener[]
  }

  #udpFlow(listener: UdpListener | undefined, remote: Address): Flow | undefined {
    return listener && isIP(listener.address.host) === isIP(remote.host) ? listener.flowTo(remote) : undefined
  }

  #open(target: ConnectTarget & { transport: 'tcp' | 'tls' }, key: string): StreamFlow | undefined {
    const release = this.#count.admit(target.host)
    if (!release) return undefined
    const flow = openStream(target, this.#owner, this.#tlsClient, () => {
      release()
      if (this.#outgoing.get(key) === flow) this.#outgoing.delete(key)
    })
    this.#outgoing.set(key, flow)
    this.#connections.set(flow.id, flow)
    return flow
  }

  #accepted(flow: Connection): void {
    this.#connections.set(flow.id, flow)
    if (this.#closing) flow.close('shutting down')
  }

  /** A mistake above must not take the connection, or the process, with it. */
  #received(message: Request | Response, flow: Flow): void {
    try {
      this.#events.message(message, flow)
    } catch (error) {
      this.#log.error({ err: error, flow: flow.id }, 'message handler failed')
    }
  }

  #closed(flow: Flow, why: string): void {
    this.#connections.delete(flow.id)
    try {
      this.#events.closed?.(flow, why)
    } catch (error) {
      this.#log.error({ err: error, flow: flow.id }, 'close handler failed')
    }
    if (!this.#connections.size) this.#idle?.()
  }
}
