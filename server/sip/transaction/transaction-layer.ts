import type { Clock } from '../../lib/clock.ts'
import type { Request, Response } from '../message/message.ts'
import { InviteClientTransaction, type SendCancel } from './invite-client.ts'
import { InviteServerTransaction } from './invite-server.ts'
import type { Surroundings } from './machine.ts'
import { clientKey, clientKeyOf, inviteKeysOfAck, serverKey } from './matching.ts'
import { NonInviteClientTransaction } from './non-invite-client.ts'
import { NonInviteServerTransaction } from './non-invite-server.ts'
import type { Peer } from './peer.ts'
import { type BaseTimers, defaultBaseTimers, deriveTimers } from './timers.ts'
import type { ClientRequest, ClientTransaction, ClientUser, ServerTransaction, ServerUser } from './transaction.ts'

export type * from './transaction.ts'

export interface TransactionLimits {
  /** Transactions, client and server, above which no new request is taken. Default 200,000. */
  readonly transactions: number
}

export const defaultTransactionLimits: TransactionLimits = { transactions: 200_000 }

export interface TransactionLayerOptions {
  readonly clock: Clock
  /** T1, T2 and T4 in milliseconds. Default 500, 4000, 5000. */
  readonly timers?: Partial<BaseTimers>
  readonly limits?: Partial<TransactionLimits>
}

/** The CANCEL of an INVITE has a transaction for its retransmissions only; what matters is how the INVITE ends. */
const nobody: ClientUser = { response() {}, timeout() {}, failed() {} }

/**
 * Matches messages to transactions and makes them (RFC 3261 §17). Give it messages that `validateRequest` or
 * `validateResponse` have let pass. A new request goes `absorb` → (false) → `createServer`, without a wait between.
 */
export class TransactionLayer {
  readonly #servers = new Map<string, InviteServerTransaction | NonInviteServerTransaction>()
  readonly #clients = new Map<string, InviteClientTransaction | NonInviteClientTransaction>()
  readonly #aroundServers: Surroundings
  readonly #aroundClients: Surroundings
  readonly #limit: number
  #closed = false

  constructor(options: TransactionLayerOptions) {
    const { clock } = options
    const base = { ...defaultBaseTimers, ...options.timers }
    const timers = { reliable: deriveTimers(base, true), unreliable: deriveTimers(base, false) }
    this.#aroundServers = { clock, timers, ended: ({ key }) => void this.#servers.delete(key) }
    this.#aroundClients = { clock, timers, ended: ({ key }) => void this.#clients.delete(key) }
    this.#limit = options.limits?.transactions ?? defaultTransactionLimits.transactions
  }

  /** Transactions that live now. */
  get size(): number {
    return this.#servers.size + this.#clients.size
  }

  /**
   * True when the request belongs to a server transaction and nothing is left to do: a retransmission, or the ACK for a
   * non-2xx. False for a new request, and for an ACK to a 2xx: these are for the TU.
   */
  absorb(request: Request, peer: Peer): boolean {
    if (request.method === 'ACK') return this.#absorbAck(request)
    const transaction = this.#servers.get(serverKey(request))
    transaction?.retransmitted(peer)
    return transaction !== undefined
  }

  #absorbAck(ack: Request): boolean {
    for (const key of inviteKeysOfAck(ack)) {
      const invite = this.#servers.get(key)
      if (invite instanceof InviteServerTransaction && invite.acknowledge(ack)) return true
    }
    return false
  }

  /** False when it matches no client transaction: then it must be dropped, never forwarded (RFC 6026 §7.3). */
  receiveResponse(response: Response): boolean {
    const transaction = this.#clients.get(clientKeyOf(response))
    transaction?.receive(response)
    return transaction !== undefined
  }

  /**
   * A transaction for a new request that `absorb` did not take. Undefined over the limit, and after `close`: answer 503
   * without state. The limit is asked only here, where work comes in; what serves a request that was taken never fails
   * for it. Throws TypeError for an ACK and for a request that already has a transaction.
   */
  createServer(request: Request, peer: Peer, user: ServerUser): ServerTransaction | undefined {
    const key = serverKey(request)
    if (request.method === 'ACK') throw new TypeError('An ACK makes no transaction')
    if (this.#servers.has(key)) throw new TypeError('The request has a transaction already')
    if (this.#closed || this.size >= this.#limit) return undefined
    const Kind = request.method === 'INVITE' ? InviteServerTransaction : NonInviteServerTransaction
    const transaction = new Kind(request, { key, peer, user, around: this.#aroundServers })
    this.#servers.set(key, transaction)
    transaction.begin()
    return transaction
  }

  /**
   * Sends a request and makes the transaction that looks after it. `user` is never called before this has returned, but
   * for a response that comes while `peer.send` runs. After `close` nothing is sent and nobody called. Throws TypeError
   * for an ACK (the one for a 2xx is sent without a transaction) and for a branch that is in use.
   */
  createClient(sent: ClientRequest, peer: Peer, user: ClientUser): ClientTransaction {
    const { branch, sentBy, method } = sent
    const key = clientKey(branch, sentBy, method)
    if (method === 'ACK') throw new TypeError('An ACK makes no transaction')
    if (this.#clients.has(key)) throw new TypeError('The branch is in use')
    const parts = { key, peer, user, around: this.#aroundClients, sendCancel: this.#sendCancel }
    const transaction =
      method === 'INVITE' ? new InviteClientTransaction(sent, parts) : new NonInviteClientTransaction(sent, parts)
    if (this.#closed) {
      transaction.close()
      return transaction
    }
    this.#clients.set(key, transaction)
    transaction.begin()
    return transaction
  }

  readonly #sendCancel: SendCancel = (text, { branch, sentBy }, peer) => {
    this.createClient({ text, method: 'CANCEL', branch, sentBy }, peer, nobody)
  }

  /**
   * The INVITE server transaction that this CANCEL names (§9.2), whatever its state; its `finalStatus` says whether it
   * is late.
   */
  findCancelled(cancel: Request): ServerTransaction | undefined {
    return this.#servers.get(serverKey(cancel, 'INVITE'))
  }

  /** Stops every timer and forgets every transaction; calls nobody. Final and idempotent. */
  close(): void {
    this.#closed = true
    for (const transaction of this.#servers.values()) transaction.close()
    for (const transaction of this.#clients.values()) transaction.close()
  }
}
