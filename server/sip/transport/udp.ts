import dgram from 'node:dgram'
import { isIPv6 } from 'node:net'
import { parseMessage } from '../message/parse.ts'
import { addressText } from './address.ts'
import type { Address, Flow } from './flow.ts'
import type { FlowOwner } from './flow-owner.ts'
import type { Listener } from './listener.ts'

/** Asked of the kernel, which may give less: what arrives during a garbage collection must not be lost. */
const receiveBufferBytes = 4 * 1024 * 1024
/** Flow objects kept for the next datagram of the same peer; beyond it the oldest is made anew. */
const maxCachedFlows = 10_000
/** No SIP message is as short: CRLF, a NUL, a blank, sent to keep a NAT open. */
const shortestMessage = 4

/** The pair of our socket's address and a peer's. Cheap, made when needed; two of one `id` are the same flow. */
export class UdpFlow implements Flow {
  readonly id: string
  readonly transport = 'udp'
  readonly reliable = false
  readonly remote: Address
  readonly listener: UdpListener

  constructor(listener: UdpListener, remote: Address) {
    this.listener = listener
    this.remote = remote
    this.id = `udp/${addressText(listener.address)}/${addressText(remote)}`
  }

  get local(): Address {
    return this.listener.address
  }

  get isOpen(): boolean {
    return this.listener.isOpen
  }

  send(text: string, failed?: (error: Error) => void): void {
    this.listener.send(text, this.remote, failed)
  }

  close(): void {}
}

/** One UDP socket: receives from everybody, sends to everybody, so that answers come from the port that was asked. */
export class UdpListener implements Listener {
  readonly transport = 'udp'
  readonly address: Address
  readonly #socket: dgram.Socket
  readonly #owner: FlowOwner
  readonly #flows = new Map<string, UdpFlow>()
  #closing: Promise<void> | undefined

  private constructor(socket: dgram.Socket, owner: FlowOwner) {
    const { address, port } = socket.address()
    this.address = { host: address, port }
    this.#socket = socket
    this.#owner = owner
    socket.on('message', (bytes, { address: host, port }) => this.#receive(bytes, { host, port }))
    socket.on('error', error => owner.log.error({ err: error, address: this.address }, 'listener failed'))
  }

  /** Rejects with the error of the system when the address cannot be had. */
  static async open({ host, port }: Address, owner: FlowOwner): Promise<UdpListener> {
    const socket = dgram.createSocket({
      type: isIPv6(host) ? 'udp6' : 'udp4',
      ipv6Only: isIPv6(host),
      recvBufferSize: receiveBufferBytes,
      // Only addresses are ever sent to: no name is looked up behind our back.
      lookup: (address, _options, found) => found(null, address, isIPv6(address) ? 6 : 4),
    })
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind({ address: host, port }, resolve)
    })
    socket.removeAllListeners('error')
    return new UdpListener(socket, owner)
  }

  get isOpen(): boolean {
    return this.#closing === undefined
  }

  flowTo(remote: Address): UdpFlow {
    const key = addressText(remote)
    let flow = this.#flows.get(key)
    if (flow) return flow
    flow = new UdpFlow(this, remote)
    if (this.#flows.size >= maxCachedFlows) this.#flows.delete(this.#flows.keys().next().value!)
    this.#flows.set(key, flow)
    return flow
  }

  send(text: string, to: Address, failed?: (error: Error) => void): void {
    const done = failed && ((error: Error | null) => error && failed(error))
    try {
      this.#socket.send(Buffer.from(text, 'latin1'), to.port, to.host, done)
    } catch (error) {
      // Port 0, a closed socket: dgram throws instead of calling back.
      if (failed) queueMicrotask(() => failed(error as Error))
    }
  }

  close(): Promise<void> {
    this.#closing ??= new Promise(resolve => void this.#socket.close(() => resolve()))
    return this.#closing
  }

  #receive(bytes: Buffer, remote: Address): void {
    if (bytes.length < shortestMessage) return
    // What is no SIP at all is dropped without a word: an answer would make us an amplifier, a log line a victim.
    const message = parseMessage(bytes.toString('latin1'), this.#owner.limits)
    if (!message) return
    const flow = this.flowTo(remote)
    message.source = flow.remote
    this.#owner.received(message, flow)
  }
}
