import { createResponse } from '../message/create.ts'
import type { Request } from '../message/message.ts'
import { Machine, type Cause, type Surroundings, type Table } from './machine.ts'
import type { Peer } from './peer.ts'
import type { NonInviteServerState, ServerTransaction, ServerUser } from './transaction.ts'

/*
 * Non-INVITE server transaction: RFC 3261 figure 8 with RFC 4320.
 *
 *                     | request
 *                     v
 *               +------------+
 *       .------ |   trying   |
 *     request:  +------------+
 *     absorbed        | 100 from the TU (reliable transports only): sent
 *                     | when the client's timer E has come to T2: 100 sent
 *                     v
 *               +------------+
 *       .------ | proceeding | transport error: told to the TU --> terminated
 *     request:  +------------+
 *     resend;
 *     100: sent
 *
 *     both:            2xx-6xx: sent --> completed      408, abandoned: nothing sent --> completed
 *                      timer F of the client: --> terminated
 *
 *               +-----------+  timer J
 *       .------ | completed | ---------> terminated
 *     request:  +-----------+  transport error: told to the TU --> terminated
 *     resend
 */
type State = Exclude<NonInviteServerState, 'terminated'>
type Input = 'retransmission' | 'send 100' | 'send 2xx-6xx' | 'abandon' | 'timer 100' | 'timer F' | 'timer J'
type Action = 'send' | 'send 100' | 'start J' | 'report error'

const table: Table<State, Input, Action> = {
  trying: {
    'send 100': ['proceeding', 'send'],
    'send 2xx-6xx': ['completed', 'send', 'start J'],
    abandon: ['completed', 'start J'],
    'timer 100': ['proceeding', 'send 100'],
    'timer F': ['terminated'],
  },
  proceeding: {
    retransmission: ['proceeding', 'send'],
    'send 100': ['proceeding', 'send'],
    'send 2xx-6xx': ['completed', 'send', 'start J'],
    abandon: ['completed', 'start J'],
    'timer F': ['terminated'],
    'transport error': ['terminated', 'report error'],
  },
  completed: {
    retransmission: ['completed', 'send'],
    'timer J': ['terminated'],
    'transport error': ['terminated', 'report error'],
  },
  terminated: {},
}

export class NonInviteServerTransaction extends Machine<State, Input, Action> implements ServerTransaction {
  /** Until the final response: most of a transaction's life is waiting for retransmissions, and messages are large. */
  #request: Request | undefined
  finalStatus: number | undefined
  readonly #user: ServerUser
  /** Empty when there is nothing to send again. */
  #last = ''

  constructor(request: Request, parts: { key: string; peer: Peer; user: ServerUser; around: Surroundings }) {
    super(table, 'trying', parts)
    this.#request = request
    this.#user = parts.user
  }

  begin(): void {
    this.start('timer 100', this.timers.nonInviteTrying)
    // When the client has given up nobody waits for a response; a TU that never gives one leaves nothing behind.
    this.start('timer F', this.timers.F)
  }

  respond(text: string, status: number): void {
    // A 408 would reach a client that has given up by itself (RFC 4320 §4.2).
    if (status === 408) this.#abandon()
    else if (status < 200) this.#respondProvisionally(text, status)
    else if (this.allows('send 2xx-6xx')) {
      this.finalStatus = status
      this.#request = undefined
      this.#last = text
      this.step('send 2xx-6xx')
    }
  }

  /** No provisional response but 100, and over an unreliable transport none before our own (RFC 4320 §4.1). */
  #respondProvisionally(text: string, status: number): void {
    const early = this.state === 'trying' && !this.peer.reliable
    if (status !== 100 || early || !this.allows('send 100')) return
    this.#last = text
    this.step('send 100')
  }

  #abandon(): void {
    if (!this.allows('abandon')) return
    this.#last = ''
    this.#request = undefined
    this.step('abandon')
  }

  retransmitted(peer: Peer): void {
    this.adopt(peer)
    this.step('retransmission')
  }

  protected override perform(action: Action, cause: Cause): void {
    switch (action) {
      case 'send':
        if (this.#last) this.send(this.#last)
        break
      case 'send 100':
        this.#last = createResponse(this.#request!, 100)
        this.send(this.#last)
        break
      case 'start J':
        this.start('timer J', this.timers.J)
        break
      case 'report error':
        if (cause instanceof Error) this.#user.failed?.(cause)
    }
  }
}
