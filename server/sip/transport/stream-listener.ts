import net from 'node:net'
import tls from 'node:tls'
import { plainAddress } from './address.ts'
import type { ConnectionCount } from './connection-count.ts'
import type { Address } from './flow.ts'
import type { FlowOwner } from './flow-owner.ts'
import type { TlsListener } from './listener.ts'
import { StreamFlow } from './stream.ts'

export interface StreamListenerOptions {
  readonly address: Address
  readonly owner: FlowOwner
  readonly count: ConnectionCount
  /** Present: TLS, else TCP. */
  readonly secure?: tls.TlsOptions
  accepted(flow: StreamFlow): void
}

/** Accepts TCP or TLS connections at one address. */
export class StreamListener implements TlsListener {
  readonly transport: 'tcp' | 'tls'
  readonly address: Address
  readonly #server: net.Server
  /** Every socket, also those whose TLS handshake goes on and which are no flow yet. */
  readonly #sockets: Set<net.Socket>
  #closing: Promise<void> | undefined

  private constructor(transport: 'tcp' | 'tls', server: net.Server, sockets: Set<net.Socket>) {
    this.transport = transport
    this.#server = server
    this.#sockets = sockets
    const { address, port } = server.address() as net.AddressInfo
    this.address = { host: address, port }
  }

  /** Rejects with the error of the system when the address cannot be had. */
  static async open(options: StreamListenerOptions): Promise<StreamListener> {
    const { address, owner, secure } = options
    const accept = (socket: net.Socket): void => {
      // A peer may be gone between its handshake and here.
      if (!socket.destroyed) options.accepted(new StreamFlow(secure ? 'tls' : 'tcp', socket, owner))
    }
    const server = secure ? tlsServer(secure, owner, accept) : net.createServer(accept)
    // Counted before any handshake, which costs far more than the connection.
    const sockets = new Set<net.Socket>()
    server.prependListener('connection', (socket: net.Socket) => admit(socket, options.count, sockets))
    server.listen({ host: address.host, port: address.port, ipv6Only: true })
    await new Promise<void>((resolve, reject) => {
      server.once('listening', resolve)
      server.once('error', reject)
    })
    server.on('error', (error: Error) => owner.log.error({ err: error, address }, 'listener failed'))
    return new StreamListener(secure ? 'tls' : 'tcp', server, sockets)
  }

  setSecureContext(context: tls.SecureContextOptions): void {
    if (!(this.#server instanceof tls.Server)) throw new TypeError('Not a TLS listener')
    this.#server.setSecureContext(context)
  }

  get isOpen(): boolean {
    return this.#closing === undefined
  }

  close(): Promise<void> {
    // The callback of close() waits for every connection to end; listening has stopped when close() returns.
    this.#closing ??= new Promise(resolve => {
      this.#server.close()
      resolve()
    })
    return this.#closing
  }

  /** Ends whatever is still connected, handshakes included: the last thing at shutdown. */
  destroySockets(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}

function tlsServer(secure: tls.TlsOptions, owner: FlowOwner, accept: (socket: net.Socket) => void): tls.Server {
  // Node knows no handshake without limit; its own default is two minutes.
  const { messageTimeoutMs } = owner.limits
  const handshakeTimeout = Number.isFinite(messageTimeoutMs) ? messageTimeoutMs : 120_000
  const server = tls.createServer({ minVersion: 'TLSv1.2', ...secure, handshakeTimeout }, accept)
  server.on('tlsClientError', (error, socket) => {
    owner.log.debug({ host: socket.remoteAddress, err: error.message }, 'TLS handshake failed')
    socket.destroy()
  })
  return server
}

function admit(socket: net.Socket, count: ConnectionCount, sockets: Set<net.Socket>): void {
  const release = count.admit(plainAddress(socket.remoteAddress ?? ''))
  if (!release) {
    socket.destroy()
    return
  }
  sockets.add(socket)
  socket.once('close', () => {
    release()
    sockets.delete(socket)
  })
}
