import type { Clock } from '../lib/clock.ts'
import { detach } from '../lib/detach.ts'
import { randomId } from '../lib/ids.ts'
import type { Request } from '../sip/message/message.ts'
import { ParseError } from '../sip/message/parse-error.ts'
import type { Binding, BindingFlow } from './binding.ts'
import { type Contact, contactKey, findBinding, parseContact } from './contact.ts'
import { type ExpiryLimits, grantedExpires, isTooBrief, wishedExpires } from './expiry.ts'
import type { Awaitable, BindingChange, LocationService } from './location.ts'

export interface RegistrarLimits {
  /** Contacts of one AOR, and of one REGISTER. Default 20; more: 403. 0: no limit. */
  readonly contacts: number
  /** Bytes of one contact, one Path entry, and the Call-ID. Default 2048; more: 400. 0: no limit. */
  readonly fieldBytes: number
  /** Path entries of one REGISTER. Default 10; more: 400. 0: no limit. */
  readonly pathEntries: number
}

export interface RegistrarOptions {
  readonly location: LocationService
  readonly clock: Clock
  readonly limits?: Partial<RegistrarLimits>
  readonly expiry?: {
    /** Default 120, from 30 to 300 seconds: it keeps the way through a NAT open. */
    readonly phone?: Partial<ExpiryLimits>
    /** Default 600, from 30 to 3600 seconds: a connection shows by itself when its browser is gone. */
    readonly webSocket?: Partial<ExpiryLimits>
  }
  /** What becomes of a wish below the minimum: it is raised (the default), or refused with 423. */
  readonly tooBrief?: 'raise' | 'reject'
  /** The connection it was registered over is closed. Such bindings wait for their browser, but make room for others. */
  readonly isGone?: (binding: Binding) => boolean
}

/** What the edge found out before. */
export interface RegisterSource {
  /** Canonical, of the To field; its sender may register it. */
  readonly aor: string
  readonly flow: BindingFlow
  readonly isWebSocket: boolean
}

/** What to answer; the edge makes the response of it. */
export interface RegisterResult {
  readonly status: number
  readonly reason?: string
  readonly headers: readonly (readonly [name: string, value: string])[]
}

interface Wish {
  readonly contact: Contact
  /** In seconds; undefined: none that can be read. */
  readonly expires: number | undefined
}

export const defaultRegistrarLimits: RegistrarLimits = { contacts: 20, fieldBytes: 2048, pathEntries: 10 }
export const defaultPhoneExpiry: ExpiryLimits = { default: 120, min: 30, max: 300 }
export const defaultWebSocketExpiry: ExpiryLimits = { default: 600, min: 30, max: 3600 }

/** Bytes kept of User-Agent, and of Allow: they are for people to read and for a choice, nothing depends on their tail. */
const maxRemarkBytes = 512

/**
 * REGISTER → bindings (RFC 3261 §10.3 steps 6 to 8). Whose AOR it is and whether the sender may register it, the edge has
 * decided before. Every REGISTER takes effect as a whole or not at all.
 */
export class Registrar {
  readonly #location: LocationService
  readonly #clock: Clock
  readonly #limits: RegistrarLimits
  readonly #phoneExpiry: ExpiryLimits
  readonly #webSocketExpiry: ExpiryLimits
  readonly #rejectsBrief: boolean
  readonly #isGone: (binding: Binding) => boolean

  constructor({ location, clock, limits, expiry, tooBrief = 'raise', isGone = () => false }: RegistrarOptions) {
    this.#location = location
    this.#clock = clock
    this.#limits = { ...defaultRegistrarLimits, ...limits }
    this.#phoneExpiry = { ...defaultPhoneExpiry, ...expiry?.phone }
    this.#webSocketExpiry = { ...defaultWebSocketExpiry, ...expiry?.webSocket }
    this.#rejectsBrief = tooBrief === 'reject'
    this.#isGone = isGone
  }

  /** Answers when the change is durable, at once if the location service does. Fails, with nothing changed, as that fails. */
  register(request: Request, source: RegisterSource): Awaitable<RegisterResult> {
    const change = this.#decide(request, source)
    if ('status' in change) return change
    const accept = (): RegisterResult => this.#accept(request, source.aor)
    // No Contact, or nothing there to remove: it only asks (§10.2.3).
    if (change.put.length + change.remove.length === 0) return accept()
    const saved = this.#location.save(change)
    return saved instanceof Promise ? saved.then(accept) : accept()
  }

  #decide(request: Request, source: RegisterSource): BindingChange | RegisterResult {
    try {
      const contacts = request.list('contact')
      const current = this.#location.lookup(source.aor)
      this.#checkSizes(request, contacts)
      if (contacts.includes('*')) return removeAll(request, contacts, current)
      return this.#update(request, source, contacts, current)
    } catch (error) {
      if (error instanceof ParseError) return refuse(error.status, error.reason)
      throw error
    }
  }

  #update(
    request: Request,
    source: RegisterSource,
    contacts: readonly string[],
    current: readonly Binding[],
  ): BindingChange | RegisterResult {
    const limits = source.isWebSocket ? this.#webSocketExpiry : this.#phoneExpiry
    const wishes = contacts.map(text => readWish(request, text))
    if (this.#rejectsBrief && wishes.some(({ expires }) => isTooBrief(expires, limits)))
      return refuse(423, undefined, [['Min-Expires', String(limits.min)]])
    checkRegIds(wishes)
    const live = new Map(current.map(binding => [binding.key, binding]))
    for (const { contact, expires } of wishes) {
      const old = findBinding(live.values(), contact)
      if (old && isOutOfOrder(request, old) && current.includes(old)) return outOfOrder()
      const key = old?.key ?? contactKey(contact)
      const granted = grantedExpires(expires, limits)
      if (granted === 0) live.delete(key)
      else live.set(key, this.#bind(request, source, contact, { id: old?.id ?? randomId(), key, granted }))
    }
    this.#makeRoom(live, current)
    // Who is above a limit that was lowered may still refresh.
    if (this.#exceeds(live.size) && live.size > current.length) return tooManyContacts()
    return {
      put: [...live.values()].filter(binding => !current.includes(binding)),
      remove: current.filter(binding => !live.has(binding.key)),
    }
  }

  /** Every reload of a page leaves a binding behind; above the limit those whose connection is closed go, oldest first. */
  #makeRoom(live: Map<string, Binding>, current: readonly Binding[]): void {
    if (!this.#exceeds(live.size)) return
    const gone = current.filter(binding => live.get(binding.key) === binding && this.#isGone(binding))
    gone.sort((a, b) => a.registeredAt - b.registeredAt)
    for (const { key } of gone) if (this.#exceeds(live.size)) live.delete(key)
  }

  #bind(
    request: Request,
    { aor, flow: { id: flowId, transport, local, remote }, isWebSocket }: RegisterSource,
    contact: Contact,
    { id, key, granted }: { id: string; key: string; granted: number },
  ): Binding {
    const now = this.#clock.now()
    return {
      id,
      aor: detach(aor),
      key: detach(key),
      contact: detach(contact.uriText),
      params: detach(contact.params),
      instanceId: contact.instanceId && detach(contact.instanceId),
      regId: contact.regId,
      q: contact.q,
      callId: detach(request.callId),
      cseq: request.cseq.number,
      expiresAt: now + granted * 1000,
      userAgent: remark(request.header('user-agent')),
      methods: remark(contact.methods ?? (request.has('allow') ? request.list('allow').join(', ') : undefined)),
      path: request.list('path').map(detach),
      flow: { id: flowId, transport, local: { ...local }, remote: { ...remote } },
      isWebSocket,
      registeredAt: now,
    }
  }

  /** 200 with every current binding and the time that is left to it (§10.3 step 8). */
  #accept(request: Request, aor: string): RegisterResult {
    const now = this.#clock.now()
    const headers: [string, string][] = this.#location.lookup(aor).map(({ contact, params = '', expiresAt }) => {
      return ['Contact', `<${contact}>${params};expires=${Math.ceil((expiresAt - now) / 1000)}`]
    })
    // RFC 3327 §5.3.
    if (request.lists('supported', 'path')) for (const path of request.list('path')) headers.push(['Path', path])
    headers.push(['Date', new Date(now).toUTCString()])
    return { status: 200, headers }
  }

  #checkSizes(request: Request, contacts: readonly string[]): void {
    const { fieldBytes, pathEntries } = this.#limits
    const path = request.list('path')
    if (this.#exceeds(contacts.length)) throw new ParseError('Too Many Contacts', 403)
    if (pathEntries && path.length > pathEntries) throw new ParseError('Too Many Path Entries')
    for (const text of [request.callId, ...contacts, ...path]) {
      if (fieldBytes && text.length > fieldBytes) throw new ParseError('Registration Too Long')
      // They come back in responses and Routes; a bare CR would be a line end to some.
      if (/[\0-\x08\x0a-\x1f\x7f]/.test(text)) throw new ParseError('Control Character In Registration')
    }
  }

  #exceeds(contacts: number): boolean {
    return this.#limits.contacts > 0 && contacts > this.#limits.contacts
  }
}

/** `Contact: *` stands alone and with `Expires: 0`, or is an error (§10.3 step 6). */
function removeAll(
  request: Request,
  contacts: readonly string[],
  current: readonly Binding[],
): BindingChange | RegisterResult {
  if (contacts.length > 1 || wishedExpires(undefined, request.header('expires')) !== 0)
    return refuse(400, 'Contact * Needs Expires 0 And Nothing Else')
  return current.some(binding => isOutOfOrder(request, binding)) ? outOfOrder() : { put: [], remove: current }
}

function readWish(request: Request, text: string): Wish {
  const contact = parseContact(text)
  return { contact, expires: wishedExpires(contact.expires, request.header('expires')) }
}

/** One flow is registered at a time (RFC 5626 §4.2). */
function checkRegIds(wishes: readonly Wish[]): void {
  const added = wishes.filter(({ expires }) => expires !== 0)
  if (added.length > 1 && added.some(({ contact }) => contact.regId !== undefined))
    throw new ParseError('Several Contacts With reg-id')
}

/** Older than what is stored, or the same again: retransmissions never come here (§10.3 step 7). */
const isOutOfOrder = (request: Request, { callId, cseq }: Binding): boolean =>
  request.callId === callId && request.cseq.number <= cseq

const refuse = (status: number, reason?: string, headers: RegisterResult['headers'] = []): RegisterResult => ({
  status,
  reason,
  headers,
})
const outOfOrder = (): RegisterResult => refuse(500, 'CSeq Out Of Order')
const tooManyContacts = (): RegisterResult => refuse(403, 'Too Many Contacts')

const remark = (text: string | undefined): string | undefined => text && detach(text.slice(0, maxRemarkBytes))
