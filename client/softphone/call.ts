import { isEstablished, nextCallState, type CallInput, type CallState } from './call-state.ts'
import type { Clock } from './clock.ts'
import { Emitter } from './emitter.ts'
import { callError, SoftphoneError } from './errors.ts'
import { closeStream, type Microphone } from './microphone.ts'
import type { Party, Session, SessionEnd } from './user-agent.ts'

/** How a call came to its end. Only `failed` carries an error. */
export type CallEnd =
  | { readonly kind: 'hung-up'; readonly by: 'local' | 'remote' }
  /** Given up by the caller (us) before it was answered. */
  | { readonly kind: 'cancelled' }
  /** Given up by the caller (them), or by time, before we answered. */
  | { readonly kind: 'missed' }
  | { readonly kind: 'declined' }
  /** Another phone of the same account took the call. */
  | { readonly kind: 'answered-elsewhere' }
  | { readonly kind: 'failed'; readonly error: SoftphoneError }

/** A call at one moment, to be shown. */
export interface CallView {
  readonly id: number
  readonly direction: 'incoming' | 'outgoing'
  readonly remote: Party
  readonly state: CallState
  /** Answered by our user, but not yet confirmed by the other side. */
  readonly isAnswering: boolean
  readonly isMuted: boolean
  /** The other side's own sound is heard before the answer: no ringback tone of ours then. */
  readonly hasEarlyMedia: boolean
  /** Milliseconds since the epoch; undefined until the call has become active. */
  readonly answeredAt: number | undefined
  readonly endedAt: number | undefined
  readonly end: CallEnd | undefined
  /** Why the last attempt to answer came to nothing, while the call still rings. */
  readonly problem: SoftphoneError | undefined
}

export interface CallEvents {
  /** Anything in the view is different now. */
  change: CallView
  /** The sound of the other side. */
  stream: MediaStream
  /** Our user has sent these digits. */
  digits: string
  ended: CallEnd
}

export type CallOptions = {
  readonly id: number
  readonly remote: Party
  readonly microphone: Microphone
  readonly clock: Clock
} & (
  | { readonly direction: 'incoming'; readonly session: Session }
  | { readonly direction: 'outgoing'; readonly invite: (stream: MediaStream) => Session }
)

/** What an end without an answer means for who was called. JsSIP gives up by itself after a minute of ringing. */
const unanswered: Readonly<Record<string, 'declined' | 'missed'>> = {
  Rejected: 'declined',
  Canceled: 'missed',
  'No Answer': 'missed',
  Expires: 'missed',
}

/** One call, from the first ring to the end. */
export class Call {
  readonly events = new Emitter<CallEvents>()
  readonly #microphone: Microphone
  readonly #clock: Clock
  #view: CallView
  #session: Session | undefined
  #stream: MediaStream | undefined

  constructor(options: CallOptions) {
    const { id, direction, remote } = options
    this.#microphone = options.microphone
    this.#clock = options.clock
    this.#view = {
      id,
      direction,
      remote,
      state: direction === 'incoming' ? 'incoming' : 'calling',
      isAnswering: false,
      isMuted: false,
      hasEarlyMedia: false,
      answeredAt: undefined,
      endedAt: undefined,
      end: undefined,
      problem: undefined,
    }
    if (options.direction === 'incoming') this.#follow(options.session)
    else void this.#invite(options.invite)
  }

  get view(): CallView {
    return this.#view
  }

  get state(): CallState {
    return this.#view.state
  }

  /** Answers an incoming call. When there is no microphone the call goes on ringing and `view.problem` says why. */
  async answer(): Promise<void> {
    if (this.state !== 'incoming' || this.#view.isAnswering) return
    this.#update({ isAnswering: true, problem: undefined })
    try {
      const stream = await this.#openMicrophone()
      if (stream) this.#session!.answer(stream)
    } catch (error) {
      this.#update({ isAnswering: false, problem: asSoftphoneError(error) })
    }
  }

  /** Refuses an incoming call with 603, which stops the ringing of all phones of this account (RFC 3261 §21.6.2). */
  decline(): void {
    if (this.state === 'incoming') this.#session!.reject(603, 'Decline')
  }

  /** Ends the call, whatever state it is in. */
  hangUp(): void {
    if (this.state === 'incoming' && !this.#view.isAnswering) this.decline()
    else if (this.#session) this.#session.hangUp()
    else this.#end({ kind: 'cancelled' })
  }

  setMuted(isMuted: boolean): void {
    if (this.state === 'ended' || isMuted === this.#view.isMuted) return
    this.#session?.setMuted(isMuted)
    this.#update({ isMuted })
  }

  /** Sends `0`–`9`, `*`, `#`, `A`–`D` to the other side. Anything else, or at another time than in a call, is ignored. */
  sendDigits(digits: string): void {
    if (!isEstablished(this.state) || !/^[0-9*#A-D]+$/.test(digits)) return
    this.#session?.sendDigits(digits)
    this.events.emit('digits', digits)
  }

  async #invite(invite: (stream: MediaStream) => Session): Promise<void> {
    try {
      const stream = await this.#openMicrophone()
      if (!stream) return
      this.#follow(invite(stream))
      if (this.#view.isMuted) this.#session!.setMuted(true)
    } catch (error) {
      this.#end({ kind: 'failed', error: asSoftphoneError(error) })
    }
  }

  /** Undefined when the call has ended while the browser was asking its user. */
  async #openMicrophone(): Promise<MediaStream | undefined> {
    const stream = await this.#microphone.open()
    if (this.state === 'ended') {
      closeStream(stream)
      return undefined
    }
    this.#stream = stream
    return stream
  }

  #follow(session: Session): void {
    this.#session = session
    const { events } = session
    events.on('progress', ({ hasEarlyMedia }) => {
      if (this.#enter('progress')) this.#update({ hasEarlyMedia: this.#view.hasEarlyMedia || hasEarlyMedia })
    })
    events.on('confirmed', () => this.#enter('confirmed'))
    events.on('hold', () => this.#enter('hold'))
    events.on('unhold', () => this.#enter('unhold'))
    events.on('stream', stream => this.events.emit('stream', stream))
    events.on('ended', end => this.#end(this.#describeEnd(end)))
  }

  /** False when the state does not listen to the input. */
  #enter(input: CallInput): boolean {
    const state = nextCallState(this.state, input)
    if (!state) return false
    const isAnswered = isEstablished(state) && this.#view.answeredAt === undefined
    this.#update({ state, isAnswering: false, ...(isAnswered && { answeredAt: this.#clock.now() }) })
    return true
  }

  #end(end: CallEnd): void {
    const state = nextCallState(this.state, 'ended')
    if (!state) return
    closeStream(this.#stream)
    this.#update({ state, end, isAnswering: false, problem: undefined, endedAt: this.#clock.now() })
    this.events.emit('ended', end)
  }

  #describeEnd(end: SessionEnd): CallEnd {
    const { direction, state, isAnswering } = this.#view
    if (end.cause === 'Terminated') return { kind: 'hung-up', by: end.by === 'local' ? 'local' : 'remote' }
    if (state === 'incoming') {
      if (end.reasonCause === 200) return { kind: 'answered-elsewhere' } // RFC 3326 §2
      const kind = unanswered[end.cause] ?? (isAnswering ? undefined : 'missed')
      if (kind) return { kind }
    }
    if (direction === 'outgoing' && end.by === 'local' && end.cause === 'Canceled') return { kind: 'cancelled' }
    return { kind: 'failed', error: callError(end, state !== 'calling') }
  }

  #update(changes: Partial<CallView>): void {
    this.#view = { ...this.#view, ...changes }
    this.events.emit('change', this.#view)
  }
}

function asSoftphoneError(error: unknown): SoftphoneError {
  if (error instanceof SoftphoneError) return error
  const code = error instanceof TypeError ? 'SOFTPHONE_INVALID_TARGET' : 'SOFTPHONE_CALL_FAILED'
  return new SoftphoneError(code, { cause: error })
}
