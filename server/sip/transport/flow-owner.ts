import type { Clock, Timer } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import type { Request, Response } from '../message/message.ts'
import type { Flow } from './flow.ts'
import type { TransportLimits } from './limits.ts'

/** All that a flow or listener needs of the transport layer it belongs to. */
export interface FlowOwner {
  readonly limits: TransportLimits
  readonly clock: Clock
  readonly log: Log
  received(message: Request | Response, flow: Flow): void
  closed(flow: Flow, why: string): void
}

/** What is left to a connection that is to end: for the answer to be sent, for the peer to read it. */
export const graceMs = 1_000

export const noTimer: Timer = { cancel() {} }

/** A timer that never fires when `ms` is Infinity, as a limit that is switched off is. */
export const timerFor = (clock: Clock, ms: number, run: () => void): Timer =>
  ms === Infinity ? noTimer : clock.after(ms, run)
