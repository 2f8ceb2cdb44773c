import { describe, expect, it } from 'vitest'
import type { Baresip } from '../support/baresip.ts'
import { until } from '../support/until.ts'
import { expectTalk, HZ, useStage } from './use-stage.ts'

let one: Baresip
let other: Baresip

useStage({ accounts: ['2001', '2002'] }, async stage => {
  ;[one, other] = await Promise.all([
    stage.deskPhone('2001', HZ.caller, 'udp'),
    stage.deskPhone('2002', HZ.callee, 'tcp'),
  ])
})

async function call(): Promise<void> {
  one.dial('2002')
  await other.ringing()
  other.accept()
  await Promise.all([one.established(), other.established()])
}

const bothClosed = (): Promise<[string, string]> => Promise.all([one.closed(), other.closed()])

describe('a desk phone over UDP calls one over TCP', () => {
  it('both hear each other, and the caller hangs up', async () => {
    await call()
    await expectTalk(one, other)
    one.hangUp()
    await bothClosed()
  })

  it('the callee hangs up', async () => {
    await call()
    await expectTalk(one, other)
    other.hangUp()
    await bothClosed()
  })

  it('keys arrive on both sides', async () => {
    await call()
    await expectTalk(one, other)
    await one.press('12')
    await other.press('34')
    await until('all keys have arrived', () => other.digits() === '12' && one.digits() === '34')
    one.hangUp()
    await bothClosed()
  })

  it('is told that the other is busy', async () => {
    one.dial('2002')
    await other.ringing()
    other.hangUp()
    expect((await bothClosed())[0]).toMatch(/^486 /)
  })

  it('cancels while it rings', async () => {
    one.dial('2002')
    await other.ringing()
    one.hangUp()
    await bothClosed()
  })

  it('is told that there is no such number', async () => {
    one.dial('9999')
    expect(await one.closed()).toMatch(/^404 /)
  })
})
