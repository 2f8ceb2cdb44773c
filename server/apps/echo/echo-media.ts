import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'

export interface EchoMediaOptions {
  /** Our own address to bind to. */
  readonly address: string
  /** May media come from this address? Asked about a sender before the first packet of it is echoed. */
  readonly mayHear: (address: string) => boolean
  /** Called for each packet that is taken, echoed or not. */
  readonly heard: () => void
}

const rtpHeaderBytes = 12
/** Media packets stay below the MTU of Ethernet; what is longer is no media. */
const maxPacketBytes = 1500

/**
 * One RTP port that sends back what it hears. It talks to nobody who has not sent to it, and after the first packet to
 * nobody else than that sender: no reflector, and no way into somebody else's call.
 */
export class EchoMedia {
  readonly #options: EchoMediaOptions
  readonly #socket: Socket
  readonly #ssrc = randomInt(2 ** 32)
  #peer: { readonly address: string; readonly port: number } | undefined
  #isEchoing = true
  #isClosed = false

  private constructor(options: EchoMediaOptions, socket: Socket) {
    this.#options = options
    this.#socket = socket
    socket.on('message', (packet, from) => this.#receive(packet, from))
    // ICMP errors of a peer that has gone; the inactivity of the call ends it.
    socket.on('error', () => undefined)
  }

  /** Rejects when the address is not ours. */
  static async open(options: EchoMediaOptions): Promise<EchoMedia> {
    const socket = createSocket(isIPv6(options.address) ? 'udp6' : 'udp4')
    try {
      socket.bind(0, options.address)
      await once(socket, 'listening')
    } catch (error) {
      socket.close()
      throw error
    }
    return new EchoMedia(options, socket)
  }

  get port(): number {
    return this.#socket.address().port
  }

  /** On hold it listens and is silent. */
  set isEchoing(value: boolean) {
    this.#isEchoing = value
  }

  /** The next sender is a new one: media has moved. */
  forgetPeer(): void {
    this.#peer = undefined
  }

  /** Final and idempotent. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#socket.close()
  }

  #receive(packet: Buffer, { address, port }: RemoteInfo): void {
    // Nothing can be sent to port 0, from which only a forged packet comes: the socket would throw.
    if (this.#isClosed || port === 0 || !isRtp(packet)) return
    if (!this.#peer && this.#options.mayHear(address)) this.#peer = { address, port }
    if (this.#peer?.address !== address || this.#peer.port !== port) return
    this.#options.heard()
    if (!this.#isEchoing) return
    // A source of our own: with the sender's it would take its own sound for a loop (RFC 3550 §8.2).
    packet.writeUInt32BE(this.#ssrc, 8)
    this.#socket.send(packet, port, address)
  }
}

/** RTP version 2, and not RTCP on the same port (RFC 5761 §4). */
function isRtp(packet: Buffer): boolean {
  if (packet.length < rtpHeaderBytes || packet.length > maxPacketBytes || packet[0]! >> 6 !== 2) return false
  const payloadType = packet[1]! & 0x7f
  return payloadType < 64 || payloadType > 95
}
