import { describe, expect, it } from 'vitest'
import type { SubscriberStore } from '../../server/accounts/subscriber-store.ts'
import type { Subscriber } from '../../server/accounts/subscriber.ts'
import { CachedSubscribers } from '../../server/store/cached-subscribers.ts'
import { LruMap } from '../../server/store/lru-map.ts'
import { aliceSubscriber } from './samples.ts'

/** Knows the names in `known` in every domain; `asked` is what got past the cache. */
function setUp({ known = ['alice'], maxKnown = 10, maxUnknown = 3, isAsync = false } = {}) {
  const names = new Set(known)
  const asked: string[] = []
  const store: SubscriberStore = {
    find(username, domain) {
      asked.push(username)
      const found: Subscriber | undefined = names.has(username) ? { ...aliceSubscriber, username, domain } : undefined
      return isAsync ? Promise.resolve(found) : found
    },
    list: () => Promise.resolve([]),
    save({ add = [] }) {
      for (const { username } of add) names.add(username)
    },
    remove: username => names.delete(username),
  }
  return { cached: new CachedSubscribers(store, { maxKnown, maxUnknown }), asked, names }
}

describe('CachedSubscribers', () => {
  it('asks the store once for a subscriber, and once for a name that is nobody’s', async () => {
    for (const isAsync of [false, true]) {
      const { cached, asked } = setUp({ isAsync })
      for (const name of ['alice', 'mallory', 'alice', 'mallory']) await cached.find(name, 'example.com')
      expect(asked).toEqual(['alice', 'mallory'])
    }
  })

  it('answers a hit without a promise', async () => {
    const { cached } = setUp({ isAsync: true })
    await cached.find('alice', 'example.com')
    expect(cached.find('alice', 'example.com')).toMatchObject({ username: 'alice' })
  })

  it('sees its own writes at once', async () => {
    const { cached } = setUp({ known: [] })
    expect(cached.find('alice', 'example.com')).toBeUndefined()
    await cached.save({ add: [aliceSubscriber] })
    expect(cached.find('alice', 'example.com')).toBeDefined()
    await cached.remove('alice', 'example.com')
    expect(cached.find('alice', 'example.com')).toBeUndefined()
  })

  it('does not remember an answer that was under way when a write came', async () => {
    const { cached, names } = setUp({ isAsync: true })
    const before = cached.find('alice', 'example.com')
    names.delete('alice')
    cached.clear()
    expect(await before).toBeDefined()
    expect(await cached.find('alice', 'example.com')).toBeUndefined()
  })

  it('pushes no subscriber out for a scanner that tries names', () => {
    const { cached, asked } = setUp({ maxKnown: 1, maxUnknown: 2 })
    void cached.find('alice', 'example.com')
    for (let i = 0; i < 1000; i++) void cached.find(`scan${i}`, 'example.com')
    asked.length = 0
    void cached.find('alice', 'example.com')
    void cached.find('scan999', 'example.com')
    expect(asked).toEqual([])
    void cached.find('scan1', 'example.com')
    expect(asked).toEqual(['scan1'])
  })

  it('neither looks up nor remembers a name that is too long to be anybody’s', () => {
    const { cached, asked } = setUp()
    expect(cached.find('a'.repeat(10_000), 'example.com')).toBeUndefined()
    expect(asked).toEqual([])
  })
})

describe('LruMap', () => {
  it('forgets the entry used longest ago when one more than `max` is set', () => {
    const map = new LruMap<number>(2)
    map.set('a', 1)
    map.set('b', 2)
    map.get('a')
    map.set('c', 3)
    expect(['a', 'b', 'c'].map(key => map.get(key))).toEqual([1, undefined, 3])
    expect(map.size).toBe(2)
  })
})
