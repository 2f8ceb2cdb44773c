import { describe, expect, it } from 'vitest'
import {
  callInputs,
  callStates,
  callTransitions,
  isEstablished,
  nextCallState,
  type CallInput,
  type CallState,
} from '../../client/softphone/call-state.ts'

/** The figure above the states, written down a second time; `-` is an input that is absorbed. */
const figure: Record<CallState, Record<CallInput, CallState | '-'>> = {
  incoming: { progress: '-', confirmed: 'active', hold: '-', unhold: '-', ended: 'ended' },
  calling: { progress: 'ringing', confirmed: 'active', hold: '-', unhold: '-', ended: 'ended' },
  ringing: { progress: 'ringing', confirmed: 'active', hold: '-', unhold: '-', ended: 'ended' },
  active: { progress: '-', confirmed: '-', hold: 'held', unhold: '-', ended: 'ended' },
  held: { progress: '-', confirmed: '-', hold: '-', unhold: 'active', ended: 'ended' },
  ended: { progress: '-', confirmed: '-', hold: '-', unhold: '-', ended: '-' },
}

describe('the states of a call', () => {
  for (const state of callStates) {
    for (const input of callInputs) {
      const next = figure[state][input]
      it(next === '-' ? `${state} absorbs ${input}` : `${state} becomes ${next} on ${input}`, () => {
        expect(nextCallState(state, input)).toBe(next === '-' ? undefined : next)
      })
    }
  }

  it('ends from every state but the last', () => {
    const endless = callStates.filter(state => callTransitions[state].ended === undefined)
    expect(endless).toEqual(['ended'])
  })

  it('is established while two people can hear each other, or one has put the other on hold', () => {
    expect(callStates.filter(isEstablished)).toEqual(['active', 'held'])
  })
})
