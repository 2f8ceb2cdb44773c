import { parseAccount, parseTarget, type Account } from './address.ts'
import { Call, type CallEnd, type CallView } from './call.ts'
import { systemClock, type Clock, type Timer } from './clock.ts'
import { Emitter, type Unsubscribe } from './emitter.ts'
import { registrationError, SoftphoneError } from './errors.ts'
import type { Microphone } from './microphone.ts'
import { Subject, type Observable } from './observable.ts'
import type { CreateUserAgent, Failure, Party, Session, UserAgent } from './user-agent.ts'

export type ConnectionState = 'connecting' | 'connected' | 'reconnecting' | 'disconnected'
export type RegistrationState = 'unregistered' | 'registering' | 'registered' | 'failed'

/** The softphone at one moment, to be shown. */
export interface SoftphoneState {
  readonly connection: ConnectionState
  readonly registration: RegistrationState
  /** Who is signed in, or is signing in. */
  readonly account: Account | undefined
  /** The account has been registered at least once since `signIn`, so its user may stay on the dialling page. */
  readonly isSignedIn: boolean
  /** The call there is, or the last one until it is dismissed. */
  readonly call: CallView | undefined
  /** Why there is no connection or no registration. */
  readonly error: SoftphoneError | undefined
}

export interface SoftphoneEvents {
  /** Somebody calls. */
  incoming: Call
  /** A call has begun, in either direction. */
  callstarted: Call
  callended: CallEnd
  /** A second caller was told that we are busy. */
  callrefused: Party
  /** The registration or the connection failed. */
  error: SoftphoneError
}

export interface SoftphoneOptions {
  /** Address of the SIP WebSocket, `wss://host/sip`. */
  readonly server: string
  /** Home domain: added to accounts and targets that have none. */
  readonly domain: string
  readonly createUserAgent: CreateUserAgent
  readonly microphone: Microphone
  readonly clock?: Clock
}

export interface Credentials {
  /** `1001` or `1001@example.com`. */
  readonly account: string
  readonly password: string
}

/** Wait before a failed registration is tried again: doubled each time up to the longest. */
const firstRetryMs = 5_000
const longestRetryMs = 120_000

const signedOut: SoftphoneState = {
  connection: 'disconnected',
  registration: 'unregistered',
  account: undefined,
  isSignedIn: false,
  call: undefined,
  error: undefined,
}

/** A telephone: signs in, calls, is called. One call at a time; a second caller hears busy. */
export class Softphone {
  readonly events = new Emitter<SoftphoneEvents>()
  readonly #options: SoftphoneOptions
  readonly #clock: Clock
  readonly #state = new Subject<SoftphoneState>(signedOut)
  #userAgent: UserAgent | undefined
  #subscriptions: Unsubscribe[] = []
  #call: Call | undefined
  #calls = 0
  #retry: Timer | undefined
  #retryMs = firstRetryMs
  /** The account was refused while a call was up: sign out when it has ended. */
  #isLeaving = false

  constructor(options: SoftphoneOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  get state(): Observable<SoftphoneState> {
    return this.#state
  }

  get domain(): string {
    return this.#options.domain
  }

  /** The call there is; undefined when there is none or it has ended. */
  get call(): Call | undefined {
    return this.#call?.state === 'ended' ? undefined : this.#call
  }

  /**
   * Connects and registers; `state` tells how it goes. Whoever was signed in before is signed out.
   * Throws a {@link SoftphoneError} when the account is not a valid one.
   */
  signIn({ account: text, password }: Credentials): void {
    const account = parseAccount(text, this.#options.domain)
    this.signOut()
    const userAgent = this.#options.createUserAgent({ server: this.#options.server, aor: account.aor, password })
    this.#follow(userAgent)
    this.#update({ account, connection: 'connecting', registration: 'registering' })
    userAgent.start()
  }

  /** Ends the call if there is one, unregisters, and forgets the password. Idempotent. */
  signOut(): void {
    this.#release()
    this.#call = undefined
    this.#state.set(signedOut)
  }

  /**
   * Calls a number, a name, `user@domain` or a SIP URI. Throws a {@link SoftphoneError} when there is a call already,
   * when the phone is not registered, or when the target cannot be dialled.
   */
  dial(text: string): Call {
    if (this.call) throw new SoftphoneError('SOFTPHONE_IN_CALL')
    const userAgent = this.#userAgent
    if (!userAgent || this.#state.value.registration !== 'registered')
      throw new SoftphoneError('SOFTPHONE_NOT_REGISTERED')
    const target = parseTarget(text, this.#options.domain)
    return this.#start({
      direction: 'outgoing',
      remote: partyOf(target),
      invite: stream => userAgent.invite(target, stream),
    })
  }

  /** Takes a call that has ended out of sight. */
  dismissCall(): void {
    if (this.call) return
    this.#call = undefined
    this.#update({ call: undefined })
  }

  #follow(userAgent: UserAgent): void {
    this.#userAgent = userAgent
    const { events } = userAgent
    this.#subscriptions = [
      events.on('connected', () => this.#update({ connection: 'connected', registration: 'registering' })),
      events.on('disconnected', () => this.#onDisconnected()),
      events.on('registered', () => this.#onRegistered()),
      events.on('registrationfailed', failure => this.#onRegistrationFailed(failure)),
      events.on('invite', session => this.#onInvite(session)),
    ]
  }

  #onRegistered(): void {
    this.#retry?.cancel()
    this.#retryMs = firstRetryMs
    this.#isLeaving = false
    this.#update({ connection: 'connected', registration: 'registered', isSignedIn: true, error: undefined })
  }

  /** The user agent connects again by itself; a call that is up goes on meanwhile. */
  #onDisconnected(): void {
    this.#retry?.cancel()
    const registration = this.#state.value.isSignedIn ? 'unregistered' : 'registering'
    const code = this.call ? 'SOFTPHONE_CONNECTION_INTERRUPTED' : 'SOFTPHONE_SERVER_UNREACHABLE'
    this.#fail(new SoftphoneError(code), { connection: 'reconnecting', registration })
  }

  #onRegistrationFailed(failure: Failure): void {
    if (failure.cause === 'Connection Error') return // told by `disconnected`, which registers again
    const error = registrationError(failure)
    if (error.isTemporary) {
      this.#fail(error, { registration: 'failed' })
      this.#retryLater()
    } else if (this.call) {
      this.#isLeaving = true
      this.#fail(error, { registration: 'failed' })
    } else {
      this.#leave(error)
    }
  }

  #retryLater(): void {
    this.#retry?.cancel()
    this.#retry = this.#clock.after(this.#retryMs, () => {
      this.#update({ registration: 'registering' })
      this.#userAgent?.register()
    })
    this.#retryMs = Math.min(2 * this.#retryMs, longestRetryMs)
  }

  /** The server refuses the account: back to the sign-in page, with the reason. */
  #leave(error: SoftphoneError): void {
    this.#release()
    this.#call = undefined
    this.#fail(error, { ...signedOut, registration: 'failed' })
  }

  #onInvite(session: Session): void {
    if (this.call) {
      session.reject(486, 'Busy Here')
      this.events.emit('callrefused', session.remote)
      return
    }
    this.events.emit('incoming', this.#start({ direction: 'incoming', remote: session.remote, session }))
  }

  #start(
    options:
      | { direction: 'incoming'; remote: Party; session: Session }
      | { direction: 'outgoing'; remote: Party; invite: (stream: MediaStream) => Session },
  ): Call {
    const call = new Call({
      ...options,
      id: ++this.#calls,
      microphone: this.#options.microphone,
      clock: this.#clock,
    })
    this.#call = call
    call.events.on('change', view => {
      if (this.#call === call) this.#update({ call: view })
    })
    call.events.on('ended', end => this.#onCallEnded(end))
    this.#update({ call: call.view })
    this.events.emit('callstarted', call)
    return call
  }

  #onCallEnded(end: CallEnd): void {
    this.events.emit('callended', end)
    if (this.#isLeaving && this.#state.value.error) this.#leave(this.#state.value.error)
  }

  #release(): void {
    for (const unsubscribe of this.#subscriptions) unsubscribe()
    this.#subscriptions = []
    this.#retry?.cancel()
    this.#retryMs = firstRetryMs
    this.#isLeaving = false
    this.call?.hangUp()
    this.#userAgent?.stop()
    this.#userAgent = undefined
  }

  #fail(error: SoftphoneError, changes: Partial<SoftphoneState>): void {
    this.#update({ ...changes, error })
    this.events.emit('error', error)
  }

  #update(changes: Partial<SoftphoneState>): void {
    this.#state.set({ ...this.#state.value, ...changes })
  }
}

function partyOf(target: string): Party {
  const [, user = '', host = ''] = /^sip:(.*)@([^;]*)/.exec(target) ?? []
  return { user: decodeURIComponent(user), host, name: '' }
}
