import { createServer as createHttpServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Log } from '../lib/log.ts'
import type { SocketAddress } from '../lib/socket-address.ts'

export interface HttpServerOptions {
  /** Answers ordinary requests: `createPages(…)`. */
  readonly app: RequestListener
  /** Takes over a WebSocket handshake to `/sip`. Who gets it owns the socket and its limits from then on. */
  readonly onSip: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  readonly log: Log
  /** Open connections per listener; one more is closed at once. 0: no limit. */
  readonly maxConnections: number
}

/** PEM texts. */
export interface TlsIdentity {
  readonly cert: string
  readonly key: string
}

/** Milliseconds. A client that sends its request slower than this has no honest reason to. */
const timeouts = { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 10_000 }
const maxHeaderSize = 16_384

/** The one HTTP(S) port: pages, API, and SIP over ws(s) at `/sip`. Any number of listeners in front of one application. */
export class HttpServer {
  readonly #options: HttpServerOptions
  readonly #servers: Server[] = []
  readonly #tlsServers: HttpsServer[] = []

  constructor(options: HttpServerOptions) {
    this.#options = options
  }

  /** Resolves with the address in use (port 0 becomes a real one). Rejects with the error of `listen`. */
  listenHttp(address: SocketAddress): Promise<SocketAddress> {
    return this.#listen(createHttpServer({ ...timeouts, maxHeaderSize }, this.#options.app), address)
  }

  listenHttps(address: SocketAddress, identity: TlsIdentity): Promise<SocketAddress> {
    const server = createHttpsServer(
      { ...timeouts, maxHeaderSize, ...tlsOptions(identity), handshakeTimeout: 10_000, ALPNProtocols: ['http/1.1'] },
      this.#options.app,
    )
    this.#tlsServers.push(server)
    return this.#listen(server, address)
  }

  /** New connections get the new certificate; those that are open stay. */
  replaceIdentity(identity: TlsIdentity): void {
    for (const server of this.#tlsServers) server.setSecureContext(tlsOptions(identity))
  }

  /**
   * Accepts nothing more and ends what is open. Sockets that were handed over are not ours any more, so it does not wait for
   * them: Node counts them still, and the `close` of its servers would come when the last browser has gone. Idempotent.
   */
  stop(): void {
    for (const server of this.#servers.splice(0)) {
      server.close()
      server.closeAllConnections()
    }
    this.#tlsServers.length = 0
  }

  async #listen(server: Server, { host, port }: SocketAddress): Promise<SocketAddress> {
    if (this.#options.maxConnections > 0) server.maxConnections = this.#options.maxConnections
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade(request, socket, head),
    )
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host, port }, () => {
        server.off('error', reject)
        resolve()
      })
    })
    // Running out of file descriptors shows here; the listener itself lives on.
    server.on('error', error => this.#options.log.error({ err: error }, 'http listener failed'))
    this.#servers.push(server)
    return { host, port: (server.address() as AddressInfo).port }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket'
    if (isWebSocket && request.url?.split('?', 1)[0] === '/sip') this.#options.onSip(request, socket, head)
    else refuse(socket)
  }
}

function tlsOptions({ cert, key }: TlsIdentity): { cert: string; key: string; minVersion: 'TLSv1.2' } {
  return { cert, key, minVersion: 'TLSv1.2' }
}

function refuse(socket: Duplex): void {
  // The client may be gone already; without a listener that would end the process.
  socket.on('error', () => socket.destroy())
  socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
}
