import type { Media } from './target.ts'

/** What callers and callees do: how long the callee rings, and how long they talk. Milliseconds. */
export const RINGING_MS = 50
export const TALKING_MS = 200

export const WORKLOAD_NAMES = ['register', 'call', 'call-rtpengine'] as const
export type WorkloadName = (typeof WORKLOAD_NAMES)[number]

export interface Workload {
  readonly name: WorkloadName
  /** One operation, in words. */
  readonly operation: string
  readonly media: Media
  readonly scenario: string
  /** Whether somebody has to answer. */
  readonly isCall: boolean
  /** Operations a second: a server pays more for each when it is woken for each. */
  readonly rates: Readonly<Record<RateName, number>>
  /** The scenario's response times, by number. */
  readonly times: Readonly<Record<string, string>>
}

export const RATE_NAMES = ['low', 'high'] as const
export type RateName = (typeof RATE_NAMES)[number]

const CALL_TIMES = { 1: 'challenge', 2: 'ringing', 3: 'BYE' }

export const WORKLOADS: readonly Workload[] = [
  {
    name: 'register',
    operation: 'REGISTER, 401, REGISTER with digest, 200',
    media: 'none',
    scenario: 'register.xml',
    isCall: false,
    rates: { low: 300, high: 1_500 },
    times: { 1: 'challenge', 2: 'accepted' },
  },
  {
    name: 'call',
    operation: 'INVITE, 407, INVITE with digest, 180, 200, ACK, BYE, 200; UDP to UDP, media not touched',
    media: 'none',
    scenario: 'caller.xml',
    isCall: true,
    rates: { low: 60, high: 300 },
    times: CALL_TIMES,
  },
  {
    name: 'call-rtpengine',
    operation: 'the same call with an rtpengine session offered, answered and deleted',
    media: 'rtpengine',
    scenario: 'caller.xml',
    isCall: true,
    rates: { low: 40, high: 200 },
    times: CALL_TIMES,
  },
]
