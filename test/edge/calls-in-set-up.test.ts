import { describe, expect, it } from 'vitest'
import { CallsInSetUp } from '../../server/edge/calls-in-set-up.ts'
import { EdgeLab } from '../support/edge-lab.ts'

describe('CallsInSetUp', () => {
  it('tells the calls that depend on a flow when it closes, once, and forgets them', async () => {
    const lab = await EdgeLab.create()
    const [one, other] = [lab.peer('ws', '192.0.2.7'), lab.peer('wss', '192.0.2.8')]
    const calls = new CallsInSetUp()
    const told: string[] = []
    const call = (name: string) => ({ flowClosed: () => void told.push(name) })
    const ends = [calls.watch(call('both'), [one, other]), calls.watch(call('one'), [one])]
    calls.watch(call('over'), [one])()
    calls.flowClosed(one)
    calls.flowClosed(one)
    expect(told).toEqual(['both', 'one'])
    for (const end of ends) end()
    expect(calls.size).toBe(0)
  })

  it('does not watch phones, which may take what is pending over another connection', async () => {
    const lab = await EdgeLab.create()
    const calls = new CallsInSetUp()
    calls.watch({ flowClosed: () => undefined }, [lab.peer('tcp', '192.0.2.7'), lab.peer('udp', '192.0.2.8')])
    expect(calls.size).toBe(0)
  })
})
