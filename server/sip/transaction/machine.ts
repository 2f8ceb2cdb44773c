import type { Clock, Timer } from '../../lib/clock.ts'
import type { Response } from '../message/message.ts'
import type { Peer } from './peer.ts'
import type { Timers } from './timers.ts'

/** The state to go to, then what to do there, in this order. What calls the transaction user stands last. */
export type Step<State, Action> = readonly [next: State | 'terminated', ...actions: Action[]]

/** For every state what it does on which input. An input that is not listed is absorbed. */
export type Table<State extends string, Input extends string, Action extends string> = Readonly<
  Record<State | 'terminated', Readonly<Partial<Record<Input | 'transport error', Step<State, Action>>>>>
>

/** What an input brings with it: the response that came, or why sending failed. */
export type Cause = Response | Error | undefined

/** What a machine needs around it. */
export interface Surroundings {
  readonly clock: Clock
  readonly timers: { readonly reliable: Timers; readonly unreliable: Timers }
  /** It has reached its end and is to be forgotten. */
  ended(machine: { readonly key: string }): void
}

/**
 * Walks a table. A timer belongs to the states that list its input: it is stopped when a state is entered that does
 * not. Callbacks of the transaction user come when everything else of a step is done, so that they may throw, or call
 * back into the machine.
 */
export abstract class Machine<State extends string, Input extends string, Action extends string> {
  /** Under which it is matched. */
  readonly key: string
  protected readonly timers: Timers
  readonly #table: Table<State, Input, Action>
  readonly #around: Surroundings
  readonly #user: { terminated?(): void }
  readonly #armed = new Map<Input | 'transport error', Timer>()
  #state: State | 'terminated'
  #peer: Peer
  /** A timer of zero that the step under way has started: it fires when the step is done. */
  #due: Input | undefined

  protected constructor(
    table: Table<State, Input, Action>,
    initial: State,
    parts: { key: string; peer: Peer; user: { terminated?(): void }; around: Surroundings },
  ) {
    this.key = parts.key
    this.timers = parts.peer.reliable ? parts.around.timers.reliable : parts.around.timers.unreliable
    this.#table = table
    this.#around = parts.around
    this.#user = parts.user
    this.#state = initial
    this.#peer = parts.peer
  }

  protected abstract perform(action: Action, cause: Cause): void

  get state(): State | 'terminated' {
    return this.#state
  }

  get peer(): Peer {
    return this.#peer
  }

  step(input: Input | 'transport error', cause?: Cause): void {
    const step = this.#table[this.#state][input]
    if (!step) return
    const next = step[0]
    if (next !== this.#state) this.#enter(next)
    try {
      for (let i = 1; i < step.length; i++) this.perform(step[i] as Action, cause)
    } finally {
      const due = this.#due
      this.#due = undefined
      if (due !== undefined) this.step(due)
      if (next === 'terminated') this.#user.terminated?.()
    }
  }

  /** Stops everything and calls nobody. */
  close(): void {
    this.#enter('terminated')
  }

  protected allows(input: Input): boolean {
    return this.#table[this.#state][input] !== undefined
  }

  /**
   * Gives the machine `input` in `ms` milliseconds: zero, in an action only, means after the step under way; Infinity
   * never.
   */
  protected start(input: Input, ms: number): void {
    if (ms === 0) this.#due = input
    else if (ms !== Infinity) this.#arm(input, ms, undefined)
  }

  protected send(text: string): void {
    this.#peer.send(text, this.#failed)
  }

  /** A peer sends again what it sent before: when its first flow is gone, this one takes over. */
  protected adopt(peer: Peer): void {
    if (this.#peer.isOpen === false) this.#peer = peer
  }

  /**
   * Never at once: a transport may fail inside `send`, and the TU is not to hear of it before it has the transaction.
   */
  readonly #failed = (error: Error): void => {
    if (this.#table[this.#state]['transport error']) this.#arm('transport error', 0, error)
  }

  #arm(input: Input | 'transport error', ms: number, cause: Cause): void {
    this.#armed.get(input)?.cancel()
    const timer = this.#around.clock.after(ms, () => {
      this.#armed.delete(input)
      this.step(input, cause)
    })
    this.#armed.set(input, timer)
  }

  #enter(state: State | 'terminated'): void {
    this.#state = state
    const row = this.#table[state]
    for (const [input, timer] of this.#armed) {
      if (row[input]) continue
      timer.cancel()
      this.#armed.delete(input)
    }
    if (state === 'terminated') this.#around.ended(this)
  }
}
