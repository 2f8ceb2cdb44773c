import { type Engines, NoEngineError } from '../media/engines.ts'
import type { MediaLeg, MediaSession } from '../media/media-session.ts'
import { NgError } from '../media/ng/ng-error.ts'
import type { MediaProfile } from '../media/profile.ts'
import type { Message, Request, Response } from '../sip/message/message.ts'
import { type Attempt, type ProxyUser, type Target, TargetRefusal } from '../sip/proxy/response-context.ts'
import type { Flow } from '../sip/transport/flow.ts'
import type { RouteToken } from './route-token.ts'

/** A target of the edge: which party it is, for the media. */
export interface EdgeTarget extends Target {
  readonly flow: Flow
  /** Its leg in the media session. */
  readonly leg: MediaLeg
  /** Address its signalling comes from, for a phone whose SDP names one that cannot be reached. */
  readonly signalledFrom?: string
}

/** SRC_WS and DST_WS: a party on a WebSocket is a browser and speaks DTLS-SRTP, all others plain RTP (R5.1). */
export const profileOfFlow = ({ transport }: Flow): MediaProfile =>
  transport === 'ws' || transport === 'wss' ? 'webrtc' : 'rtp'

export const hasSdp = (message: Message): boolean => message.body !== '' && message.contentType === 'application/sdp'

/** A party of a call for the media: its leg, and the address that its signalling comes from. */
export interface MediaParty extends MediaLeg {
  readonly signalledFrom?: string
}

/** `from` offers this SDP; the one that `to` gets. Rejects with TargetRefusal. */
function offer(session: MediaSession, sdp: string, from: MediaParty, to: MediaLeg, branch?: string): Promise<string> {
  const { signalledFrom } = from
  return session
    .offer({ sdp, from, to, branch, established: branch === undefined, signalledFrom })
    .catch((error: unknown) => refuse(error))
}

/** `from` made the offer, `to` answers it with this SDP; the one that `from` gets. */
function answer(session: MediaSession, sdp: string, from: MediaLeg, to: MediaParty, branch?: string): Promise<string> {
  return session.answer({ sdp, from, to, branch, signalledFrom: to.signalledFrom })
}

/** An SDP that the engine refuses is not acceptable here; an engine that does not answer is our trouble, and said to be. */
function refuse(error: unknown): never {
  if (!(error instanceof NgError)) throw error
  throw error.code === 'NG_REFUSED'
    ? new TargetRefusal(488, 'Not Acceptable Here')
    : new TargetRefusal(503, 'Media Engine Not Answering')
}

/**
 * The media of a call that is being set up: each target gets an offer of its own, made for what it speaks, with a `via-branch`
 * of its own, so that a browser and a desk phone that ring together both get the right SDP (R5.2). Whoever does not answer is
 * deleted, and everything when nobody does (R5.3).
 */
export class CallMedia implements ProxyUser<EdgeTarget> {
  readonly #session: MediaSession
  readonly #request: Request
  readonly #caller: MediaParty
  /** Branches with an offer that is still worth something. */
  readonly #open = new Set<string>()
  /**
   * Branches that are done with. The last one is deleted only when the next target has its offer: with it the engine would
   * forget the caller's port and keys, which early media may already use (design decision 4: offer, then delete).
   */
  #done: string[] = []

  constructor(session: MediaSession, request: Request, caller: MediaParty) {
    this.#session = session
    this.#request = request
    this.#caller = caller
  }

  prepare({ target, branch }: Attempt<EdgeTarget>): Promise<string> | undefined {
    if (!hasSdp(this.#request)) return undefined
    this.#open.add(branch)
    const offered = offer(this.#session, this.#request.body, this.#caller, target.leg, branch)
    this.#deleteDone()
    return offered
  }

  answer({ target, branch }: Attempt<EdgeTarget>, response: Response): Promise<string> | undefined {
    if (!hasSdp(response)) return undefined
    const callee = { ...target.leg, signalledFrom: target.signalledFrom }
    if (hasSdp(this.#request)) return answer(this.#session, response.body, this.#caller, callee, branch)
    // An INVITE without SDP lets the callee make the offer; the caller's answer comes in the ACK (RFC 3261 §13.2.1).
    this.#open.add(branch)
    return offer(this.#session, response.body, callee, this.#caller, branch)
  }

  attemptEnded({ branch }: Attempt<EdgeTarget>, won: boolean): void {
    if (won || !this.#open.delete(branch)) return
    this.#done.push(branch)
    if (this.#open.size) this.#deleteDone()
  }

  ended(status: number): void {
    if (status >= 200 && status < 300) this.#deleteDone()
    else if (this.#open.size || this.#done.length) void this.#session.delete()
  }

  /** Commands of a session reach the engine in their order: whatever was offered before is there first. */
  #deleteDone(): void {
    for (const branch of this.#done) void this.#session.deleteBranch(this.#caller, branch)
    this.#done = []
  }
}

/** The media of a request within a dialog: who sends and who receives stands in the two route tokens. */
export class DialogMedia implements ProxyUser<EdgeTarget> {
  readonly #session: MediaSession
  readonly #request: Request
  readonly #sender: MediaParty
  readonly #receiver: MediaParty

  constructor(session: MediaSession, request: Request, sender: MediaParty, receiver: MediaParty) {
    this.#session = session
    this.#request = request
    this.#sender = sender
    this.#receiver = receiver
  }

  prepare(): Promise<string> | undefined {
    if (!hasSdp(this.#request)) return undefined
    return offer(this.#session, this.#request.body, this.#sender, this.#receiver)
  }

  answer(_attempt: Attempt<EdgeTarget>, response: Response): Promise<string> | undefined {
    if (!hasSdp(response)) return undefined
    return hasSdp(this.#request)
      ? answer(this.#session, response.body, this.#sender, this.#receiver)
      : offer(this.#session, response.body, this.#receiver, this.#sender)
  }

  /**
   * A BYE ends the call whatever is said to it, but for a challenge, after which it comes again. An offer that finds no call any
   * more (RFC 3261 §12.2.1.2) has opened the session again, for nobody.
   */
  ended(status: number): void {
    const isBye = this.#request.method === 'BYE'
    const isEnd = isBye ? status !== 401 && status !== 407 : status === 481 && hasSdp(this.#request)
    if (isEnd) void this.#session.delete()
  }

  /** Body of an ACK as the receiver gets it: with SDP it answers the offer of the 2xx. */
  acknowledge(): Promise<string> | undefined {
    if (!hasSdp(this.#request)) return undefined
    return answer(this.#session, this.#request.body, this.#receiver, this.#sender)
  }
}

/** The media session that a token names; undefined when media is not controlled, or its engine is one no more. */
export function sessionOf(engines: Engines | undefined, { session, engine }: RouteToken): MediaSession | undefined {
  if (session === '' || !engines) return undefined
  try {
    return engines.attach(engine, session)
  } catch (error) {
    if (error instanceof NoEngineError) return undefined
    throw error
  }
}
