import { Response } from '../message/message.ts'
import { createAck, createCancel } from './hop-by-hop.ts'
import { Machine, type Cause, type Surroundings, type Table } from './machine.ts'
import type { Peer } from './peer.ts'
import type { ClientRequest, ClientTransaction, ClientUser, InviteClientState } from './transaction.ts'

/*
 * INVITE client transaction: RFC 3261 figure 5, with Accepted of RFC 6026 §7.2, and CANCEL of §9.1 as two more states.
 *
 *                    | INVITE sent
 *                    v               cancel
 *              +------------+ ---------------------> +----------------+
 *       .----- |  calling   |                        | cancel-waiting | -----.
 *     timer A: +------------+                        +----------------+   timer A:
 *     resend         | 1xx: up                               | 1xx: CANCEL sent, up
 *                    v               cancel: CANCEL sent     v
 *              +------------+ ---------------------> +----------------+
 *       .----- | proceeding |                        |   cancelling   | -----.
 *     1xx: up  +------------+                        +----------------+   1xx: up
 *
 *     all four:        2xx: up --> accepted          3xx-6xx: ACK sent, up --> completed
 *     upper two:       timer B: timeout --> terminated
 *                      transport error: failed --> terminated
 *     cancelling:      64*T1 after the CANCEL: timeout --> terminated
 *
 *              +------------+     timer M               timer D     +-----------+
 *       .----- |  accepted  | ------------> terminated <----------- | completed | -----.
 *     2xx: up  +------------+                  transport error:     +-----------+   3xx-6xx:
 *                                              failed                               ACK sent
 */
type State = Exclude<InviteClientState, 'terminated'>
type Input = ('1xx' | '2xx' | '3xx-6xx' | 'cancel') | ('timer A' | 'timer B' | 'timer D' | 'timer M' | 'timer cancel')
type Action =
  | ('send INVITE' | 'send ACK' | 'send CANCEL' | 'double A' | 'start D' | 'start M' | 'start cancel')
  | ('pass up' | 'report timeout' | 'report error')

const table: Table<State, Input, Action> = {
  calling: {
    '1xx': ['proceeding', 'pass up'],
    '2xx': ['accepted', 'start M', 'pass up'],
    '3xx-6xx': ['completed', 'send ACK', 'start D', 'pass up'],
    cancel: ['cancel-waiting'],
    'timer A': ['calling', 'send INVITE', 'double A'],
    'timer B': ['terminated', 'report timeout'],
    'transport error': ['terminated', 'report error'],
  },
  'cancel-waiting': {
    '1xx': ['cancelling', 'send CANCEL', 'start cancel', 'pass up'],
    '2xx': ['accepted', 'start M', 'pass up'],
    '3xx-6xx': ['completed', 'send ACK', 'start D', 'pass up'],
    'timer A': ['cancel-waiting', 'send INVITE', 'double A'],
    'timer B': ['terminated', 'report timeout'],
    'transport error': ['terminated', 'report error'],
  },
  proceeding: {
    '1xx': ['proceeding', 'pass up'],
    '2xx': ['accepted', 'start M', 'pass up'],
    '3xx-6xx': ['completed', 'send ACK', 'start D', 'pass up'],
    cancel: ['cancelling', 'send CANCEL', 'start cancel'],
  },
  cancelling: {
    '1xx': ['cancelling', 'pass up'],
    '2xx': ['accepted', 'start M', 'pass up'],
    '3xx-6xx': ['completed', 'send ACK', 'start D', 'pass up'],
    'timer cancel': ['terminated', 'report timeout'],
  },
  accepted: {
    '2xx': ['accepted', 'pass up'],
    'timer M': ['terminated'],
  },
  completed: {
    '3xx-6xx': ['completed', 'send ACK'],
    'timer D': ['terminated'],
    'transport error': ['terminated', 'report error'],
  },
  terminated: {},
}

/** Sends the CANCEL of this transaction in a transaction of its own, which nobody above hears of. */
export type SendCancel = (text: string, invite: Pick<ClientRequest, 'branch' | 'sentBy'>, peer: Peer) => void

export class InviteClientTransaction extends Machine<State, Input, Action> implements ClientTransaction {
  readonly #sent: Omit<ClientRequest, 'text'>
  #text: string
  readonly #user: ClientUser
  readonly #sendCancel: SendCancel
  #interval: number
  #reason: string | undefined
  /** Made for the first final response and sent again for each of its retransmissions. */
  #ack: string | undefined

  constructor(
    sent: ClientRequest,
    parts: { key: string; peer: Peer; user: ClientUser; around: Surroundings; sendCancel: SendCancel },
  ) {
    super(table, 'calling', parts)
    const { text, method, branch, sentBy } = sent
    this.#sent = { method, branch, sentBy }
    this.#text = text
    this.#user = parts.user
    this.#sendCancel = parts.sendCancel
    this.#interval = this.timers.A
  }

  get branch(): string {
    return this.#sent.branch
  }

  begin(): void {
    this.start('timer A', this.timers.A)
    this.start('timer B', this.timers.B)
    this.send(this.#text)
  }

  receive(response: Response): void {
    const { status } = response
    this.step(status < 200 ? '1xx' : status < 300 ? '2xx' : '3xx-6xx', response)
    // It is sent no more, and stays in memory for a while.
    if (status >= 200) this.#text = ''
  }

  cancel(reason?: string): void {
    if (!this.allows('cancel')) return
    this.#reason = reason
    this.step('cancel')
  }

  protected override perform(action: Action, cause: Cause): void {
    switch (action) {
      case 'send INVITE':
        this.send(this.#text)
        break
      case 'send ACK':
        if (cause instanceof Response) this.#ack ??= createAck(this.#text, cause)
        this.send(this.#ack!)
        break
      case 'send CANCEL':
        this.#sendCancel(createCancel(this.#text, this.#reason), this.#sent, this.peer)
        break
      case 'double A':
        this.start('timer A', (this.#interval *= 2))
        break
      case 'start D':
        this.start('timer D', this.timers.D)
        break
      case 'start M':
        this.start('timer M', this.timers.M)
        break
      case 'start cancel':
        this.start('timer cancel', this.timers.cancel)
        break
      case 'pass up':
        if (cause instanceof Response) this.#user.response(cause)
        break
      case 'report timeout':
        this.#user.timeout()
        break
      case 'report error':
        if (cause instanceof Error) this.#user.failed(cause)
    }
  }
}
