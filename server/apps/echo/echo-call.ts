import type { Clock, Timer } from '../../lib/clock.ts'
import { randomId } from '../../lib/ids.ts'
import type { Request } from '../../sip/message/message.ts'
import type { Sdp } from '../../sip/sdp/sdp.ts'
import { EchoMedia } from './echo-media.ts'
import { answerSdp, offerSdp, readRemote, type Remote } from './echo-sdp.ts'

export interface EchoCallOptions {
  readonly clock: Clock
  /** Host for Via. */
  readonly host: string
  /** Our address for media; asked once, when the port is opened. May throw. */
  readonly mediaAddress: () => string
  /** Where else than from the address in its SDP the far end's media may come from. */
  readonly mediaSource?: () => string | undefined
  readonly maxDurationMs: number
  readonly inactivityMs: number
  /** It has ended, for this reason. `bye` is the request to send; undefined when the far end knows. */
  readonly ended: (call: EchoCall, why: string, bye?: string) => void
}

/** RFC 3261 §13.3.1.4: a 2xx that is not acknowledged after 64*T1 means the caller is gone. */
const ackTimeoutMs = 32_000

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1'

/**
 * One dialog with its echo, seen from the one who was called.
 *
 *     opening ──accept──► accepted ──ACK──► confirmed
 *        └────────────────────┴───── BYE, CANCEL, limits ─────► ended
 */
export class EchoCall {
  readonly tag = randomId()
  readonly invite: Request
  readonly #options: EchoCallOptions
  readonly #sessionId = String(parseInt(randomId(6), 16))
  #state: 'opening' | 'accepted' | 'confirmed' | 'ended' = 'opening'
  #address = ''
  #media: EchoMedia | undefined
  #remote: Remote | undefined
  #remoteTarget: string
  #remoteCseq: number
  #localCseq = 0
  #version = 0
  #lastHeardAt: number
  #timers: Timer[] = []

  constructor(invite: Request, options: EchoCallOptions) {
    this.invite = invite
    this.#options = options
    this.#remoteTarget = invite.nameAddrs('contact')[0]?.uriText ?? invite.from.uriText
    this.#remoteCseq = invite.cseq.number
    this.#lastHeardAt = options.clock.now()
  }

  get isOpening(): boolean {
    return this.#state === 'opening'
  }

  /** Opens the port; false when the call has ended meanwhile. Rejects when there is no address for it. */
  async open(): Promise<boolean> {
    this.#address = this.#options.mediaAddress()
    const heard = () => (this.#lastHeardAt = this.#options.clock.now())
    const media = await EchoMedia.open({ address: this.#address, heard, mayHear: address => this.#mayHear(address) })
    if (this.#state !== 'opening') {
      media.close()
      return false
    }
    this.#media = media
    return true
  }

  /** The 200 is about to go out: limits run from here. */
  accept(): void {
    const { clock, maxDurationMs } = this.#options
    this.#state = 'accepted'
    this.#after(maxDurationMs, () => this.hangUp('time is up'))
    this.#after(ackTimeoutMs, () => {
      if (this.#state === 'accepted') this.hangUp('no ACK')
    })
    this.#lastHeardAt = clock.now()
    this.#watchInactivity(this.#options.inactivityMs)
  }

  acknowledge(): void {
    if (this.#state === 'accepted') this.#state = 'confirmed'
  }

  /** Our answer to an offer; undefined when there is nothing in it to echo. */
  answer(offer: Sdp): string | undefined {
    if (!this.#listenTo(offer)) return undefined
    return answerSdp(offer, this.#local())
  }

  /** Our own offer, where the INVITE has none. */
  offer(): string {
    return offerSdp(this.#local())
  }

  /** The far end's answer to our offer, or its new offer. False when there is nothing in it to echo. */
  takeAnswer(answer: Sdp): boolean {
    return this.#listenTo(answer)
  }

  /** A request within the dialog: false when it comes out of order (RFC 3261 §12.2.2). */
  follows(request: Request): boolean {
    if (request.cseq.number < this.#remoteCseq) return false
    this.#remoteCseq = request.cseq.number
    return true
  }

  /** A target refresh request says where the far end is now (§12.2.2). */
  refreshTarget(request: Request): void {
    this.#remoteTarget = request.nameAddrs('contact')[0]?.uriText ?? this.#remoteTarget
  }

  /** The far end has ended it. */
  end(why: string): void {
    this.#close(why)
  }

  /** We end it. */
  hangUp(why: string): void {
    this.#close(why, this.#state === 'opening' ? undefined : this.#bye())
  }

  #local() {
    this.#version++
    return { address: this.#address, port: this.#media?.port ?? 0, sessionId: this.#sessionId, version: this.#version }
  }

  #listenTo(sdp: Sdp): boolean {
    const remote = readRemote(sdp)
    if (!remote) return false
    const moved = remote.address !== this.#remote?.address || remote.port !== this.#remote.port
    this.#remote = remote
    if (moved) this.#media?.forgetPeer()
    if (this.#media) this.#media.isEchoing = remote.direction === 'sendrecv'
    this.#lastHeardAt = this.#options.clock.now()
    return true
  }

  /** On loopback only this machine can send; else it must be the address of the SDP, or the engine's that wrote it. */
  #mayHear(address: string): boolean {
    const expected = [this.#remote?.address, this.#options.mediaSource?.()]
    return [this.#address, address].some(isLoopback) || expected.includes(address)
  }

  #watchInactivity(ms: number): void {
    const { clock, inactivityMs } = this.#options
    this.#after(ms, () => {
      // On hold nothing comes, and that is right.
      const isHeld = this.#remote !== undefined && this.#remote.direction !== 'sendrecv'
      const leftMs = isHeld ? inactivityMs : this.#lastHeardAt + inactivityMs - clock.now()
      if (leftMs <= 0) this.hangUp('no media')
      else this.#watchInactivity(leftMs)
    })
  }

  #after(ms: number, run: () => void): void {
    const timer = this.#options.clock.after(ms, () => {
      this.#timers = this.#timers.filter(other => other !== timer)
      run()
    })
    this.#timers.push(timer)
  }

  #close(why: string, bye?: string): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    for (const timer of this.#timers) timer.cancel()
    this.#media?.close()
    this.#options.ended(this, why, bye)
  }

  /** RFC 3261 §12.2.1.1: to the remote target over the route set, which for the called side is Record-Route as it came. */
  #bye(): string {
    const { invite } = this
    const lines = [
      `BYE ${this.#remoteTarget} SIP/2.0`,
      `Via: SIP/2.0/TCP ${this.#options.host};branch=z9hG4bK${randomId()}`,
      'Max-Forwards: 70',
      ...invite.headers('record-route').map(route => `Route: ${route}`),
      `From: ${invite.header('to') ?? ''};tag=${this.tag}`,
      `To: ${invite.header('from') ?? ''}`,
      `Call-ID: ${invite.callId}`,
      `CSeq: ${++this.#localCseq} BYE`,
      'Content-Length: 0',
    ]
    return `${lines.join('\r\n')}\r\n\r\n`
  }
}
