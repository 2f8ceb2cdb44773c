/** The user agent of browsers: JsSIP behind the port of `user-agent.ts`. No other file knows JsSIP. */
import { C, debug, UA, WebSocketInterface } from 'jssip'
import type { EndEvent, IncomingEvent, OutgoingEvent, RTCSession } from 'jssip/lib/RTCSession'
import type { RTCSessionEvent, UnRegisteredEvent } from 'jssip/lib/UA'
import { Emitter } from './emitter.ts'
import type {
  CreateUserAgent,
  Failure,
  Party,
  Session,
  SessionEnd,
  SessionEvents,
  UserAgent,
  UserAgentEvents,
  UserAgentOptions,
} from './user-agent.ts'

/** Seconds a registration is asked for; JsSIP renews it after half of what the server grants, or a little more. */
const registerExpires = 600
/** Longest wait for a host candidate. Trickle ICE is not in JsSIP, and waiting for all candidates can take 40 s. */
const iceWaitMs = 300
/** Milliseconds: long enough for old voice menus, and quick enough to keep up with fingers. */
const digitTiming = { duration: 120, interToneGap: 80 }
/** The media relay has a public address, so no STUN or TURN server is needed. */
const peerConnection: RTCConfiguration = { iceServers: [] }

export const createJssipUserAgent: CreateUserAgent = options => new JssipUserAgent(options)

class JssipUserAgent implements UserAgent {
  readonly events = new Emitter<UserAgentEvents>()
  readonly #ua: UA

  constructor({ server, aor, password }: UserAgentOptions) {
    silenceLogs()
    this.#ua = new UA({
      sockets: [new WebSocketInterface(server)],
      uri: aor,
      password,
      register: true,
      register_expires: registerExpires,
      // JsSIP refreshes every 45 s, and a refresh that meets a lost connection ends the call. Dead calls are found by ICE.
      session_timers: false,
    })
    this.#ua.on('connected', () => this.events.emit('connected', undefined))
    this.#ua.on('disconnected', () => this.events.emit('disconnected', undefined))
    this.#ua.on('registered', () => this.events.emit('registered', undefined))
    this.#ua.on('registrationFailed', event => this.events.emit('registrationfailed', readFailure(event)))
    this.#ua.on('newRTCSession', ({ originator, session }: RTCSessionEvent) => {
      if (isRemote(originator)) this.events.emit('invite', new JssipSession(session))
    })
  }

  start(): void {
    this.#ua.start()
  }

  stop(): void {
    this.#ua.stop()
  }

  register(): void {
    this.#ua.register()
  }

  invite(target: string, stream: MediaStream): Session {
    return new JssipSession(this.#ua.call(target, { mediaStream: stream, pcConfig: peerConnection }))
  }
}

class JssipSession implements Session {
  readonly events = new Emitter<SessionEvents>()
  readonly remote: Party
  readonly #session: RTCSession

  constructor(session: RTCSession) {
    this.#session = session
    this.remote = readParty(session)
    session.on('progress', (event: IncomingEvent | OutgoingEvent) => {
      // Null for our own 180: the types in the package do not say so.
      const response = 'response' in event ? (event.response as OutgoingEvent['response'] | null) : null
      this.events.emit('progress', { hasEarlyMedia: Boolean(response?.body) })
    })
    session.on('confirmed', () => this.events.emit('confirmed', undefined))
    session.on('hold', ({ originator }) => this.#onHold('hold', originator))
    session.on('unhold', ({ originator }) => this.#onHold('unhold', originator))
    session.on('ended', event => this.events.emit('ended', readEnd(event)))
    session.on('failed', event => this.events.emit('ended', readEnd(event)))
    this.#hurryIce()
    this.#listenForSound()
  }

  answer(stream: MediaStream): void {
    this.#session.answer({ mediaStream: stream, pcConfig: peerConnection })
  }

  reject(status: number, reason: string): void {
    if (!this.#session.isEnded()) this.#session.terminate({ status_code: status, reason_phrase: reason })
  }

  hangUp(): void {
    if (!this.#session.isEnded()) this.#session.terminate()
  }

  sendDigits(digits: string): void {
    const senders = this.#session.connection.getSenders()
    const { RFC2833, INFO } = C.DTMF_TRANSPORT
    // A far side without telephone events (RFC 4733) gets the digits by SIP INFO, rather than not at all.
    this.#session.sendDTMF(digits, {
      ...digitTiming,
      transportType: senders.some(({ dtmf }) => dtmf?.canInsertDTMF) ? RFC2833 : INFO,
    })
  }

  setMuted(isMuted: boolean): void {
    if (isMuted) this.#session.mute({ audio: true })
    else this.#session.unmute({ audio: true })
  }

  #onHold(event: 'hold' | 'unhold', originator: unknown): void {
    if (isRemote(originator)) this.events.emit(event, undefined)
  }

  /** Sends the offer or answer at the first host candidate over UDP, or when no such candidate comes in time. */
  #hurryIce(): void {
    let timer: ReturnType<typeof setTimeout> | undefined
    this.#session.on('icecandidate', ({ candidate, ready }) => {
      if (candidate.type === 'host' && candidate.protocol === 'udp') {
        clearTimeout(timer)
        timer = undefined
        ready()
      } else {
        timer ??= setTimeout(() => {
          timer = undefined
          ready()
        }, iceWaitMs)
      }
    })
  }

  /** An outgoing session has its connection from the start, an incoming one makes it with the answer. */
  #listenForSound(): void {
    const listen = (connection: RTCPeerConnection) => {
      connection.addEventListener('track', ({ streams: [stream], track }) =>
        this.events.emit('stream', stream ?? new MediaStream([track])),
      )
    }
    const connection = this.#session.connection as RTCPeerConnection | null | undefined
    if (connection) listen(connection)
    else this.#session.on('peerconnection', ({ peerconnection }) => listen(peerconnection))
  }
}

/** JsSIP writes every message, with its credentials, to the console when a page has `localStorage.debug` set. */
function silenceLogs(): void {
  ;(debug as { disable(): string }).disable()
}

/** The types in the package call these strings an enum that does not exist at run time. */
function isRemote(originator: unknown): boolean {
  return originator === 'remote'
}

function readFailure({ cause, response }: UnRegisteredEvent): Failure {
  const { status_code: status } = (response as UnRegisteredEvent['response'] | null) ?? {}
  return { cause: cause ?? '', status }
}

function readEnd({ originator, message, cause }: EndEvent): SessionEnd {
  const by = originator as `${typeof originator}`
  // Null when nothing was received: the types in the package do not say so.
  const received = message as EndEvent['message'] | null
  if (!received) return { by, cause }
  if ('status_code' in received) return { by, cause, status: received.status_code }
  return { by, cause, reasonCause: readReasonCause(received.getHeaders('Reason')) }
}

/** `SIP;cause=200;text="Call completed elsewhere"` → 200 (RFC 3326). */
function readReasonCause(reasons: readonly string[]): number | undefined {
  for (const reason of reasons) {
    const [, cause] = /^\s*SIP\s*;.*\bcause\s*=\s*(\d{3})\b/i.exec(reason) ?? []
    if (cause) return Number(cause)
  }
  return undefined
}

function readParty({ remote_identity: { uri, display_name: name } }: RTCSession): Party {
  return { user: unescapeUser(uri.user), host: uri.host, name: name || '' }
}

/** A caller's broken escapes are shown as they came. */
function unescapeUser(user: string | null): string {
  try {
    return decodeURIComponent(user ?? '')
  } catch {
    return user ?? ''
  }
}
