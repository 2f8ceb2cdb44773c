import type { Log } from '../lib/log.ts'
import { NoEngineError } from '../media/engines.ts'
import { createResponse } from '../sip/message/create.ts'
import { Request, type Response } from '../sip/message/message.ts'
import { validateRequest, validateResponse } from '../sip/message/validate.ts'
import type { ServerTransaction, ServerUser } from '../sip/transaction/transaction-layer.ts'
import type { Flow } from '../sip/transport/flow.ts'
import { Forwarder, type ForwarderParts } from './forwarder.ts'
import { type Decision, Inbound, reply, type Reply, type Step } from './inbound.ts'
import { policy, type PolicyParts } from './policy.ts'

export interface EdgeParts extends Omit<PolicyParts, 'inboundOf'>, Omit<ForwarderParts, 'done'> {
  readonly log: Log
  /** Where the response to a request on this flow goes (RFC 3261 §18.2.2, RFC 3581 §4). */
  readonly responseFlow: (request: Request, flow: Flow) => Flow
}

/** Takes every message from the transports, walks the policy, and does what it decides. */
export class Edge {
  readonly #parts: EdgeParts
  readonly #steps: readonly Step[]
  readonly #forwarder: Forwarder
  /** Requests that can still be cancelled. */
  readonly #inbounds = new WeakMap<ServerTransaction, Inbound>()
  /** One for all: what a transaction holds on to stays in memory for half a minute. */
  readonly #serverUser: ServerUser

  constructor(parts: EdgeParts) {
    this.#parts = parts
    this.#serverUser = { timeout: () => parts.log.debug({}, 'no ACK came for a final response') }
    this.#steps = policy({ ...parts, inboundOf: server => this.#inbounds.get(server) })
    this.#forwarder = new Forwarder({ ...parts, done: server => void this.#inbounds.delete(server) })
  }

  receive(message: Request | Response, flow: Flow): void {
    if (message instanceof Request) this.#receiveRequest(message, flow)
    // A response that is broken or that nobody waits for is dropped (RFC 3261 §16.7, RFC 6026 §7.2).
    else if (!validateResponse(message)) this.#parts.transactions.receiveResponse(message)
  }

  /** A connection is gone. */
  flowClosed(flow: Flow): void {
    this.#forwarder.flowClosed(flow)
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
    else if (decision.do === 'drop')
      this.#parts.log.debug({ callId: inbound.request.callId }, `dropped: ${decision.why}`)
    else if (inbound.request.method === 'ACK') this.#forwarder.acknowledge(inbound, decision)
    else {
      const server = this.#begin(inbound)
      if (server) this.#forwarder.forward(inbound, server, decision)
    }
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
    } else this.#parts.responseFlow(request, inbound.flow).send(text)
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
}
