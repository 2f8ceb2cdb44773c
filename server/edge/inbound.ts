import { createHash } from 'node:crypto'
import type { Subscriber } from '../accounts/subscriber.ts'
import type { Request } from '../sip/message/message.ts'
import type { ParseError } from '../sip/message/parse-error.ts'
import type { ServerTransaction } from '../sip/transaction/transaction-layer.ts'
import type { Flow } from '../sip/transport/flow.ts'
import type { RouteToken } from './route-token.ts'

/** One request on its way through the policy: what the steps know of it so far. */
export class Inbound {
  readonly request: Request
  readonly flow: Flow
  readonly defect: ParseError | undefined
  /** Route values of our own that the request brought on top, read; undefined in the place of one without a token. */
  ownRoutes: readonly (RouteToken | undefined)[] = []
  /** Who sent it, once authenticated. */
  account: Subscriber | undefined
  server: ServerTransaction | undefined
  /** Called when a CANCEL comes; until something is under way it only leaves a mark. */
  onCancel: ((reason: string | undefined) => void) | undefined
  #cancelled = false
  #toTag: string | undefined

  constructor(request: Request, flow: Flow, defect: ParseError | undefined) {
    this.request = request
    this.flow = flow
    this.defect = defect
  }

  get isFromWebSocket(): boolean {
    return this.flow.transport === 'ws' || this.flow.transport === 'wss'
  }

  get isCancelled(): boolean {
    return this.#cancelled
  }

  cancel(reason: string | undefined): void {
    this.#cancelled = true
    this.onCancel?.(reason)
  }

  /** To tag of our own responses: the same for the same request, so that a stateless answer stays the same (RFC 3261 §8.2.7). */
  get toTag(): string {
    const { request } = this
    return (this.#toTag ??= createHash('md5')
      .update(`${request.header('via') ?? ''} ${request.callId}`)
      .digest('hex')
      .slice(0, 16))
  }
}

/** A place the request may go to. */
export interface Destination {
  readonly uri: string
  readonly flow: Flow
  /** Path of the binding. */
  readonly routes?: readonly string[]
  /** `uri` was the last Route value, where a strict router had put it (RFC 3261 §16.4). */
  readonly fromLastRoute?: boolean
  /** The binding it stands for; undefined for a next hop outside. */
  readonly binding?: string
}

export interface Reply {
  readonly do: 'reply'
  readonly status: number
  readonly reason?: string
  readonly headers?: readonly (readonly [string, string])[]
}

/** Without an answer. */
export interface Drop {
  readonly do: 'drop'
  readonly why: string
}

/** Groups one after the other, those within a group at once. */
export interface Fork {
  readonly do: 'fork'
  readonly groups: readonly (readonly Destination[])[]
}

/** Within a dialog, to the party that `to` names. */
export interface Relay {
  readonly do: 'relay'
  /** undefined: its flow is gone, and it has not come back over another. */
  readonly destination: Destination | undefined
  readonly from: RouteToken
  readonly to: RouteToken
}

/** What a step says; the edge does it. */
export type Decision = Reply | Drop | Fork | Relay

/** undefined: the next step decides. */
export type Step = (inbound: Inbound) => Decision | undefined | Promise<Decision | undefined>

export const reply = (status: number, reason?: string, headers?: Reply['headers']): Reply => ({
  do: 'reply',
  status,
  reason,
  headers,
})
