import { Response } from '../message/message.ts'
import { Machine, type Cause, type Surroundings, type Table } from './machine.ts'
import type { Peer } from './peer.ts'
import type { ClientRequest, ClientTransaction, ClientUser, NonInviteClientState } from './transaction.ts'

/*
 * Non-INVITE client transaction: RFC 3261 figure 6.
 *
 *                     | request sent
 *                     v
 *              +------------+  2xx-6xx: up
 *       .----- |   trying   | -------------.
 *     timer E: +------------+              |
 *     resend,        | 1xx: up             v
 *     double E       v               +-----------+  timer K
 *              +------------+        | completed | ---------> terminated
 *       .----- | proceeding | -----> +-----------+
 *     1xx: up  +------------+  2xx-6xx: up
 *     timer E: resend, E at T2
 *
 *     upper two:       timer F: timeout --> terminated
 *                      transport error: failed --> terminated
 */
type State = Exclude<NonInviteClientState, 'terminated'>
type Input = '1xx' | '2xx-6xx' | 'timer E' | 'timer F' | 'timer K'
type Action = 'send' | 'double E' | 'slow E' | 'start K' | 'pass up' | 'report timeout' | 'report error'

const table: Table<State, Input, Action> = {
  trying: {
    '1xx': ['proceeding', 'pass up'],
    '2xx-6xx': ['completed', 'start K', 'pass up'],
    'timer E': ['trying', 'send', 'double E'],
    'timer F': ['terminated', 'report timeout'],
    'transport error': ['terminated', 'report error'],
  },
  proceeding: {
    '1xx': ['proceeding', 'pass up'],
    '2xx-6xx': ['completed', 'start K', 'pass up'],
    'timer E': ['proceeding', 'send', 'slow E'],
    'timer F': ['terminated', 'report timeout'],
    'transport error': ['terminated', 'report error'],
  },
  completed: {
    'timer K': ['terminated'],
  },
  terminated: {},
}

export class NonInviteClientTransaction extends Machine<State, Input, Action> implements ClientTransaction {
  readonly #sent: ClientRequest
  readonly #user: ClientUser
  #interval: number

  constructor(sent: ClientRequest, parts: { key: string; peer: Peer; user: ClientUser; around: Surroundings }) {
    super(table, 'trying', parts)
    this.#sent = sent
    this.#user = parts.user
    this.#interval = this.timers.E
  }

  get branch(): string {
    return this.#sent.branch
  }

  begin(): void {
    this.start('timer E', this.timers.E)
    this.start('timer F', this.timers.F)
    this.send(this.#sent.text)
  }

  receive(response: Response): void {
    this.step(response.isFinal ? '2xx-6xx' : '1xx', response)
  }

  /** Only an INVITE is cancelled (RFC 3261 §9.1). */
  cancel(): void {}

  protected override perform(action: Action, cause: Cause): void {
    switch (action) {
      case 'send':
        this.send(this.#sent.text)
        break
      case 'double E':
        this.#interval = Math.min(this.#interval * 2, this.timers.T2)
        this.start('timer E', this.#interval)
        break
      case 'slow E':
        this.start('timer E', this.timers.T2)
        break
      case 'start K':
        this.start('timer K', this.timers.K)
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
