/**
 * What the softphone needs of a SIP user agent. `jssip.ts` is the implementation for browsers; tests bring a fake.
 * Nothing in here waits: results come as events.
 */
import type { Emitter } from './emitter.ts'

export interface UserAgentOptions {
  /** Address of the SIP WebSocket, `wss://host/sip`. */
  readonly server: string
  /** The address-of-record to register, `sip:user@domain`. */
  readonly aor: string
  readonly password: string
}

export type CreateUserAgent = (options: UserAgentOptions) => UserAgent

export interface UserAgent {
  readonly events: Emitter<UserAgentEvents>
  /** Connects and registers; reconnects and registers again by itself after every loss of the connection. */
  start(): void
  /** Ends every session, unregisters as well as it can, and closes the connection. Final. */
  stop(): void
  /** Registers once more after a failure. */
  register(): void
  /** Sends an INVITE to the SIP URI `target` with the audio of `stream`. Throws a TypeError when the URI is not valid. */
  invite(target: string, stream: MediaStream): Session
}

export interface UserAgentEvents {
  connected: undefined
  /** The connection is lost or could not be made; the next attempt follows by itself. */
  disconnected: undefined
  registered: undefined
  registrationfailed: Failure
  /** Somebody calls. The session rings the caller unless it is rejected before the listener returns. */
  invite: Session
}

/** One INVITE session, in either direction. */
export interface Session {
  readonly events: Emitter<SessionEvents>
  readonly remote: Party
  answer(stream: MediaStream): void
  reject(status: number, reason: string): void
  /** CANCEL before the answer, BYE after it. Does nothing once the session has ended. */
  hangUp(): void
  /** Sends digits as telephone events (RFC 4733), or by INFO to a far side that has none. */
  sendDigits(digits: string): void
  setMuted(isMuted: boolean): void
}

export interface SessionEvents {
  /** The far side rings (1xx). With early media the far side's own sound comes as `stream`. */
  progress: { readonly hasEarlyMedia: boolean }
  confirmed: undefined
  /** The far side has put us on hold. */
  hold: undefined
  unhold: undefined
  /** The sound of the far side. */
  stream: MediaStream
  ended: SessionEnd
}

/** Who the other side is, from the From or To header field. Hostile until shown as text. */
export interface Party {
  /** User part of the URI, unescaped: a number or a name. */
  readonly user: string
  readonly host: string
  /** Display name, empty when there is none. */
  readonly name: string
}

/** Why something did not work. */
export interface Failure {
  /** One of JsSIP's causes, such as `Busy`. */
  readonly cause: string
  /** SIP status code of the final response, when there was one. */
  readonly status?: number
}

export interface SessionEnd extends Failure {
  readonly by: 'local' | 'remote' | 'system'
  /** Cause of the Reason header field of a CANCEL or BYE with protocol SIP (RFC 3326): 200 = answered elsewhere. */
  readonly reasonCause?: number
}
