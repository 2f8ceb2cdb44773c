import { describe, expect, it } from 'vitest'
import { Emitter } from '../../client/softphone/emitter.ts'
import { Subject } from '../../client/softphone/observable.ts'

/** Runs `act` and returns the errors that were reported as uncaught meanwhile. */
async function uncaught(act: () => void): Promise<unknown[]> {
  const errors: unknown[] = []
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', error => errors.push(error))
  act()
  await new Promise(resolve => setImmediate(resolve))
  process.removeAllListeners('uncaughtException')
  for (const listener of listeners) process.on('uncaughtException', listener)
  return errors
}

describe('an emitter', () => {
  it('tells every listener until it unsubscribes', () => {
    const emitter = new Emitter<{ ring: number }>()
    const heard: number[] = []
    const stop = emitter.on('ring', n => heard.push(n))
    emitter.emit('ring', 1)
    stop()
    stop()
    emitter.emit('ring', 2)
    expect(heard).toEqual([1])
  })

  it('is not hurt by a listener that throws, whose error is still reported', async () => {
    const emitter = new Emitter<{ ring: undefined }>()
    const heard: string[] = []
    const mistake = new Error('mistake')
    emitter.on('ring', () => {
      throw mistake
    })
    emitter.on('ring', () => heard.push('second'))
    expect(await uncaught(() => emitter.emit('ring', undefined))).toEqual([mistake])
    expect(heard).toEqual(['second'])
  })

  it('lets a listener leave while it is called', () => {
    const emitter = new Emitter<{ ring: undefined }>()
    const heard: string[] = []
    const stop = emitter.on('ring', () => {
      heard.push('once')
      stop()
    })
    emitter.on('ring', () => heard.push('always'))
    emitter.emit('ring', undefined)
    emitter.emit('ring', undefined)
    expect(heard).toEqual(['once', 'always', 'always'])
  })
})

describe('an observable value', () => {
  it('tells of changes only', () => {
    const subject = new Subject('a')
    const heard: string[] = []
    subject.subscribe(value => heard.push(value))
    subject.set('a')
    subject.set('b')
    expect(subject.value).toBe('b')
    expect(heard).toEqual(['b'])
  })
})
