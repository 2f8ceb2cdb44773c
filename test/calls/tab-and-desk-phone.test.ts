import { describe, expect, it } from 'vitest'
import type { Baresip } from '../support/baresip.ts'
import type { BrowserPhone } from '../support/browser.ts'
import { until } from '../support/until.ts'
import { expectCleanStream, expectHears, expectSilence, expectTalk, HZ, useStage } from './use-stage.ts'

let tab: BrowserPhone
let desk: Baresip

useStage({ accounts: ['1001', '2001', '2002'] }, async stage => {
  ;[tab, desk] = await Promise.all([stage.tab('1001', HZ.caller), stage.deskPhone('2001', HZ.callee)])
})

async function tabCallsDesk(): Promise<void> {
  await tab.dial('2001')
  await desk.ringing()
  await tab.reaches('ringing')
  desk.accept()
  await Promise.all([tab.reaches('active'), desk.established()])
}

async function deskCallsTab(): Promise<void> {
  desk.dial('1001')
  await tab.reaches('incoming')
  await tab.answer()
  await Promise.all([tab.reaches('active'), desk.established()])
}

describe('a tab calls a desk phone', () => {
  it('both hear each other, and the tab hangs up', async () => {
    await tabCallsDesk()
    await expectTalk(tab, desk)
    await expectCleanStream(tab)
    await tab.hangUp()
    await Promise.all([tab.isOver(), desk.closed()])
  })

  it('the desk phone hangs up', async () => {
    await tabCallsDesk()
    await expectTalk(tab, desk)
    desk.hangUp()
    await Promise.all([tab.isOver(), desk.closed()])
  })

  it('cancels while it rings', async () => {
    await tab.dial('2001')
    await desk.ringing()
    await tab.hangUp()
    await Promise.all([tab.isOver(), desk.closed()])
  })

  it('is told that the desk phone is busy', async () => {
    await tab.dial('2001')
    await desk.ringing()
    desk.hangUp() // 486 before the answer
    await Promise.all([tab.isOver(), desk.closed()])
  })

  it('is told that nobody is registered there', async () => {
    await tab.dial('2002')
    await tab.isOver()
  })

  it('is silent while muted', async () => {
    await tabCallsDesk()
    await expectTalk(tab, desk)
    await tab.mute()
    await expectSilence(desk)
    await expectHears(tab, desk.hz)
    await tab.hangUp()
    await Promise.all([tab.isOver(), desk.closed()])
  })

  it('is put on hold by the desk phone and taken back', async () => {
    await tabCallsDesk()
    await expectTalk(tab, desk)
    desk.hold()
    await expectSilence(tab)
    desk.resume()
    await expectHears(tab, desk.hz)
    desk.hangUp()
    await Promise.all([tab.isOver(), desk.closed()])
  })
})

describe('a desk phone calls a tab', () => {
  it('both hear each other, and the tab hangs up', async () => {
    await deskCallsTab()
    await expectTalk(tab, desk)
    await expectCleanStream(tab)
    await tab.hangUp()
    await Promise.all([tab.isOver(), desk.closed()])
  })

  it('the desk phone hangs up', async () => {
    await deskCallsTab()
    await expectTalk(tab, desk)
    desk.hangUp()
    await Promise.all([tab.isOver(), desk.closed()])
  })

  it('cancels while it rings', async () => {
    desk.dial('1001')
    await tab.reaches('incoming')
    desk.hangUp()
    await Promise.all([tab.isOver(), desk.closed()])
  })

  it('is declined', async () => {
    desk.dial('1001')
    await tab.reaches('incoming')
    await tab.decline()
    await tab.isOver()
    expect(await desk.closed()).toMatch(/^(486|603) /)
  })
})

describe('keys pressed during a call arrive as telephone events (RFC 4733)', () => {
  it('from the tab at the desk phone', async () => {
    await tabCallsDesk()
    await expectTalk(tab, desk)
    await tab.press('19#')
    await until('the desk phone has all keys', () => desk.digits() === '19#', { explain: () => desk.digits() })
    await tab.hangUp()
    await Promise.all([tab.isOver(), desk.closed()])
  })

  it('from the desk phone at the tab', async () => {
    await tabCallsDesk()
    await expectTalk(tab, desk)
    const heard = tab.hearsKey('5')
    await desk.press('5')
    await heard
    await tab.hangUp()
    await Promise.all([tab.isOver(), desk.closed()])
  })
})
