import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FakeClock } from '../support/fake-clock.ts'
import { ChildProgram } from './child-program.ts'
import { aliceSubscriber } from './samples.ts'
import { databasePath, openTestStore } from './support.ts'

let writer: ChildProgram

beforeAll(async () => {
  writer = await ChildProgram.bundle(resolve(import.meta.dirname, 'writer-process.ts'))
}, 60_000)

afterAll(() => writer.close())

describe('the store between processes', () => {
  it('has every binding that was applied before the process was killed with SIGKILL', async () => {
    const file = databasePath()
    const child = writer.start(file, 'bindings')
    let applied = 0
    for await (const line of createInterface(child.stdout)) {
      applied = Number(line)
      if (applied === 500) child.kill('SIGKILL')
    }
    const { bindings } = await openTestStore({ file })
    const cseqs = (await bindings.load()).map(binding => binding.cseq)
    expect(applied).toBeGreaterThanOrEqual(500)
    expect(cseqs.length).toBeGreaterThanOrEqual(applied)
    expect(new Set(cseqs)).toEqual(new Set(cseqs.map((_, index) => index + 1)))
  }, 30_000)

  it('tells of a change by another process within a poll, answers with it, and does not tell of its own', async () => {
    const file = databasePath()
    const clock = new FakeClock()
    const store = await openTestStore({ file, clock })
    let changes = 0
    const stop = store.changes(() => changes++)
    expect(store.subscribers.find('alice', 'example.com')).toBeUndefined()

    const child = writer.start(file, 'subscriber')
    await once(child, 'exit')
    expect(store.subscribers.find('alice', 'example.com')).toBeUndefined()
    clock.advance(1000)
    expect(changes).toBe(1)
    expect(store.subscribers.find('alice', 'example.com')).toEqual(aliceSubscriber)

    await store.subscribers.remove('alice', 'example.com')
    clock.advance(5000)
    expect(changes).toBe(1)

    stop()
    await once(writer.start(file, 'subscriber'), 'exit')
    clock.advance(1000)
    expect(changes).toBe(1)
  }, 30_000)
})
