import { Emitter } from '../../client/softphone/emitter.ts'
import type { Microphone } from '../../client/softphone/microphone.ts'
import type {
  Party,
  Session,
  SessionEvents,
  UserAgent,
  UserAgentEvents,
  UserAgentOptions,
} from '../../client/softphone/user-agent.ts'

/** A user agent without a network: the test emits what would have come over it, and reads what was asked for. */
export class FakeUserAgent implements UserAgent {
  readonly events = new Emitter<UserAgentEvents>()
  readonly options: UserAgentOptions
  readonly sessions: FakeSession[] = []
  /** What the softphone has called, in order. */
  readonly asked: string[] = []

  constructor(options: UserAgentOptions) {
    this.options = options
  }

  start(): void {
    this.asked.push('start')
  }

  stop(): void {
    this.asked.push('stop')
  }

  register(): void {
    this.asked.push('register')
  }

  invite(target: string): Session {
    this.asked.push(`invite ${target}`)
    const session = new FakeSession({ user: target, host: '', name: '' })
    this.sessions.push(session)
    return session
  }

  /** Somebody calls. */
  ring(remote: Partial<Party> = {}): FakeSession {
    const session = new FakeSession({ user: '1002', host: 'phone.example.com', name: '', ...remote })
    this.sessions.push(session)
    this.events.emit('invite', session)
    return session
  }

  /** Connected and registered, as after a right password. */
  accept(): void {
    this.events.emit('connected', undefined)
    this.events.emit('registered', undefined)
  }
}

/** A session without a network. Its end comes as it does with JsSIP, at once. */
export class FakeSession implements Session {
  readonly events = new Emitter<SessionEvents>()
  readonly remote: Party
  readonly asked: string[] = []

  constructor(remote: Party) {
    this.remote = remote
  }

  answer(): void {
    this.asked.push('answer')
  }

  reject(status: number, reason: string): void {
    this.asked.push(`reject ${status} ${reason}`)
    this.events.emit('ended', { by: 'local', cause: 'Rejected' })
  }

  hangUp(): void {
    this.asked.push('hang up')
    const isConfirmed = this.asked.includes('confirmed')
    this.events.emit('ended', { by: 'local', cause: isConfirmed ? 'Terminated' : 'Canceled' })
  }

  sendDigits(digits: string): void {
    this.asked.push(`digits ${digits}`)
  }

  setMuted(isMuted: boolean): void {
    this.asked.push(isMuted ? 'mute' : 'unmute')
  }

  confirm(): void {
    this.asked.push('confirmed')
    this.events.emit('confirmed', undefined)
  }
}

/** A microphone that is given, refused or kept waiting, as the test says. */
export class FakeMicrophone implements Microphone {
  /** Streams handed out, and whether each was given back. */
  readonly streams: { isClosed: boolean }[] = []
  /** What the next `open` rejects with. */
  problem: Error | undefined
  /** The next `open` waits until `decide` is called. */
  isAsking = false
  #decide: (() => void) | undefined

  async open(): Promise<MediaStream> {
    if (this.isAsking) await new Promise<void>(resolve => (this.#decide = resolve))
    if (this.problem) throw this.problem
    const given = { isClosed: false }
    this.streams.push(given)
    return { getTracks: () => [{ stop: () => (given.isClosed = true) }] } as unknown as MediaStream
  }

  /** The browser's user has answered its question. */
  decide(): void {
    this.isAsking = false
    this.#decide?.()
  }
}

/** Lets promises that are already settled run their course. */
export const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
