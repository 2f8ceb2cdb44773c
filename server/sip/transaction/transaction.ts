import type { Response } from '../message/message.ts'
import type { Peer } from './peer.ts'

/** Each drawn in the file of its machine. */
export type InviteClientState =
  'calling' | 'cancel-waiting' | 'proceeding' | 'cancelling' | 'accepted' | 'completed' | 'terminated'
export type NonInviteClientState = 'trying' | 'proceeding' | 'completed' | 'terminated'
export type InviteServerState = 'trying' | 'proceeding' | 'accepted' | 'completed' | 'confirmed' | 'terminated'
export type NonInviteServerState = 'trying' | 'proceeding' | 'completed' | 'terminated'

/** The transaction user (TU) above a server transaction. */
export interface ServerUser {
  /**
   * A response could not be sent. An INVITE transaction goes on (RFC 6026 §7.1), another one ends. Not called for a
   * transaction that has ended, as one that is no INVITE does with its final response over a reliable transport.
   */
  failed?(error: Error): void
  /** INVITE only: no ACK came for the non-2xx final response (timer H). */
  timeout?(): void
  /** The end, whatever the reason; the last call. Not called on `close` of the layer. */
  terminated?(): void
}

export interface ServerTransaction {
  /** Where responses go: the peer of the first request, or when that is closed the one of a later retransmission. */
  readonly peer: Peer
  readonly state: InviteServerState | NonInviteServerState
  /** Of the first final response that was sent. */
  readonly finalStatus: number | undefined
  /**
   * Sends a response; `text` is the whole of it. Ignored when the state does not allow it: a second non-2xx final
   * response, a provisional one after a final. To a request that is no INVITE provisional responses are ignored but for
   * 100, and 100 too until RFC 4320 §4.1 allows it; a 408 is not sent either,
   * as the client has given up by itself: retransmissions are absorbed until then (§4.2).
   */
  respond(text: string, status: number): void
}

/** A request on its way out. */
export interface ClientRequest {
  /** The whole request; its top Via carries `branch` and `sentBy`. */
  readonly text: string
  readonly method: string
  readonly branch: string
  /** host:port of that Via, the port even when it is the default one. */
  readonly sentBy: string
}

/** The transaction user (TU) above a client transaction. */
export interface ClientUser {
  /**
   * A provisional response, the final one, or to INVITE any number of 2xx. Retransmissions do not come here, but for
   * 2xx.
   */
  response(response: Response): void
  /** Nobody answered: timer B or F, or no final response within 64*T1 after a CANCEL. */
  timeout(): void
  /** The request, or the ACK for a non-2xx, could not be sent. */
  failed(error: Error): void
  /** The end, whatever the reason; the last call. Not called on `close` of the layer. */
  terminated?(): void
}

export interface ClientTransaction {
  readonly branch: string
  readonly state: InviteClientState | NonInviteClientState
  /**
   * INVITE only; otherwise, or when a final response has come, it does nothing. Sends CANCEL now, or as soon as a
   * provisional response has come (RFC 3261 §9.1). `reason` is the value of a Reason header field (RFC 3326). The first
   * call counts.
   */
  cancel(reason?: string): void
}
