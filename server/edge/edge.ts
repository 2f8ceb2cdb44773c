import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import { type Engines, NoEngineError } from '../media/engines.ts'
import type { MediaSession } from '../media/media-session.ts'
import { createResponse } from '../sip/message/create.ts'
import { Request, type Response } from '../sip/message/message.ts'
import { validateRequest, validateResponse } from '../sip/message/validate.ts'
import { forwardRequest, newBranch } from '../sip/proxy/forward.ts'
import { type ProxyUser, ResponseContext } from '../sip/proxy/response-context.ts'
import type { ServerTransaction, ServerUser } from '../sip/transaction/transaction-layer.ts'
import type { Flow } from '../sip/transport/flow.ts'
import type { Advertised } from './advertised.ts'
import { refuseReliability, spareReliability } from './client-care.ts'
import { hangUp } from './hang-up.ts'
import { type Decision, type Destination, Inbound, reply, type Reply, type Step } from './inbound.ts'
import { CallMedia, DialogMedia, type EdgeTarget, type MediaParty, profileOfFlow, sessionOf } from './media-path.ts'
import { policy, type PolicyParts } from './policy.ts'
import type { RouteToken } from './route-token.ts'

export interface EdgeParts extends Omit<PolicyParts, 'inboundOf'> {
  readonly clock: Clock
  readonly log: Log
  readonly advertised: Advertised
  /** undefined: SDP passes untouched (`media.mode: none`). */
  readonly engines?: Engines
  /** Where the response to a request on this flow goes (RFC 3261 §18.2.2, RFC 3581 §4). */
  readonly responseFlow: (request: Request, flow: Flow) => Flow
}

type ForkDecision = Extract<Decision, { do: 'fork' }>
type RelayDecision = Extract<Decision, { do: 'relay' }>

/** The caller's leg in every media session; targets are b0, b1, … */
const callerLeg = 'a'

/** Requests that make no dialog and so need no way back through us (R4.2). */
const withoutRecordRoute = new Set(['REGISTER', 'MESSAGE', 'OPTIONS', 'PUBLISH'])

/** Takes every message from the transports, walks the policy, and does what it decides. */
export class Edge {
  readonly #parts: EdgeParts
  readonly #steps: readonly Step[]
  /** Requests that can still be cancelled. */
  readonly #inbounds = new WeakMap<ServerTransaction, Inbound>()
  /** One for all: what a transaction holds on to stays in memory for half a minute. */
  readonly #serverUser: ServerUser

  constructor(parts: EdgeParts) {
    this.#parts = parts
    this.#serverUser = { timeout: () => parts.log.debug({}, 'no ACK came for a final response') }
    this.#steps = policy({ ...parts, inboundOf: server => this.#inbounds.get(server) })
  }

  receive(message: Request | Response, flow: Flow): void {
    if (message instanceof Request) this.#receiveRequest(message, flow)
    // A response that is broken or that nobody waits for is dropped (RFC 3261 §16.7, RFC 6026 §7.2).
    else if (!validateResponse(message)) this.#parts.transactions.receiveResponse(message)
  }

  #receiveRequest(request: Request, flow: Flow): void {
    const defect = validateRequest(request)
    if (!defect && this.#parts.transactions.absorb(request, flow)) return
    this.#walk(new Inbound(request, flow, defect), 0)
  }

  #walk(inbound: Inbound, from: number): void {
    try {
      this.#act(inbound, this.#decide(inbound, from))
    } catch (error) {
      this.#fail(inbound, error)
    }
  }

  /** Step by step, without a promise as long as no step makes one. undefined: it is decided elsewhere, or later. */
  #decide(inbound: Inbound, from: number): Decision | undefined {
    for (let i = from; i < this.#steps.length; i++) {
      const decision = this.#steps[i]!(inbound)
      if (decision instanceof Promise) {
        this.#await(inbound, decision, i + 1)
        return undefined
      }
      if (decision) return decision
      // Challenges cost us no state (RFC 3261 §26.3.2.4); whoever has proved himself gets a transaction.
      if (inbound.account && !this.#begin(inbound)) return undefined
    }
    return reply(404)
  }

  #await(inbound: Inbound, pending: Promise<Decision | undefined>, next: number): void {
    // What is under way absorbs its retransmissions.
    if (!this.#begin(inbound)) return
    pending
      .then(decision => (decision ? this.#act(inbound, decision) : this.#walk(inbound, next)))
      .catch((error: unknown) => this.#fail(inbound, error))
  }

  #act(inbound: Inbound, decision: Decision | undefined): void {
    if (!decision) return
    if (decision.do === 'reply') this.#reply(inbound, decision)
    else if (decision.do === 'fork') this.#fork(inbound, decision)
    else if (decision.do === 'relay') this.#relay(inbound, decision)
    else this.#parts.log.debug({ callId: inbound.request.callId }, `dropped: ${decision.why}`)
  }

  #fail(inbound: Inbound, error: unknown): void {
    if (error instanceof NoEngineError) {
      this.#reply(inbound, reply(error.status, error.reason))
      return
    }
    this.#parts.log.error({ callId: inbound.request.callId, err: error }, 'a request could not be handled')
    this.#reply(inbound, reply(500))
  }

  #reply(inbound: Inbound, { status, reason, headers }: Reply): void {
    const { request, toTag, server } = inbound
    if (request.method === 'ACK') return
    const text = createResponse(request, status, { reason, headers, toTag })
    if (server) {
      server.respond(text, status)
      this.#inbounds.delete(server)
    } else if (!inbound.defect || request.has('via')) this.#parts.responseFlow(request, inbound.flow).send(text)
  }

  /** The request's server transaction; undefined when there are too many, which the sender has been told. */
  #begin(inbound: Inbound): ServerTransaction | undefined {
    if (inbound.server || inbound.request.method === 'ACK') return inbound.server
    const { request, flow } = inbound
    const { transactions, responseFlow } = this.#parts
    const server = transactions.createServer(request, responseFlow(request, flow), this.#serverUser)
    if (!server) {
      this.#reply(inbound, reply(503, undefined, [['Retry-After', '5']]))
      return undefined
    }
    inbound.server = server
    this.#inbounds.set(server, inbound)
    return server
  }

  #fork(inbound: Inbound, { groups }: ForkDecision): void {
    const server = this.#begin(inbound)
    if (!server) return
    const { request, flow } = inbound
    const isInvite = request.method === 'INVITE'
    const session = isInvite ? this.#parts.engines?.open() : undefined
    const caller: MediaParty = { id: callerLeg, profile: profileOfFlow(flow), signalledFrom: flow.remote.host }
    let legs = 0
    const targets = groups.map(group => group.map(to => this.#target(inbound, to, caller, `b${legs++}`, session)))
    const media = session && new CallMedia(session, request, caller)
    this.#forward(inbound, server, targets, {
      prepare: attempt =>
        (isInvite && attempt.target.leg.profile === 'webrtc' ? refuseReliability(request) : undefined) ??
        media?.prepare(attempt),
      answer: (attempt, response) => media?.answer(attempt, response),
      attemptEnded: (attempt, won) => media?.attemptEnded(attempt, won),
      ended: status => media?.ended(status),
    })
  }

  #target(inbound: Inbound, to: Destination, caller: MediaParty, leg: string, session?: MediaSession): EdgeTarget {
    const { request, flow } = inbound
    const profile = profileOfFlow(to.flow)
    const recordRoutes = (): string[] => {
      const media = { session: session?.id ?? '', engine: session?.engineId ?? '' }
      const callee: RouteToken = {
        ...media,
        leg,
        profile,
        to: to.binding === undefined ? { flow: refOf(to.flow) } : { binding: to.binding },
      }
      const back: RouteToken = { ...media, leg: caller.id, profile: caller.profile, to: this.#identityOf(inbound) }
      return [this.#recordRoute(to.flow, callee), this.#recordRoute(flow, back)]
    }
    return {
      ...this.#way(to),
      ownRoutes: inbound.ownRoutes.length,
      recordRoutes: withoutRecordRoute.has(request.method) ? [] : recordRoutes(),
      remove: inbound.consumed,
      leg: { id: leg, profile },
      edit: profile === 'webrtc' ? edit => spareReliability(request, edit) : undefined,
    }
  }

  /** How a destination is reached, and how it reaches us. */
  #way({ uri, flow, routes, fromLastRoute }: Destination) {
    const sentBy = this.#parts.advertised.hostPortFor(flow)
    const via = `SIP/2.0/${flow.transport.toUpperCase()} ${sentBy}`
    return { uri, flow, peer: flow, routes, fromLastRoute, sentBy, via, signalledFrom: flow.remote.host }
  }

  /** The caller as the dialog will find him again: by his binding when he has one on this flow, else by the flow. */
  #identityOf({ account, flow }: Inbound): RouteToken['to'] {
    const aor = account && `sip:${account.username}@${account.domain}`
    const binding = aor && this.#parts.location.lookup(aor).find(({ flow: { id } }) => id === flow.id)
    return binding ? { binding: binding.id } : { flow: refOf(flow) }
  }

  /** One value for each side, always: each says how that side is reached (RFC 5658 for the double Record-Route). */
  #recordRoute(flow: Flow, token: RouteToken): string {
    const transport = flow.transport === 'udp' ? '' : `;transport=${flow.transport === 'wss' ? 'ws' : flow.transport}`
    return `<sip:${this.#parts.tokens.issue(token)}@${this.#parts.advertised.hostPortFor(flow)}${transport};lr>`
  }

  #relay(inbound: Inbound, { destination, from, to }: RelayDecision): void {
    const { request, flow, ownRoutes } = inbound
    const session = sessionOf(this.#parts.engines, to)
    const sender: MediaParty = { id: from.leg, profile: from.profile, signalledFrom: flow.remote.host }
    const receiver: MediaParty = { id: to.leg, profile: to.profile, signalledFrom: destination.flow.remote.host }
    const media = session && new DialogMedia(session, request, sender, receiver)
    // The sender's value may stand in the Request-URI instead (strict routing), so that one less is on top.
    const way = { ...this.#way(destination), ownRoutes: ownRoutes.length, leg: receiver }
    if (request.method === 'ACK') {
      this.#acknowledge(inbound, way, media)
      return
    }
    const server = this.#begin(inbound)
    if (!server) return
    this.#forward(inbound, server, [[way]], {
      prepare: () => media?.prepare(),
      answer: (attempt, response) => media?.answer(attempt, response),
      ended: status => media?.ended(status),
    })
  }

  /** The ACK of a 2xx is no transaction: on it goes (RFC 6026 §8.10). */
  #acknowledge(inbound: Inbound, way: EdgeTarget, media: DialogMedia | undefined): void {
    const send = (body?: string): void =>
      way.peer.send(forwardRequest(inbound.request, { ...way, branch: newBranch(), body }))
    const body = media?.acknowledge()
    if (body) body.then(send, (error: unknown) => this.#fail(inbound, error))
    else send()
  }

  #forward(
    inbound: Inbound,
    server: ServerTransaction,
    groups: readonly (readonly EdgeTarget[])[],
    user: ProxyUser<EdgeTarget>,
  ): void {
    const { request, toTag } = inbound
    const { transactions, clock, log } = this.#parts
    if (request.method === 'INVITE') server.respond(createResponse(request, 100), 100)
    const context = new ResponseContext<EdgeTarget>({
      transactions,
      request,
      server,
      groups,
      clock,
      toTag,
      oneAnswer: inbound.isFromWebSocket,
      user: {
        ...user,
        ended: status => {
          this.#inbounds.delete(server)
          user.ended?.(status)
        },
        extraAnswer: (attempt, response) => hangUp(transactions, request, attempt, response),
        fault: error => log.error({ callId: request.callId, err: error }, 'a target could not be tried'),
      },
    })
    inbound.onCancel = reason => context.cancel(reason)
    context.start()
    if (inbound.isCancelled) context.cancel()
  }
}

const refOf = ({ id, transport, local, remote }: Flow) => ({ id, transport, local, remote })
