import { describe, expect, it } from 'vitest'
import { WriteQueue } from '../../server/store/write-queue.ts'
import { FakeClock } from '../support/fake-clock.ts'

const locked = Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' })

function setUp(limits: { lockTimeoutMs?: number; maxWaiting?: number } = {}) {
  const clock = new FakeClock()
  const queue = new WriteQueue({ clock, lockTimeoutMs: 1000, maxWaiting: 10, explain: error => error, ...limits })
  const done: string[] = []
  let isLocked = false
  return {
    queue,
    done,
    lock: (value: boolean) => void (isLocked = value),
    write: (name: string) =>
      Promise.resolve(
        queue.run(() => {
          if (isLocked) throw locked
          done.push(name)
        }),
      ),
    async tick() {
      await new Promise(setImmediate)
      clock.advance(20)
      await new Promise(setImmediate)
    },
  }
}

describe('WriteQueue', () => {
  it('runs a write at once when nothing stands in the way', () => {
    const { queue } = setUp()
    expect(queue.run(() => 42)).toBe(42)
  })

  it('throws at once what is wrong with a write itself', () => {
    const { queue } = setUp()
    expect(() =>
      queue.run(() => {
        throw new Error('no such column')
      }),
    ).toThrow('no such column')
  })

  it('tries again while the lock is held, and keeps the order of what came meanwhile', async () => {
    const { done, lock, write, tick } = setUp()
    lock(true)
    const first = write('first')
    await tick()
    const second = write('second')
    lock(false)
    const third = write('third')
    expect(done).toEqual([])
    await tick()
    await Promise.all([first, second, third])
    expect(done).toEqual(['first', 'second', 'third'])
  })

  it('keeps a write behind one whose promise is under way', async () => {
    const { queue } = setUp()
    let finish = (): void => undefined
    const slow = queue.run(() => new Promise<void>(resolve => (finish = resolve)))
    const done: string[] = []
    const next = queue.run(() => void done.push('next'))
    await new Promise(setImmediate)
    expect(done).toEqual([])
    finish()
    await Promise.all([slow, next])
    expect(done).toEqual(['next'])
  })

  it('gives up after the time-out, for all that have waited as long', async () => {
    const { lock, write, tick } = setUp({ lockTimeoutMs: 40 })
    lock(true)
    const verdicts = ['a', 'b'].map(name => expect(write(name)).rejects.toBe(locked))
    for (let i = 0; i < 4; i++) await tick()
    await Promise.all(verdicts)
  })

  it('refuses one more than may wait, and recovers', async () => {
    const { done, lock, write, tick } = setUp({ maxWaiting: 2 })
    lock(true)
    const waiting = [write('a'), write('b')]
    await expect(write('c')).rejects.toMatchObject({ code: 'STORE_OVERLOADED' })
    lock(false)
    await tick()
    await Promise.all(waiting)
    await write('d')
    expect(done).toEqual(['a', 'b', 'd'])
  })

  it('is idle when all that was asked for is done', async () => {
    const { queue, done, lock, write, tick } = setUp()
    lock(true)
    void write('late')
    const idle = queue.idle()
    lock(false)
    await tick()
    await idle
    expect(done).toEqual(['late'])
  })
})
