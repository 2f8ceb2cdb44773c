/**
 * The states of one call, as its user sees them.
 *
 *     (invite received)                (invite sent)
 *            │                               │
 *            ▼                               ▼
 *        incoming                         calling ──── progress ───► ringing ◄─┐ progress
 *            │                               │                        │  └─────┘
 *            │ confirmed                     │ confirmed    confirmed │
 *            └───────────────────┐           ▼           ┌────────────┘
 *                                └──────► active ◄───────┘
 *                                         │    ▲
 *                                    hold │    │ unhold
 *                                         ▼    │
 *                                          held
 *
 *     every state ── ended ──► ended
 *
 * A lost connection to the server is not a state of the call: media flows on, and a held call stays held meanwhile.
 */
export const callStates = ['incoming', 'calling', 'ringing', 'active', 'held', 'ended'] as const
export type CallState = (typeof callStates)[number]

export const callInputs = ['progress', 'confirmed', 'hold', 'unhold', 'ended'] as const
export type CallInput = (typeof callInputs)[number]

/** State × input → next state. An input that is not listed is absorbed. */
export const callTransitions: Readonly<Record<CallState, Readonly<Partial<Record<CallInput, CallState>>>>> = {
  incoming: { confirmed: 'active', ended: 'ended' },
  calling: { progress: 'ringing', confirmed: 'active', ended: 'ended' },
  ringing: { progress: 'ringing', confirmed: 'active', ended: 'ended' },
  active: { hold: 'held', ended: 'ended' },
  held: { unhold: 'active', ended: 'ended' },
  ended: {},
}

/** The state after `input`, or undefined when the state does not listen to it. */
export function nextCallState(state: CallState, input: CallInput): CallState | undefined {
  return callTransitions[state][input]
}

/** Two people hear each other, or one of them has put the other on hold. */
export function isEstablished(state: CallState): boolean {
  return state === 'active' || state === 'held'
}
