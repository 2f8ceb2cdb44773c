import { describe, it } from 'vitest'
import type { BrowserPhone } from '../support/browser.ts'
import { expectCleanStream, expectHears, expectSilence, expectTalk, HZ, useStage } from './use-stage.ts'

let one: BrowserPhone
let other: BrowserPhone

useStage({ accounts: ['1001', '1002'] }, async stage => {
  ;[one, other] = await Promise.all([stage.tab('1001', HZ.caller), stage.tab('1002', HZ.callee)])
})

async function call(): Promise<void> {
  await one.dial('1002')
  await other.reaches('incoming')
  await other.answer()
  await Promise.all([one.reaches('active'), other.reaches('active')])
}

const bothOver = (): Promise<unknown> => Promise.all([one.isOver(), other.isOver()])

describe('a tab calls a tab', () => {
  it('both hear each other, and the caller hangs up', async () => {
    await call()
    await expectTalk(one, other)
    await Promise.all([expectCleanStream(one), expectCleanStream(other)])
    await one.hangUp()
    await bothOver()
  })

  it('the callee hangs up', async () => {
    await call()
    await expectTalk(one, other)
    await other.hangUp()
    await bothOver()
  })

  it('is silent while muted, and only in that direction', async () => {
    await call()
    await expectTalk(one, other)
    await one.mute()
    await expectSilence(other)
    await expectHears(one, other.hz)
    await one.hangUp()
    await bothOver()
  })

  it('cancels while it rings', async () => {
    await one.dial('1002')
    await other.reaches('incoming')
    await one.hangUp()
    await bothOver()
  })

  it('is declined', async () => {
    await one.dial('1002')
    await other.reaches('incoming')
    await other.decline()
    await bothOver()
  })
})
