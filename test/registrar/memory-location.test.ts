import { describe, expect, it } from 'vitest'
import type { Binding } from '../../server/registrar/binding.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { FakeStore } from './fake-store.ts'
import { MemoryLocation } from '../../server/registrar/memory-location.ts'
import { aor, udp } from './phone.ts'

function setUp({ clock = new FakeClock(), store = new FakeStore() } = {}) {
  const events: string[] = []
  const location = new MemoryLocation({
    clock,
    store,
    onAdded: ({ id }) => events.push(`added ${id}`),
    onRemoved: ({ id }, why) => events.push(`${why} ${id}`),
    onError: error => events.push(String(error)),
  })
  /** Lives for so many seconds. */
  const binding = (id: string, seconds = 60, more: Partial<Binding> = {}): Binding => ({
    id,
    aor,
    key: `sip:${id}@192.0.2.1`,
    contact: `sip:${id}@192.0.2.1`,
    q: 1000,
    callId: 'c',
    cseq: 1,
    expiresAt: clock.now() + seconds * 1000,
    path: [],
    flow: udp,
    isWebSocket: false,
    registeredAt: clock.now(),
    ...more,
  })
  const save = (...bindings: Binding[]) => location.save({ put: bindings, remove: [] })
  const put = (...bindings: Binding[]) => void save(...bindings)
  const ids = () => location.lookup(aor).map(({ id }) => id)
  return { clock, store, location, events, binding, save, put, ids }
}

describe('MemoryLocation: what is saved', () => {
  it('is found by AOR and by id, and is in the store when save is done', () => {
    const { location, store, binding, save } = setUp()
    const a = binding('a')
    expect(save(a)).toBeUndefined()
    expect(location.lookup(aor)).toEqual([a])
    expect(location.lookup('sip:nobody@example.com')).toEqual([])
    expect(location.byId('a')).toBe(a)
    expect(location.byId('b')).toBeUndefined()
    expect([...location.all()]).toEqual([a])
    expect([...store.bindings.values()]).toEqual([a])
    location.close()
  })

  it('replaces the binding of the same AOR and key, which is neither removed nor added', () => {
    const { location, binding, put, events, ids, clock } = setUp()
    put(binding('a'))
    put(binding('a', 90, { cseq: 2 }))
    expect(ids()).toEqual(['a'])
    expect(location.byId('a')!.cseq).toBe(2)
    clock.advance(60_000)
    expect(ids()).toEqual(['a'])
    expect(events).toEqual(['added a'])
    location.close()
    expect(clock.pending).toBe(0)
  })

  it('is removed by AOR and key, and what is not there is no error', () => {
    const { location, binding, put, events, clock, store } = setUp()
    put(binding('a'), binding('b'))
    void location.save({ put: [], remove: [binding('a'), binding('x')] })
    expect([...location.all()].map(({ id }) => id)).toEqual(['b'])
    expect([...store.bindings.values()].map(({ id }) => id)).toEqual(['b'])
    void location.save({ put: [], remove: [binding('b')] })
    expect(events).toEqual(['added a', 'added b', 'removed a', 'removed b'])
    expect(clock.pending).toBe(0)
  })

  it('leaves alone the list that somebody looked up before', () => {
    const { location, binding, put } = setUp()
    put(binding('a'))
    const before = location.lookup(aor)
    put(binding('b'))
    void location.save({ put: [], remove: [binding('a')] })
    expect(before.map(({ id }) => id)).toEqual(['a'])
    location.close()
  })

  it('is readable at once, durable and told of when the store has it', async () => {
    const { location, binding, save, store, ids, events } = setUp()
    store.slow = true
    const saved = save(binding('a'))
    expect(ids()).toEqual(['a'])
    expect(events).toEqual([])
    await store.release()
    await saved
    expect(events).toEqual(['added a'])
    location.close()
  })

  it('is undone when the store refuses it, at once or later', async () => {
    const { location, binding, put, store, events, ids, clock } = setUp()
    put(binding('a'), binding('b'))
    const before = location.lookup(aor)
    const change = { put: [binding('a', 99), binding('c')], remove: [binding('b')] }
    store.error = new Error('disk full')
    expect(() => location.save(change)).toThrow('disk full')
    expect(ids().sort()).toEqual(['a', 'b'])
    store.slow = true
    const later = location.save(change)
    expect(ids().sort()).toEqual(['a', 'c'])
    await Promise.all([expect(later).rejects.toThrow('disk full'), store.release()])
    expect([...location.lookup(aor)].sort((x, y) => x.id.localeCompare(y.id))).toEqual(before.toReversed())
    expect(events).toEqual(['added a', 'added b'])
    clock.advance(60_000)
    expect(ids()).toEqual([])
    expect(clock.pending).toBe(0)
  })

  it('is not undone where a later change has come', async () => {
    const { location, binding, save, store } = setUp()
    store.slow = true
    store.error = new Error('disk full')
    const first = save(binding('a', 60, { cseq: 1 }))
    store.error = undefined
    const second = save(binding('a', 60, { cseq: 2 }))
    await Promise.all([expect(first).rejects.toThrow(), store.release(), second])
    expect(location.byId('a')!.cseq).toBe(2)
    location.close()
  })
})

describe('MemoryLocation: expiry', () => {
  it('ends a binding on time: not a millisecond too early, never returned after', () => {
    const { location, binding, put, ids, clock } = setUp({ clock: new FakeClock(1_700_000_000_123) })
    put(binding('a', 60), binding('b', 61))
    clock.advance(59_999)
    expect(ids()).toEqual(['b', 'a'])
    clock.advance(1)
    expect(ids()).toEqual(['b'])
    expect(location.byId('a')).toBeUndefined()
    expect([...location.all()].map(({ id }) => id)).toEqual(['b'])
    clock.advance(1000)
    expect(ids()).toEqual([])
  })

  it('drops what has expired within a second, from the store too, and says so once', () => {
    const { binding, put, clock, store, events } = setUp({ clock: new FakeClock(1_700_000_000_123) })
    put(binding('a', 60), binding('b', 60), binding('c', 90))
    clock.advance(61_000)
    expect(events.slice(3)).toEqual(['expired a', 'expired b'])
    expect([...store.bindings.values()].map(({ id }) => id)).toEqual(['c'])
    clock.advance(30_000)
    expect(events.slice(5)).toEqual(['expired c'])
    expect(store.bindings.size).toBe(0)
    expect(clock.pending).toBe(0)
  })

  it('needs one timer for any number of bindings, for the earliest', () => {
    const { binding, put, clock, location } = setUp()
    for (let i = 0; i < 1000; i++) put(binding(`b${i}`, 30 + ((i * 7) % 300)))
    expect(clock.pending).toBe(1)
    expect(clock.next).toBe(30_000)
    clock.advance(29_999)
    expect([...location.all()]).toHaveLength(1000)
    clock.advance(300_000)
    expect([...location.all()]).toHaveLength(0)
    expect(clock.pending).toBe(0)
  })

  it('keeps what lives for years', () => {
    const { binding, put, clock, ids, location } = setUp()
    put(binding('permanent', 10 * 365 * 86_400))
    expect(clock.next).toBeLessThan(2 ** 31)
    clock.advance(5 * 365 * 86_400_000)
    expect(ids()).toEqual(['permanent'])
    location.close()
  })

  it('goes on when the store cannot forget, at once or later', async () => {
    const { binding, put, clock, store, events, ids } = setUp()
    put(binding('a', 60), binding('b', 70))
    store.error = new Error('locked')
    clock.advance(60_000)
    store.slow = true
    clock.advance(10_000)
    await store.release()
    expect(ids()).toEqual([])
    expect(events.slice(2)).toEqual(['Error: locked', 'expired a', 'expired b', 'Error: locked'])
  })

  it('stops with close, which may be called twice', () => {
    const { binding, put, clock, location } = setUp()
    put(binding('a'))
    location.close()
    location.close()
    expect(clock.pending).toBe(0)
  })
})

describe('MemoryLocation: start', () => {
  it('takes over what the store has kept, without telling of it, and drops what has expired', async () => {
    const { clock, store, binding, put, location: old } = setUp()
    put(binding('a', 60), binding('b', 30))
    old.close()
    clock.advance(30_000)
    const { location, events, ids } = setUp({ clock, store })
    await location.start()
    expect(ids()).toEqual(['a'])
    expect([...store.bindings.values()].map(({ id }) => id)).toEqual(['a'])
    expect(events).toEqual([])
    clock.advance(30_000)
    expect(events).toEqual(['expired a'])
    expect(clock.pending).toBe(0)
  })
})

describe('MemoryLocation: reload', () => {
  it('removes what is no more in the store, adds what is new, and tells of both', async () => {
    const { location, store, binding, put, events, ids } = setUp()
    put(binding('a'), binding('b'))
    store.edit({ remove: [binding('a')], put: [binding('c'), binding('old', -1)] })
    await location.reload()
    expect(ids().sort()).toEqual(['b', 'c'])
    expect(events.slice(2).sort()).toEqual(['added c', 'removed a'])
    location.close()
  })

  it('takes over what was changed, and leaves as it is what was not', async () => {
    const { location, store, binding, put, events } = setUp()
    const b = binding('b')
    put(binding('a'), b)
    store.edit({ put: [binding('a', 600), { ...b }] })
    await location.reload()
    expect(location.byId('a')!.expiresAt).toBe(binding('a', 600).expiresAt)
    expect(location.byId('b')).toBe(b)
    expect(events).toEqual(['added a', 'added b'])
    location.close()
  })

  it('removes what somebody ended in the store', async () => {
    const { location, store, binding, put, ids } = setUp()
    put(binding('a'))
    store.edit({ put: [binding('a', 0)] })
    await location.reload()
    expect(ids()).toEqual([])
    expect(store.bindings.size).toBe(0)
  })

  it('does not undo what is saved while the store is being read', async () => {
    const { location, store, binding, put, ids } = setUp()
    put(binding('gone'), binding('stays'))
    store.slow = true
    const reloading = location.reload()
    await Promise.resolve()
    store.slow = false
    put(binding('new'))
    void location.save({ put: [], remove: [binding('gone')] })
    await store.release()
    await reloading
    expect(ids().sort()).toEqual(['new', 'stays'])
    location.close()
  })

  it('fails when the store does, changes nothing, and works again afterwards', async () => {
    const { location, store, binding, put, ids } = setUp()
    put(binding('a'))
    const { load } = store
    store.load = () => Promise.reject(new Error('locked'))
    await expect(location.reload()).rejects.toThrow('locked')
    expect(ids()).toEqual(['a'])
    store.load = load
    store.edit({ remove: [binding('a')] })
    await Promise.all([location.reload(), location.reload()])
    expect(ids()).toEqual([])
  })
})
