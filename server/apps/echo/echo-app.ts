import type { Clock } from '../../lib/clock.ts'
import { randomId } from '../../lib/ids.ts'
import type { Log } from '../../lib/log.ts'
import { createResponse, type ResponseOptions } from '../../sip/message/create.ts'
import { Request, type Response } from '../../sip/message/message.ts'
import { parseSdp, type Sdp } from '../../sip/sdp/sdp.ts'
import { EchoCall } from './echo-call.ts'
import { readRemote } from './echo-sdp.ts'

export interface EchoAppOptions {
  /** Takes a message of ours: responses go back on the way of their request, a BYE along its route set. */
  readonly send: (text: string) => void
  /** Our own address for media, as the engine sees us. What it throws makes the call a 503. */
  readonly mediaAddress: () => string
  /** The engine's own address, where it may differ from what it writes into SDP. */
  readonly mediaSource?: () => string | undefined
  /** Host of our Contact and Via. */
  readonly contactHost: string
  readonly clock: Clock
  readonly log: Log
  /** Calls at once; one more is answered 486. Default 20. */
  readonly maxCalls?: number
  /** Until a call is ended. Default 600,000 (10 minutes). */
  readonly maxDurationMs?: number
  /** Without media until a call that is not on hold is ended. Default 60,000. */
  readonly inactivityMs?: number
}

const methods = ['INVITE', 'ACK', 'BYE', 'CANCEL', 'OPTIONS', 'UPDATE', 'INFO']
const sdpType = 'application/sdp'

type Handlers<Arguments extends unknown[]> = Readonly<Record<string, (...args: Arguments) => void>>

interface Refusal extends ResponseOptions {
  readonly status: number
}

/** What a request without a body, or with one, brings. */
type Description = { readonly kind: 'none' | 'unsupported' | 'broken' } | { readonly kind: 'sdp'; readonly sdp: Sdp }

/**
 * The echo test: a user agent inside this process that accepts every call and sends back what it hears. Requests have passed
 * `validateRequest`. Messages come and go reliably and in order, so it repeats nothing and waits for no repetition.
 */
export class EchoApp {
  readonly #options: Required<Omit<EchoAppOptions, 'mediaSource'>> & Pick<EchoAppOptions, 'mediaSource'>
  /** By Call-ID and our tag. */
  readonly #calls = new Map<string, EchoCall>()
  #isClosed = false

  /** Requests outside a dialog. */
  readonly #openers: Handlers<[request: Request]> = {
    INVITE: request => {
      this.#invite(request).catch((error: unknown) =>
        this.#options.log.error({ callId: request.callId, err: error }, 'echo test failed'),
      )
    },
    CANCEL: request => this.#cancel(request),
    OPTIONS: request => this.#respond(request, 200, { headers: [['Accept', sdpType]] }),
  }

  /** Requests within one. */
  readonly #followers: Handlers<[request: Request, call: EchoCall]> = {
    INVITE: (request, call) => this.#reinvite(request, call),
    UPDATE: (request, call) => this.#reinvite(request, call),
    BYE: (request, call) => this.#bye(request, call),
    INFO: request => this.#respond(request, 200),
    OPTIONS: request => this.#respond(request, 200, { headers: [['Accept', sdpType]] }),
  }

  constructor(options: EchoAppOptions) {
    this.#options = { maxCalls: 20, maxDurationMs: 600_000, inactivityMs: 60_000, ...options }
  }

  /** Calls, and with them open ports. */
  get calls(): number {
    return this.#calls.size
  }

  receive(message: Request | Response): void {
    // The only requests of ours are BYEs, and what is answered to them changes nothing.
    if (!(message instanceof Request)) return
    const call = this.#callOf(message)
    // An ACK is never answered; one without a call is that of a refusal.
    if (message.method === 'ACK') this.#ack(message, call)
    else if (!methods.includes(message.method)) this.#respond(message, 405)
    else if (call) this.#follow(message, call)
    else this.#open(message)
  }

  /** Ends every call. Final and idempotent. */
  close(): void {
    this.#isClosed = true
    for (const call of [...this.#calls.values()]) {
      if (call.isOpening) this.#respond(call.invite, 503, {}, call)
      call.hangUp('shutting down')
    }
  }

  #open(request: Request): void {
    const handler = request.to.tag === undefined ? this.#openers[request.method] : undefined
    if (handler) handler(request)
    else this.#respond(request, 481)
  }

  #follow(request: Request, call: EchoCall): void {
    const handler = this.#followers[request.method]
    if (!handler) this.#respond(request, 481)
    else if (call.follows(request)) handler(request, call)
    else this.#respond(request, 500)
  }

  async #invite(request: Request): Promise<void> {
    const description = readDescription(request)
    const refusal = this.#overload ?? refusalOf(request, description)
    if (refusal) this.#respond(request, refusal.status, refusal)
    else await this.#start(this.#createCall(request), description)
  }

  get #overload(): Refusal | undefined {
    if (this.#isClosed) return { status: 503 }
    return this.#calls.size >= this.#options.maxCalls ? { status: 486 } : undefined
  }

  #createCall(request: Request): EchoCall {
    const { clock, contactHost: host, mediaAddress, mediaSource, maxDurationMs, inactivityMs } = this.#options
    const ended = (call: EchoCall, why: string, bye?: string) => this.#ended(call, why, bye)
    const limits = { maxDurationMs, inactivityMs }
    const call = new EchoCall(request, { clock, host, mediaAddress, mediaSource, ...limits, ended })
    this.#calls.set(keyOf(request.callId, call.tag), call)
    return call
  }

  async #start(call: EchoCall, description: Description): Promise<void> {
    const { invite } = call
    try {
      if (!(await call.open())) return
    } catch (error) {
      if (!call.isOpening) return
      this.#options.log.warn({ callId: invite.callId, error: String(error) }, 'echo test without media')
      this.#respond(invite, 503, {}, call)
      call.end('no port')
      return
    }
    call.accept()
    this.#options.log.info({ callId: invite.callId }, 'echo test started')
    this.#accept(invite, call, description.kind === 'sdp' ? call.answer(description.sdp) : call.offer())
  }

  /** Re-INVITE, and UPDATE as its smaller sister (RFC 3311). */
  #reinvite(request: Request, call: EchoCall): void {
    const description = readDescription(request)
    const refusal = refusalOf(request, description)
    if (refusal) {
      this.#respond(request, refusal.status, refusal)
      return
    }
    call.refreshTarget(request)
    if (description.kind === 'sdp') this.#accept(request, call, call.answer(description.sdp))
    // An UPDATE without SDP only keeps the session alive; an INVITE without asks for our offer.
    else this.#accept(request, call, request.method === 'UPDATE' ? undefined : call.offer())
  }

  #ack(request: Request, call: EchoCall | undefined): void {
    const description = readDescription(request)
    call?.acknowledge()
    if (call && description.kind === 'sdp' && !call.takeAnswer(description.sdp)) call.hangUp('no audio in the answer')
  }

  #bye(request: Request, call: EchoCall): void {
    this.#respond(request, 200)
    call.end('hung up')
  }

  #cancel(request: Request): void {
    const branch = request.via.params.get('branch')
    const call = [...this.#calls.values()].find(
      ({ invite }) => invite.callId === request.callId && invite.via.params.get('branch') === branch,
    )
    this.#respond(request, call ? 200 : 481, {}, call)
    // After the 200 a CANCEL has no effect (RFC 3261 §9.2).
    if (!call?.isOpening) return
    this.#respond(call.invite, 487, {}, call)
    call.end('cancelled')
  }

  #accept(request: Request, call: EchoCall, sdp: string | undefined): void {
    const headers = [['Contact', `<sip:echo@${this.#options.contactHost}>`] as const]
    const body = sdp === undefined ? undefined : { type: sdpType, text: sdp }
    this.#respond(request, 200, { headers, body, recordRoute: true }, call)
  }

  #respond(request: Request, status: number, options: ResponseOptions = {}, call?: EchoCall): void {
    const headers = [['Allow', methods.join(', ')] as const, ...(options.headers ?? [])]
    this.#options.send(createResponse(request, status, { toTag: call?.tag ?? randomId(), ...options, headers }))
  }

  #callOf(request: Request): EchoCall | undefined {
    const call = this.#calls.get(keyOf(request.callId, request.to.tag ?? ''))
    return call?.invite.from.tag === request.from.tag ? call : undefined
  }

  #ended(call: EchoCall, why: string, bye: string | undefined): void {
    this.#calls.delete(keyOf(call.invite.callId, call.tag))
    this.#options.log.info({ callId: call.invite.callId, why }, 'echo test ended')
    if (bye !== undefined) this.#options.send(bye)
  }
}

const keyOf = (callId: string, tag: string): string => `${callId}\n${tag}`

function readDescription(request: Request): Description {
  if (!request.body) return { kind: 'none' }
  if (request.contentType !== sdpType) return { kind: 'unsupported' }
  const sdp = parseSdp(request.body)
  return sdp ? { kind: 'sdp', sdp } : { kind: 'broken' }
}

/** Why this INVITE or UPDATE cannot be accepted, whoever sends it. */
function refusalOf(request: Request, description: Description): Refusal | undefined {
  if (request.has('require')) return { status: 420, headers: [['Unsupported', request.list('require').join(', ')]] }
  if (description.kind === 'unsupported') return { status: 415, headers: [['Accept', sdpType]] }
  if (description.kind === 'broken') return { status: 400, reason: 'Malformed SDP' }
  return description.kind === 'sdp' && !readRemote(description.sdp) ? { status: 488 } : undefined
}
