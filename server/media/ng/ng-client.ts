import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { Clock, Timer } from '../../lib/clock.ts'
import { randomId } from '../../lib/ids.ts'
import type { Log } from '../../lib/log.ts'
import { NgError, type NgErrorCode } from './ng-error.ts'
import { parseReply, serializeCommand, type NgDictionary, type NgReply } from './ng-message.ts'

export interface NgClientOptions {
  readonly host: string
  readonly port: number
  readonly clock: Clock
  readonly log: Log
  /** Until a command is sent again; doubled each time. Default 250. */
  readonly retransmitMs?: number
  /** Until a command has failed. Default 3000: far below the 32 s after which a SIP request does. */
  readonly timeoutMs?: number
  /** Commands that may wait for their answer at once. Default 4096. */
  readonly maxPending?: number
}

/** Largest payload of a UDP datagram. */
const maxDatagramBytes = 65_507

interface Pending {
  readonly command: string
  readonly datagram: Buffer
  readonly resolve: (reply: NgReply) => void
  readonly reject: (error: NgError) => void
  timer: Timer
}

/**
 * rtpengine's control protocol over UDP, with JSON dictionaries. A command is repeated with the *same* cookie until its
 * reply comes: the engine keeps replies by cookie for about 30 s and so does the work once. For the same reason a cookie
 * must never come twice, not even from another process: an old one would fetch the answer to an old command.
 */
export class NgClient {
  /** Our own address as the engine sees it: the kernel has chosen it for this way. */
  readonly localHost: string
  /** The engine's address, its name resolved. */
  readonly remoteHost: string
  readonly #options: Required<Omit<NgClientOptions, 'host' | 'port' | 'log'>>
  readonly #log: Log
  readonly #socket: Socket
  readonly #pending = new Map<string, Pending>()
  readonly #cookiePrefix = randomId(8)
  #sent = 0
  #isClosed = false

  private constructor(options: NgClientOptions, socket: Socket) {
    const { clock, retransmitMs = 250, timeoutMs = 3000, maxPending = 4096 } = options
    this.#options = { clock, retransmitMs, timeoutMs, maxPending }
    this.#log = options.log
    this.#socket = socket
    this.localHost = socket.address().address
    this.remoteHost = socket.remoteAddress().address
    socket.on('message', datagram => this.#receive(datagram))
    // A connected socket reports the ICMP errors of a host where nobody listens. The repetitions ask again until the time-out.
    socket.on('error', error => this.#log.debug({ error: error.message }, 'control socket error'))
  }

  /** Rejects when the host name does not resolve or there is no route to it. Sends nothing. */
  static async open(options: NgClientOptions): Promise<NgClient> {
    const socket = createSocket(isIPv6(options.host) ? 'udp6' : 'udp4')
    try {
      await connect(socket, options.port, options.host)
    } catch (error) {
      socket.close()
      throw error
    }
    return new NgClient(options, socket)
  }

  /** Commands without an answer yet. */
  get pending(): number {
    return this.#pending.size
  }

  /** The engine's reply, unless it says `error`. Rejects with NgError and with nothing else. */
  request(command: string, keys: NgDictionary = {}): Promise<NgReply> {
    const refuse = (code: NgErrorCode) => Promise.reject(new NgError(code, command))
    if (this.#isClosed) return refuse('NG_CLOSED')
    if (this.#pending.size >= this.#options.maxPending) return refuse('NG_BUSY')
    const cookie = `${this.#cookiePrefix}_${++this.#sent}`
    const datagram = serializeCommand(cookie, command, keys)
    if (datagram.length > maxDatagramBytes) return refuse('NG_TOO_LARGE')
    return new Promise((resolve, reject) => {
      const { clock, retransmitMs, timeoutMs } = this.#options
      const deadline = clock.now() + timeoutMs
      const timer = clock.after(Math.min(retransmitMs, timeoutMs), () =>
        this.#repeat(cookie, retransmitMs * 2, deadline),
      )
      this.#pending.set(cookie, { command, datagram, resolve, reject, timer })
      this.#send(datagram)
    })
  }

  /** Final and idempotent; what waits for an answer is rejected. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const [cookie, { command, reject }] of [...this.#pending]) {
      this.#forget(cookie)
      reject(new NgError('NG_CLOSED', command))
    }
    this.#socket.close()
  }

  #repeat(cookie: string, nextMs: number, deadline: number): void {
    const pending = this.#pending.get(cookie)
    if (!pending) return
    const { clock } = this.#options
    const leftMs = deadline - clock.now()
    if (leftMs <= 0) {
      this.#forget(cookie)
      pending.reject(new NgError('NG_TIMEOUT', pending.command))
      return
    }
    this.#send(pending.datagram)
    pending.timer = clock.after(Math.min(nextMs, leftMs), () => this.#repeat(cookie, nextMs * 2, deadline))
  }

  #send(datagram: Buffer): void {
    // The callback takes the error from the socket's event; the repetition deals with it.
    this.#socket.send(datagram, error => {
      if (error) this.#log.debug({ error: error.message }, 'control datagram not sent')
    })
  }

  #receive(datagram: Buffer): void {
    const parsed = parseReply(datagram)
    const pending = parsed && this.#pending.get(parsed.cookie)
    // Second replies to a repeated command are usual; what is garbled counts as lost, so that the repetition fetches it again.
    if (!pending) {
      this.#log.debug({ bytes: datagram.length }, 'control datagram ignored')
      return
    }
    const { reply } = parsed
    this.#forget(parsed.cookie)
    if (reply.result === 'error' || reply.result === 'load limit')
      pending.reject(new NgError('NG_REFUSED', pending.command, reasonOf(reply)))
    else pending.resolve(reply)
  }

  #forget(cookie: string): void {
    this.#pending.get(cookie)?.timer.cancel()
    this.#pending.delete(cookie)
  }
}

function reasonOf(reply: NgReply): string {
  const reason = reply['error-reason'] ?? reply.message ?? reply.result
  return typeof reason === 'string' ? reason.slice(0, 200) : reply.result
}

function connect(socket: Socket, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.connect(port, host, () => {
      socket.off('error', reject)
      resolve()
    })
  })
}
