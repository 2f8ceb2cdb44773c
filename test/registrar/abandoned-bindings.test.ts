import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AbandonedBindings } from '../../server/registrar/abandoned-bindings.ts'
import type { Binding } from '../../server/registrar/binding.ts'
import { MemoryLocation } from '../../server/registrar/memory-location.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { FakeStore } from './fake-store.ts'
import { aor, udp } from './phone.ts'

const look = 45_000
let clock: FakeClock
let location: MemoryLocation
let abandoned: AbandonedBindings
let open: Set<string>
let errors: unknown[]

beforeEach(() => {
  clock = new FakeClock()
  location = new MemoryLocation({ clock, store: new FakeStore() })
  open = new Set()
  errors = []
  abandoned = new AbandonedBindings({
    clock,
    location,
    isGone: ({ flow }) => !open.has(flow.id),
    onError: error => errors.push(error),
  })
})
afterEach(() => {
  abandoned.close()
  location.close()
  expect(clock.pending).toBe(0)
  expect(errors).toEqual([])
})

const binding = (id: string, isWebSocket = true): Binding => ({
  id,
  aor,
  key: id,
  contact: `sip:${id}@gone.invalid`,
  q: 1000,
  callId: 'c',
  cseq: 1,
  expiresAt: clock.now() + 600_000,
  path: [],
  flow: { ...udp, id },
  isWebSocket,
  registeredAt: clock.now(),
})
const register = (...bindings: Binding[]) => location.save({ put: bindings, remove: [] })
const left = () => location.lookup(aor).map(({ id }) => id)
const pass = async (ms: number) => {
  clock.advance(ms)
  await setImmediate()
}

describe('AbandonedBindings', () => {
  it('forgets a browser whose connection has been closed from one look to the next', async () => {
    open.add('there')
    await register(binding('closed'), binding('there'))
    await pass(look)
    expect(left()).toContain('closed')
    await pass(look)
    expect(left()).toEqual(['there'])
  })

  it('leaves a browser alone that came back between two looks', async () => {
    await register(binding('back'))
    await pass(look)
    open.add('back')
    await pass(look)
    open.delete('back')
    await pass(look)
    expect(left()).toEqual(['back'])
  })

  it('begins to count anew when the browser has registered again meanwhile', async () => {
    await register(binding('again'))
    await pass(look)
    await register({ ...binding('again'), cseq: 2 })
    await pass(look)
    expect(left()).toEqual(['again'])
    await pass(look)
    expect(left()).toEqual([])
  })

  it('leaves phones alone: a connection to them can be opened again', async () => {
    await register(binding('phone', false))
    await pass(3 * look)
    expect(left()).toEqual(['phone'])
  })
})
