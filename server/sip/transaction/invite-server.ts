import { createResponse } from '../message/create.ts'
import { Response, type Request } from '../message/message.ts'
import { parseMessage } from '../message/parse.ts'
import { hasCookie } from '../message/via.ts'
import { Machine, type Cause, type Surroundings, type Table } from './machine.ts'
import type { Peer } from './peer.ts'
import type { InviteServerState, ServerTransaction, ServerUser } from './transaction.ts'

/*
 * INVITE server transaction: RFC 3261 figure 7 as RFC 6026 §7.1 has it. What the RFC calls Proceeding begins here as
 * trying, until something has been sent.
 *
 *                     | INVITE
 *                     v
 *               +------------+
 *               |   trying   |
 *               +------------+
 *                     | 200 ms: 100 sent; or 1xx from the TU: sent
 *                     v
 *               +------------+
 *       .------ | proceeding |
 *     INVITE:   +------------+
 *     resend;
 *     1xx: sent
 *
 *     both:            2xx: sent --> accepted       3xx-6xx: sent --> completed
 *
 *               +------------+            INVITE, timer G:  +-----------+
 *       .------ |  accepted  |            resend      .---- | completed |
 *     2xx: sent +------------+                              +-----------+
 *     INVITE:         |                              timer H: |      | ACK
 *     absorbed        | timer L                      timeout  |      v
 *     ACK: not ours   |                                       |   +-----------+
 *                     v                                       v   | confirmed | ACK: absorbed
 *                terminated <--------------------------------- <- +-----------+
 *                                                          timer I
 *
 *     transport error: told to the TU; the state stays.
 */
type State = Exclude<InviteServerState, 'terminated'>
type Input =
  | ('retransmission' | 'ack' | 'send 1xx' | 'send 2xx' | 'send 3xx-6xx')
  | ('timer 100' | 'timer G' | 'timer H' | 'timer I' | 'timer L')
type Action =
  | ('send' | 'send 100' | 'start G' | 'double G' | 'start H' | 'start I' | 'start L')
  | ('report timeout' | 'report error')

const table: Table<State, Input, Action> = {
  trying: {
    'timer 100': ['proceeding', 'send 100'],
    'send 1xx': ['proceeding', 'send'],
    'send 2xx': ['accepted', 'send', 'start L'],
    'send 3xx-6xx': ['completed', 'send', 'start G', 'start H'],
  },
  proceeding: {
    retransmission: ['proceeding', 'send'],
    'send 1xx': ['proceeding', 'send'],
    'send 2xx': ['accepted', 'send', 'start L'],
    'send 3xx-6xx': ['completed', 'send', 'start G', 'start H'],
    'transport error': ['proceeding', 'report error'],
  },
  accepted: {
    'send 2xx': ['accepted', 'send'],
    'timer L': ['terminated'],
    'transport error': ['accepted', 'report error'],
  },
  completed: {
    retransmission: ['completed', 'send'],
    ack: ['confirmed', 'start I'],
    'timer G': ['completed', 'send', 'double G'],
    'timer H': ['terminated', 'report timeout'],
    'transport error': ['completed', 'report error'],
  },
  confirmed: {
    'timer I': ['terminated'],
  },
  terminated: {},
}

export class InviteServerTransaction extends Machine<State, Input, Action> implements ServerTransaction {
  /** Until the final response: most of a transaction's life is waiting for retransmissions, and messages are large. */
  #request: Request | undefined
  finalStatus: number | undefined
  readonly #user: ServerUser
  #last = ''
  #interval: number

  constructor(request: Request, parts: { key: string; peer: Peer; user: ServerUser; around: Surroundings }) {
    super(table, 'trying', parts)
    this.#request = request
    this.#user = parts.user
    this.#interval = this.timers.G
  }

  begin(): void {
    this.start('timer 100', this.timers.inviteTrying)
  }

  respond(text: string, status: number): void {
    const input = status < 200 ? 'send 1xx' : status < 300 ? 'send 2xx' : 'send 3xx-6xx'
    if (!this.allows(input)) return
    this.#last = text
    if (status >= 200) {
      this.finalStatus ??= status
      this.#request = undefined
    }
    this.step(input)
    // A 2xx is repeated by the TU, not by us.
    if (status < 300 && status >= 200) this.#last = ''
  }

  retransmitted(peer: Peer): void {
    this.adopt(peer)
    this.step('retransmission')
  }

  /**
   * False when the ACK is not of this transaction but for a 2xx, even though a 2xx of this transaction: then it belongs
   * to the TU (RFC 6026 §7.1). Without the cookie its To tag tells which response it acknowledges (RFC 3261 §17.2.3).
   */
  acknowledge(ack: Request): boolean {
    if (this.state === 'accepted') return false
    if (!hasCookie(ack.via) && ack.to.tag !== this.#lastTag()) return false
    this.step('ack')
    return true
  }

  #lastTag(): string | undefined {
    const last = parseMessage(this.#last)
    return last instanceof Response ? last.to.tag : undefined
  }

  protected override perform(action: Action, cause: Cause): void {
    switch (action) {
      case 'send':
        this.send(this.#last)
        break
      case 'send 100':
        this.#last = createResponse(this.#request!, 100)
        this.send(this.#last)
        break
      case 'start G':
        this.start('timer G', this.timers.G)
        break
      case 'double G':
        this.#interval = Math.min(this.#interval * 2, this.timers.T2)
        this.start('timer G', this.#interval)
        break
      case 'start H':
        this.start('timer H', this.timers.H)
        break
      case 'start I':
        this.start('timer I', this.timers.I)
        break
      case 'start L':
        this.start('timer L', this.timers.L)
        break
      case 'report timeout':
        this.#user.timeout?.()
        break
      case 'report error':
        if (cause instanceof Error) this.#user.failed?.(cause)
    }
  }
}
