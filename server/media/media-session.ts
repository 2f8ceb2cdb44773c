import { cleanForPhone } from '../sip/sdp/clean.ts'
import type { Log } from '../lib/log.ts'
import type { Engine } from './engine.ts'
import type { ResolvedFlags } from './flag-overrides.ts'
import { rowOf, type NgFlags } from './flags.ts'
import { NgError } from './ng/ng-error.ts'
import type { NgDictionary } from './ng/ng-message.ts'
import type { MediaProfile } from './profile.ts'
import { readFigures, type SessionFigures } from './session-figures.ts'
import { addressKeys } from './source-address.ts'

export interface MediaLeg {
  /** Our tag for this party at the engine, unique in the session; not the SIP tag, which a fork or a hand-over may change. */
  readonly id: string
  readonly profile: MediaProfile
}

export interface Offer {
  readonly sdp: string
  /** Who sent the SDP. */
  readonly from: MediaLeg
  /** Who gets it. */
  readonly to: MediaLeg
  /** The target of an initial offer: one name per target, the same in its answer and its deletion. */
  readonly branch?: string
  /** True for a re-INVITE or UPDATE: both legs are known to the engine. Default false. */
  readonly established?: boolean
  /** Address that the signalling of `from` came from; used when its SDP names one that cannot be reached. */
  readonly signalledFrom?: string
}

export interface Answer {
  readonly sdp: string
  /** Who sent the *offer*, as in `offer`. */
  readonly from: MediaLeg
  /** Who answers with this SDP. */
  readonly to: MediaLeg
  readonly branch?: string
  /** Address that the signalling of `to` came from. */
  readonly signalledFrom?: string
}

/**
 * The engine's state of one call: ports, keys and what flows between the legs. Commands of one session reach the engine one
 * after the other, in the order of the calls.
 */
export interface MediaSession {
  /** The call-id at the engine; ours, not the Call-ID. */
  readonly id: string
  readonly engineId: string
  /** The SDP to send on to `to`. Rejects with NgError. */
  offer(offer: Offer): Promise<string>
  /** The SDP to send on to `from`. Rejects with NgError. */
  answer(answer: Answer): Promise<string>
  /** Ends one target. Ends the session when it was the last one, so a new target is offered before an old one goes. */
  deleteBranch(from: MediaLeg, branch: string): Promise<void>
  /** Ends the session. Idempotent; never rejects; later offers and answers are refused. */
  delete(): Promise<void>
  /** Rejects with NgError when the engine does not know the session. */
  query(): Promise<SessionFigures>
}

export class EngineSession implements MediaSession {
  readonly id: string
  readonly #engine: Engine
  readonly #flags: ResolvedFlags
  readonly #log: Log
  #deleted: Promise<void> | undefined

  constructor(id: string, engine: Engine, flags: ResolvedFlags, log: Log) {
    this.id = id
    this.#engine = engine
    this.#flags = flags
    this.#log = log.child({ media: id, engine: engine.id })
  }

  get engineId(): string {
    return this.#engine.id
  }

  offer({ sdp, from, to, branch, established = false, signalledFrom }: Offer): Promise<string> {
    const { offer } = this.#flags[rowOf(from.profile, to.profile)]
    const tags = established ? { 'from-tag': from.id, 'to-tag': to.id } : { 'from-tag': from.id }
    return this.#exchange('offer', to, { ...this.#keys(offer, sdp, signalledFrom), ...tags, ...viaBranch(branch) })
  }

  answer({ sdp, from, to, branch, signalledFrom }: Answer): Promise<string> {
    const { answer } = this.#flags[rowOf(from.profile, to.profile)]
    const tags = { 'from-tag': from.id, 'to-tag': to.id }
    return this.#exchange('answer', from, { ...this.#keys(answer, sdp, signalledFrom), ...tags, ...viaBranch(branch) })
  }

  async deleteBranch(from: MediaLeg, branch: string): Promise<void> {
    if (this.#deleted) return this.#deleted
    // Without `to-tag` the branch alone is meant; without a delay its ports are free at once.
    await this.#delete({ 'from-tag': from.id, 'via-branch': branch, 'delete-delay': 0 })
  }

  delete(): Promise<void> {
    return (this.#deleted ??= this.#delete({ 'delete-delay': 0 }))
  }

  async query(): Promise<SessionFigures> {
    return readFigures(await this.#engine.command(this.id, 'query'))
  }

  #keys(flags: NgFlags, sdp: string, signalledFrom: string | undefined): NgDictionary {
    const address = addressKeys(sdp, signalledFrom)
    return { sdp, ...flags, ...address, flags: [...(flags.flags ?? []), ...address.flags] }
  }

  async #exchange(command: 'offer' | 'answer', receiver: MediaLeg, keys: NgDictionary): Promise<string> {
    // An offer after the delete would bring the session back to life, and nobody would end it.
    if (this.#deleted) throw new NgError('NG_CLOSED', command, 'the session has ended')
    const { sdp } = await this.#engine.command(this.id, command, keys)
    // SDP is bytes for us, one latin-1 character each.
    if (typeof sdp !== 'string' || /[^\0-\xff]/.test(sdp))
      throw new NgError('NG_REFUSED', command, 'no SDP in the reply')
    return receiver.profile === 'rtp' ? cleanForPhone(sdp) : sdp
  }

  async #delete(keys: NgDictionary): Promise<void> {
    try {
      await this.#engine.command(this.id, 'delete', keys)
    } catch (error) {
      // Nothing to be done about it here: the engine ends what no media flows through by itself.
      this.#log.warn({ error: String(error) }, 'media session not deleted at the engine')
    }
  }
}

const viaBranch = (branch: string | undefined): NgDictionary => (branch === undefined ? {} : { 'via-branch': branch })
