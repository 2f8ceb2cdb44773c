import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import type { Engines } from '../media/engines.ts'
import type { MediaSession } from '../media/media-session.ts'
import type { LocationService } from '../registrar/location.ts'
import { createResponse } from '../sip/message/create.ts'
import type { Field, Request } from '../sip/message/message.ts'
import { forwardRequest, newBranch } from '../sip/proxy/forward.ts'
import { type ProxyUser, ResponseContext, TargetRefusal } from '../sip/proxy/response-context.ts'
import type { ServerTransaction, TransactionLayer } from '../sip/transaction/transaction-layer.ts'
import type { Flow } from '../sip/transport/flow.ts'
import type { Advertised } from './advertised.ts'
import { assertedIdentities } from './asserted-identities.ts'
import { CallsInSetUp } from './calls-in-set-up.ts'
import { refuseReliability, spareReliability } from './client-care.ts'
import { hangUp } from './hang-up.ts'
import type { Home } from './home.ts'
import type { Destination, Fork, Inbound, Relay } from './inbound.ts'
import { CallMedia, DialogMedia, type EdgeTarget, type MediaParty, profileOfFlow, sessionOf } from './media-path.ts'
import { ownCredentials } from './own-credentials.ts'
import type { RouteToken, RouteTokens } from './route-token.ts'

export interface ForwarderParts {
  readonly transactions: TransactionLayer
  readonly clock: Clock
  readonly log: Log
  readonly home: Home
  readonly advertised: Advertised
  readonly tokens: RouteTokens
  readonly location: LocationService
  /** undefined: SDP passes untouched (`media.mode: none`). */
  readonly engines?: Engines
  /** The request has its final response. */
  readonly done: (server: ServerTransaction) => void
}

/** The caller's leg in every media session; targets are b0, b1, … */
const callerLeg = 'a'

/** Requests that make no dialog and so need no way back through us (R4.2). */
const withoutRecordRoute = new Set(['REGISTER', 'MESSAGE', 'OPTIONS', 'PUBLISH'])

/** Sends requests on where the policy decided, with the media that goes with them. */
export class Forwarder {
  readonly #parts: ForwarderParts
  readonly #callsInSetUp = new CallsInSetUp()

  constructor(parts: ForwarderParts) {
    this.#parts = parts
  }

  /** Throws NoEngineError, before anything has been sent, when an INVITE needs an engine and there is none. */
  forward(inbound: Inbound, server: ServerTransaction, decision: Fork | Relay): void {
    if (decision.do === 'fork') this.#fork(inbound, server, decision)
    else this.#relay(inbound, server, decision)
  }

  flowClosed(flow: Flow): void {
    this.#callsInSetUp.flowClosed(flow)
  }

  /** The ACK of a 2xx is no transaction: on it goes (RFC 6026 §8.10). */
  acknowledge(inbound: Inbound, decision: Fork | Relay): void {
    if (decision.do === 'fork' || !decision.destination) return
    const { media, receiver } = this.#within(inbound, decision)
    const target = this.#partner(inbound, decision.destination, receiver)
    const send = (body?: string): void =>
      target.peer.send(forwardRequest(inbound.request, { ...target, branch: newBranch(), body }))
    const failed = (error: unknown): void =>
      this.#parts.log.error({ callId: inbound.request.callId, err: error }, 'an ACK could not be passed on')
    const body = media?.acknowledge()
    if (body) body.then(send).catch(failed)
    else send()
  }

  #fork(inbound: Inbound, server: ServerTransaction, { groups }: Fork): void {
    const { request, flow } = inbound
    const isInvite = request.method === 'INVITE'
    const session = isInvite ? this.#parts.engines?.open() : undefined
    const caller: MediaParty = { id: callerLeg, profile: profileOfFlow(flow), signalledFrom: flow.remote.host }
    let legs = 0
    const targets = groups.map(group => group.map(to => this.#target(inbound, to, caller, `b${legs++}`, session)))
    const media = session && new CallMedia(session, request, caller)
    if (isInvite) this.#tell(inbound, 'call', { targets: legs })
    this.#run(inbound, server, targets, {
      prepare: attempt =>
        (isInvite && attempt.target.leg.profile === 'webrtc' ? refuseReliability(request) : undefined) ??
        media?.prepare(attempt),
      answer: (attempt, response) => media?.answer(attempt, response),
      attemptEnded: (attempt, won) => media?.attemptEnded(attempt, won),
      ended: status => {
        media?.ended(status)
        if (isInvite) this.#tell(inbound, status < 300 ? 'call answered' : 'call not answered', { status })
      },
    })
  }

  #relay(inbound: Inbound, server: ServerTransaction, decision: Relay): void {
    const { request, toTag } = inbound
    const { media, receiver } = this.#within(inbound, decision)
    const ended = (status: number): void => {
      media?.ended(status)
      if (request.method === 'BYE') this.#tell(inbound, 'call ended', { status })
    }
    if (!decision.destination) {
      server.respond(createResponse(request, 480, { reason: 'Flow Is Gone', toTag }), 480)
      this.#parts.done(server)
      ended(480)
      return
    }
    this.#run(inbound, server, [[this.#partner(inbound, decision.destination, receiver)]], {
      prepare: () => media?.prepare(),
      answer: (attempt, response) => media?.answer(attempt, response),
      ended,
    })
  }

  /** The party a request within a dialog is for, and the media of the two. */
  #within({ request, flow }: Inbound, { destination, from, to }: Relay) {
    const session = sessionOf(this.#parts.engines, to)
    const sender: MediaParty = { id: from.leg, profile: from.profile, signalledFrom: flow.remote.host }
    const receiver: MediaParty = { id: to.leg, profile: to.profile, signalledFrom: destination?.flow.remote.host }
    return { receiver, media: session && new DialogMedia(session, request, sender, receiver) }
  }

  #partner({ request, ownRoutes }: Inbound, destination: Destination, leg: MediaParty): EdgeTarget {
    return { ...this.#way(request, destination), ownRoutes: ownRoutes.length, leg }
  }

  #target(inbound: Inbound, to: Destination, caller: MediaParty, leg: string, session?: MediaSession): EdgeTarget {
    const { request, flow, ownRoutes } = inbound
    const profile = profileOfFlow(to.flow)
    const recordRoutes = (): string[] => {
      const media = { session: session?.id ?? '', engine: session?.engineId ?? '' }
      const reach = to.binding === undefined ? { flow: refOf(to.flow) } : { binding: to.binding }
      const back = { ...media, leg: caller.id, profile: caller.profile, to: this.#identityOf(inbound) }
      const callee = { ...media, leg, profile, to: reach }
      return [this.#recordRoute(request, to.flow, callee), this.#recordRoute(request, flow, back)]
    }
    return {
      ...this.#way(request, to),
      ownRoutes: ownRoutes.length,
      recordRoutes: withoutRecordRoute.has(request.method) ? [] : recordRoutes(),
      leg: { id: leg, profile },
      edit: profile === 'webrtc' ? edit => spareReliability(request, edit) : undefined,
    }
  }

  /** How a destination is reached, how it reaches us, and what it must not see. */
  #way(request: Request, { uri, flow, routes, fromLastRoute }: Destination) {
    const sentBy = this.#parts.advertised.hostPortFor(flow)
    const via = `SIP/2.0/${flow.transport.toUpperCase()} ${sentBy}`
    const remove = this.#privateFields(request)
    return { uri, flow, peer: flow, routes, fromLastRoute, sentBy, via, remove, signalledFrom: flow.remote.host }
  }

  /** The caller as the dialog will find him again: by his binding when he has one on this flow, else by the flow. */
  #identityOf({ account, flow }: Inbound): RouteToken['to'] {
    const aor = account && `sip:${account.username}@${account.domain}`
    const binding = aor && this.#parts.location.lookup(aor).find(({ flow: { id } }) => id === flow.id)
    return binding ? { binding: binding.id } : { flow: refOf(flow) }
  }

  /** One value for each side, always: each says how that side is reached (RFC 5658 for the double Record-Route). */
  #recordRoute({ callId }: Request, flow: Flow, token: RouteToken): string {
    const transport = flow.transport === 'udp' ? '' : `;transport=${flow.transport === 'wss' ? 'ws' : flow.transport}`
    const user = this.#parts.tokens.issue(token, callId)
    return `<sip:${user}@${this.#parts.advertised.hostPortFor(flow)}${transport};lr>`
  }

  #run(
    inbound: Inbound,
    server: ServerTransaction,
    groups: readonly (readonly EdgeTarget[])[],
    user: ProxyUser<EdgeTarget>,
  ): void {
    const { request, toTag } = inbound
    const { transactions, clock, done } = this.#parts
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
          done(server)
          unwatch()
          user.ended?.(status)
        },
        extraAnswer: (attempt, response) => hangUp(transactions, request, attempt, response),
        fault: error => this.#tellFault(inbound, error),
      },
    })
    inbound.onCancel = reason => context.cancel(reason)
    const unwatch = this.#watch(inbound, context, groups)
    context.start()
    if (inbound.isCancelled) context.cancel()
    // Gone while the policy waited for something.
    if (inbound.isFromWebSocket && !inbound.flow.isOpen) context.leave()
  }

  /** A re-INVITE is not watched: its dialog may go on over the next socket. */
  #watch(
    { request, flow }: Inbound,
    context: ResponseContext<EdgeTarget>,
    groups: readonly (readonly EdgeTarget[])[],
  ): () => void {
    if (request.method !== 'INVITE' || request.to.tag !== undefined) return () => undefined
    const flowClosed = (closed: Flow): void => {
      context.lose(closed)
      if (closed === flow) context.leave()
    }
    return this.#callsInSetUp.watch({ flowClosed }, [flow, ...groups.flat().map(target => target.flow)])
  }

  /** What ends here. */
  #privateFields(request: Request): Field[] {
    return [...ownCredentials(request, this.#parts.home), ...assertedIdentities(request)]
  }

  /** An SDP that the engine refuses is the peer's mistake, all else is ours. */
  #tellFault({ request: { callId } }: Inbound, error: unknown): void {
    if (error instanceof TargetRefusal) this.#parts.log.warn({ callId, why: error.message }, 'an answer was refused')
    else this.#parts.log.error({ callId, err: error }, 'a target could not be tried')
  }

  /** One line for each turn in the life of a call. */
  #tell({ request }: Inbound, what: string, more: object): void {
    this.#parts.log.info({ callId: request.callId, from: request.from.uriText, to: request.to.uriText, ...more }, what)
  }
}

const refOf = ({ id, transport, local, remote }: Flow) => ({ id, transport, local, remote })
