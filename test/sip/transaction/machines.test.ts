import { describe, expect, it } from 'vitest'
import { InviteClientTransaction } from '../../../server/sip/transaction/invite-client.ts'
import { InviteServerTransaction } from '../../../server/sip/transaction/invite-server.ts'
import type { Surroundings } from '../../../server/sip/transaction/machine.ts'
import { NonInviteClientTransaction } from '../../../server/sip/transaction/non-invite-client.ts'
import { NonInviteServerTransaction } from '../../../server/sip/transaction/non-invite-server.ts'
import { defaultBaseTimers, deriveTimers } from '../../../server/sip/transaction/timers.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { answer, incoming, outgoing, reply, startOf } from './harness.ts'

/*
 * Every machine in every state gets every input. What it then does is written down as
 *
 *     next state | what it did, in order | timers that run afterwards
 *
 * `arm 500` a timer of 500 ms starts, `INVITE` or `180` that is sent, `up 180` it goes to the TU, `failed` and
 * `timeout` the TU is told so, `forgotten` the layer forgets the transaction, `gone` the TU hears of its end. An input
 * that is not listed must change nothing and do nothing.
 */
type Expected<State extends string, Input extends string> = Record<State, Partial<Record<Input, string>>>

interface Kind<M, State extends string, Input extends string> {
  make(parts: Parts): M & { readonly state: State; begin(): void }
  /** Every input, as it comes in. */
  inputs: Record<Input, (machine: M, parts: Parts) => unknown>
  /** How each state is reached. */
  paths: Record<State, readonly Input[]>
  unreliable: Expected<State, Input>
  /** States that are not here cannot be observed: a timer of zero leaves them at once. */
  reliable: Partial<Expected<State, Input>>
}

interface Parts {
  readonly key: string
  readonly peer: { readonly reliable: boolean; send(text: string): void }
  readonly around: Surroundings
  readonly user: { response(r: { status: number }): void; timeout(): void; failed(): void; terminated(): void }
  sendCancel(text: string): void
}

class TracingClock extends FakeClock {
  readonly #trace: string[]
  constructor(trace: string[]) {
    super()
    this.#trace = trace
  }
  override after(ms: number, run: () => void) {
    this.#trace.push(`arm ${ms}`)
    return super.after(ms, run)
  }
}

const timers = {
  reliable: deriveTimers(defaultBaseTimers, true),
  unreliable: deriveTimers(defaultBaseTimers, false),
}

function surroundings(reliable: boolean) {
  const trace: string[] = []
  const clock = new TracingClock(trace)
  const note = (what: string) => () => void trace.push(what)
  const parts: Parts = {
    key: 'key',
    peer: { reliable, send: text => void trace.push(startOf(text)) },
    around: { clock, timers, ended: note('forgotten') },
    user: {
      response: ({ status }) => void trace.push(`up ${status}`),
      timeout: note('timeout'),
      failed: note('failed'),
      terminated: note('gone'),
    },
    sendCancel: text => void trace.push(startOf(text)),
  }
  return { trace, clock, parts }
}

function walk<M, State extends string, Input extends string>(name: string, kind: Kind<M, State, Input>): void {
  describe(name, () => {
    const states = Object.keys(kind.paths) as State[]
    for (const reliable of [false, true])
      for (const state of states) {
        const expected = (reliable ? kind.reliable : kind.unreliable)[state]
        const transport = reliable ? 'a reliable' : 'an unreliable'
        if (!expected) continue
        for (const input of Object.keys(kind.inputs) as Input[])
          it(`${state}, ${input}, over ${transport} transport`, () => {
            const { trace, clock, parts } = surroundings(reliable)
            const machine = kind.make(parts)
            machine.begin()
            for (const before of kind.paths[state]) kind.inputs[before](machine, parts)
            expect(machine.state).toBe(state)
            const absorbed = `${state} |  | ${clock.pending}`
            trace.length = 0
            kind.inputs[input](machine, parts)
            expect(`${machine.state} | ${trace.join(', ')} | ${clock.pending}`).toBe(expected[input] ?? absorbed)
          })
      }
  })
}

type InputOf<M extends { step: (input: never) => void }> = Parameters<M['step']>[0]
const error = new Error('no route')

walk<InviteClientTransaction, InviteClientTransaction['state'], InputOf<InviteClientTransaction>>(
  'INVITE client transaction',
  {
    make: parts => new InviteClientTransaction(outgoing(), parts),
    inputs: {
      '1xx': machine => machine.receive(answer(180)),
      '2xx': machine => machine.receive(answer(200)),
      '3xx-6xx': machine => machine.receive(answer(486)),
      cancel: machine => machine.cancel(),
      'timer A': machine => machine.step('timer A'),
      'timer B': machine => machine.step('timer B'),
      'timer D': machine => machine.step('timer D'),
      'timer M': machine => machine.step('timer M'),
      'timer cancel': machine => machine.step('timer cancel'),
      'transport error': machine => machine.step('transport error', error),
    },
    paths: {
      calling: [],
      'cancel-waiting': ['cancel'],
      proceeding: ['1xx'],
      cancelling: ['1xx', 'cancel'],
      accepted: ['2xx'],
      completed: ['3xx-6xx'],
      terminated: ['timer B'],
    },
    unreliable: {
      calling: {
        '1xx': 'proceeding | up 180 | 0',
        '2xx': 'accepted | arm 32000, up 200 | 1',
        '3xx-6xx': 'completed | ACK, arm 32000, up 486 | 1',
        cancel: 'cancel-waiting |  | 2',
        'timer A': 'calling | INVITE, arm 1000 | 2',
        'timer B': 'terminated | forgotten, timeout, gone | 0',
        'transport error': 'terminated | forgotten, failed, gone | 0',
      },
      'cancel-waiting': {
        '1xx': 'cancelling | CANCEL, arm 32000, up 180 | 1',
        '2xx': 'accepted | arm 32000, up 200 | 1',
        '3xx-6xx': 'completed | ACK, arm 32000, up 486 | 1',
        'timer A': 'cancel-waiting | INVITE, arm 1000 | 2',
        'timer B': 'terminated | forgotten, timeout, gone | 0',
        'transport error': 'terminated | forgotten, failed, gone | 0',
      },
      proceeding: {
        '1xx': 'proceeding | up 180 | 0',
        '2xx': 'accepted | arm 32000, up 200 | 1',
        '3xx-6xx': 'completed | ACK, arm 32000, up 486 | 1',
        cancel: 'cancelling | CANCEL, arm 32000 | 1',
      },
      cancelling: {
        '1xx': 'cancelling | up 180 | 1',
        '2xx': 'accepted | arm 32000, up 200 | 1',
        '3xx-6xx': 'completed | ACK, arm 32000, up 486 | 1',
        'timer cancel': 'terminated | forgotten, timeout, gone | 0',
      },
      accepted: {
        '2xx': 'accepted | up 200 | 1',
        'timer M': 'terminated | forgotten, gone | 0',
      },
      completed: {
        '3xx-6xx': 'completed | ACK | 1',
        'timer D': 'terminated | forgotten, gone | 0',
        'transport error': 'terminated | forgotten, failed, gone | 0',
      },
      terminated: {},
    },
    reliable: {
      calling: {
        '1xx': 'proceeding | up 180 | 0',
        '2xx': 'accepted | arm 32000, up 200 | 1',
        '3xx-6xx': 'terminated | ACK, up 486, forgotten, gone | 0',
        cancel: 'cancel-waiting |  | 1',
        'timer A': 'calling | INVITE | 1',
        'timer B': 'terminated | forgotten, timeout, gone | 0',
        'transport error': 'terminated | forgotten, failed, gone | 0',
      },
      'cancel-waiting': {
        '1xx': 'cancelling | CANCEL, arm 32000, up 180 | 1',
        '2xx': 'accepted | arm 32000, up 200 | 1',
        '3xx-6xx': 'terminated | ACK, up 486, forgotten, gone | 0',
        'timer A': 'cancel-waiting | INVITE | 1',
        'timer B': 'terminated | forgotten, timeout, gone | 0',
        'transport error': 'terminated | forgotten, failed, gone | 0',
      },
      proceeding: {
        '1xx': 'proceeding | up 180 | 0',
        '2xx': 'accepted | arm 32000, up 200 | 1',
        '3xx-6xx': 'terminated | ACK, up 486, forgotten, gone | 0',
        cancel: 'cancelling | CANCEL, arm 32000 | 1',
      },
      cancelling: {
        '1xx': 'cancelling | up 180 | 1',
        '2xx': 'accepted | arm 32000, up 200 | 1',
        '3xx-6xx': 'terminated | ACK, up 486, forgotten, gone | 0',
        'timer cancel': 'terminated | forgotten, timeout, gone | 0',
      },
      accepted: {
        '2xx': 'accepted | up 200 | 1',
        'timer M': 'terminated | forgotten, gone | 0',
      },
      terminated: {},
    },
  },
)

walk<NonInviteClientTransaction, NonInviteClientTransaction['state'], InputOf<NonInviteClientTransaction>>(
  'non-INVITE client transaction',
  {
    make: parts => new NonInviteClientTransaction(outgoing('BYE'), parts),
    inputs: {
      '1xx': machine => machine.receive(answer(100, { method: 'BYE' })),
      '2xx-6xx': machine => machine.receive(answer(200, { method: 'BYE' })),
      'timer E': machine => machine.step('timer E'),
      'timer F': machine => machine.step('timer F'),
      'timer K': machine => machine.step('timer K'),
      'transport error': machine => machine.step('transport error', error),
    },
    paths: { trying: [], proceeding: ['1xx'], completed: ['2xx-6xx'], terminated: ['timer F'] },
    unreliable: {
      trying: {
        '1xx': 'proceeding | up 100 | 2',
        '2xx-6xx': 'completed | arm 5000, up 200 | 1',
        'timer E': 'trying | BYE, arm 1000 | 2',
        'timer F': 'terminated | forgotten, timeout, gone | 0',
        'transport error': 'terminated | forgotten, failed, gone | 0',
      },
      proceeding: {
        '1xx': 'proceeding | up 100 | 2',
        '2xx-6xx': 'completed | arm 5000, up 200 | 1',
        'timer E': 'proceeding | BYE, arm 4000 | 2',
        'timer F': 'terminated | forgotten, timeout, gone | 0',
        'transport error': 'terminated | forgotten, failed, gone | 0',
      },
      completed: { 'timer K': 'terminated | forgotten, gone | 0' },
      terminated: {},
    },
    reliable: {
      trying: {
        '1xx': 'proceeding | up 100 | 1',
        '2xx-6xx': 'terminated | up 200, forgotten, gone | 0',
        'timer E': 'trying | BYE | 1',
        'timer F': 'terminated | forgotten, timeout, gone | 0',
        'transport error': 'terminated | forgotten, failed, gone | 0',
      },
      proceeding: {
        '1xx': 'proceeding | up 100 | 1',
        '2xx-6xx': 'terminated | up 200, forgotten, gone | 0',
        'timer E': 'proceeding | BYE | 1',
        'timer F': 'terminated | forgotten, timeout, gone | 0',
        'transport error': 'terminated | forgotten, failed, gone | 0',
      },
      terminated: {},
    },
  },
)

walk<InviteServerTransaction, InviteServerTransaction['state'], InputOf<InviteServerTransaction>>(
  'INVITE server transaction',
  {
    make: parts => new InviteServerTransaction(incoming(), parts),
    inputs: {
      retransmission: (machine, { peer }) => machine.retransmitted(peer),
      ack: machine => machine.acknowledge(incoming({ method: 'ACK', toTag: 'z1' })),
      'send 1xx': machine => machine.respond(reply(180), 180),
      'send 2xx': machine => machine.respond(reply(200), 200),
      'send 3xx-6xx': machine => machine.respond(reply(486), 486),
      'timer 100': machine => machine.step('timer 100'),
      'timer G': machine => machine.step('timer G'),
      'timer H': machine => machine.step('timer H'),
      'timer I': machine => machine.step('timer I'),
      'timer L': machine => machine.step('timer L'),
      'transport error': machine => machine.step('transport error', error),
    },
    paths: {
      trying: [],
      proceeding: ['send 1xx'],
      accepted: ['send 2xx'],
      completed: ['send 3xx-6xx'],
      confirmed: ['send 3xx-6xx', 'ack'],
      terminated: ['send 3xx-6xx', 'timer H'],
    },
    unreliable: {
      trying: {
        'timer 100': 'proceeding | 100 | 0',
        'send 1xx': 'proceeding | 180 | 0',
        'send 2xx': 'accepted | 200, arm 32000 | 1',
        'send 3xx-6xx': 'completed | 486, arm 500, arm 32000 | 2',
      },
      proceeding: {
        retransmission: 'proceeding | 180 | 0',
        'send 1xx': 'proceeding | 180 | 0',
        'send 2xx': 'accepted | 200, arm 32000 | 1',
        'send 3xx-6xx': 'completed | 486, arm 500, arm 32000 | 2',
        'transport error': 'proceeding | failed | 0',
      },
      accepted: {
        'send 2xx': 'accepted | 200 | 1',
        'timer L': 'terminated | forgotten, gone | 0',
        'transport error': 'accepted | failed | 1',
      },
      completed: {
        retransmission: 'completed | 486 | 2',
        ack: 'confirmed | arm 5000 | 1',
        'timer G': 'completed | 486, arm 1000 | 2',
        'timer H': 'terminated | forgotten, timeout, gone | 0',
        'transport error': 'completed | failed | 2',
      },
      confirmed: { 'timer I': 'terminated | forgotten, gone | 0' },
      terminated: {},
    },
    reliable: {
      trying: {
        'timer 100': 'proceeding | 100 | 0',
        'send 1xx': 'proceeding | 180 | 0',
        'send 2xx': 'accepted | 200, arm 32000 | 1',
        'send 3xx-6xx': 'completed | 486, arm 32000 | 1',
      },
      proceeding: {
        retransmission: 'proceeding | 180 | 0',
        'send 1xx': 'proceeding | 180 | 0',
        'send 2xx': 'accepted | 200, arm 32000 | 1',
        'send 3xx-6xx': 'completed | 486, arm 32000 | 1',
        'transport error': 'proceeding | failed | 0',
      },
      accepted: {
        'send 2xx': 'accepted | 200 | 1',
        'timer L': 'terminated | forgotten, gone | 0',
        'transport error': 'accepted | failed | 1',
      },
      completed: {
        retransmission: 'completed | 486 | 1',
        ack: 'terminated | forgotten, gone | 0',
        'timer G': 'completed | 486 | 1',
        'timer H': 'terminated | forgotten, timeout, gone | 0',
        'transport error': 'completed | failed | 1',
      },
      terminated: {},
    },
  },
)

walk<NonInviteServerTransaction, NonInviteServerTransaction['state'], InputOf<NonInviteServerTransaction>>(
  'non-INVITE server transaction',
  {
    make: parts => new NonInviteServerTransaction(incoming({ method: 'BYE' }), parts),
    inputs: {
      retransmission: (machine, { peer }) => machine.retransmitted(peer),
      'send 100': machine => machine.respond(reply(100), 100),
      'send 2xx-6xx': machine => machine.respond(reply(404), 404),
      abandon: machine => machine.respond(reply(408), 408),
      'timer 100': machine => machine.step('timer 100'),
      'timer F': machine => machine.step('timer F'),
      'timer J': machine => machine.step('timer J'),
      'transport error': machine => machine.step('transport error', error),
    },
    paths: { trying: [], proceeding: ['timer 100'], completed: ['send 2xx-6xx'], terminated: ['timer F'] },
    unreliable: {
      trying: {
        // 'send 100' is absorbed: too early (RFC 4320 §4.1).
        'send 2xx-6xx': 'completed | 404, arm 32000 | 1',
        abandon: 'completed | arm 32000 | 1',
        'timer 100': 'proceeding | 100 | 1',
        'timer F': 'terminated | forgotten, gone | 0',
      },
      proceeding: {
        retransmission: 'proceeding | 100 | 1',
        'send 100': 'proceeding | 100 | 1',
        'send 2xx-6xx': 'completed | 404, arm 32000 | 1',
        abandon: 'completed | arm 32000 | 1',
        'timer F': 'terminated | forgotten, gone | 0',
        'transport error': 'terminated | forgotten, failed, gone | 0',
      },
      completed: {
        retransmission: 'completed | 404 | 1',
        'timer J': 'terminated | forgotten, gone | 0',
        'transport error': 'terminated | forgotten, failed, gone | 0',
      },
      terminated: {},
    },
    reliable: {
      trying: {
        'send 100': 'proceeding | 100 | 1',
        'send 2xx-6xx': 'terminated | 404, forgotten, gone | 0',
        abandon: 'terminated | forgotten, gone | 0',
        'timer 100': 'proceeding | 100 | 1',
        'timer F': 'terminated | forgotten, gone | 0',
      },
      proceeding: {
        retransmission: 'proceeding | 100 | 1',
        'send 100': 'proceeding | 100 | 1',
        'send 2xx-6xx': 'terminated | 404, forgotten, gone | 0',
        abandon: 'terminated | forgotten, gone | 0',
        'timer F': 'terminated | forgotten, gone | 0',
        'transport error': 'terminated | forgotten, failed, gone | 0',
      },
      terminated: {},
    },
  },
)
