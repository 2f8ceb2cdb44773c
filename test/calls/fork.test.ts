import { describe, expect, it } from 'vitest'
import type { Baresip } from '../support/baresip.ts'
import type { BrowserPhone } from '../support/browser.ts'
import { expectTalk, HZ, useStage } from './use-stage.ts'

/** One account, registered at a tab and at a desk phone. */
let tab: BrowserPhone
let desk: Baresip
let callerTab: BrowserPhone
let callerDesk: Baresip

useStage({ accounts: ['1001', '1002', '2002'] }, async stage => {
  ;[tab, desk, callerTab, callerDesk] = await Promise.all([
    stage.tab('1001', HZ.callee),
    stage.deskPhone('1001', HZ.third),
    stage.tab('1002', HZ.caller),
    stage.deskPhone('2002', HZ.caller),
  ])
})

const bothRing = (): Promise<unknown> => Promise.all([tab.reaches('incoming'), desk.ringing()])

describe('an account at a tab and a desk phone rings at both', () => {
  it('a desk phone calls, the tab answers: the desk phone stops ringing', async () => {
    callerDesk.dial('1001')
    await bothRing()
    await tab.answer()
    await Promise.all([tab.reaches('active'), callerDesk.established(), desk.closed()])
    await expectTalk(callerDesk, tab)
    callerDesk.hangUp()
    await Promise.all([callerDesk.closed(), tab.isOver()])
  })

  it('a desk phone calls, the desk phone answers: the tab stops ringing', async () => {
    callerDesk.dial('1001')
    await bothRing()
    desk.accept()
    await Promise.all([desk.established(), callerDesk.established(), tab.isOver()])
    await expectTalk(callerDesk, desk)
    desk.hangUp()
    await Promise.all([callerDesk.closed(), desk.closed()])
  })

  it('a tab calls, the tab answers: the desk phone stops ringing', async () => {
    await callerTab.dial('1001')
    await bothRing()
    await tab.answer()
    await Promise.all([tab.reaches('active'), callerTab.reaches('active'), desk.closed()])
    await expectTalk(callerTab, tab)
    await tab.hangUp()
    await Promise.all([callerTab.isOver(), tab.isOver()])
  })

  it('a tab calls, the desk phone answers: the tab stops ringing', async () => {
    await callerTab.dial('1001')
    await bothRing()
    desk.accept()
    await Promise.all([desk.established(), callerTab.reaches('active'), tab.isOver()])
    await expectTalk(callerTab, desk)
    await callerTab.hangUp()
    await Promise.all([callerTab.isOver(), desk.closed()])
  })

  it('the caller gives up: both stop ringing', async () => {
    callerDesk.dial('1001')
    await bothRing()
    callerDesk.hangUp()
    await Promise.all([callerDesk.closed(), desk.closed(), tab.isOver()])
  })

  it('one is busy: the other rings on and may answer', async () => {
    callerDesk.dial('1001')
    await bothRing()
    desk.hangUp() // 486
    await desk.closed()
    expect(await tab.state()).toBe('incoming')
    await tab.answer()
    await Promise.all([tab.reaches('active'), callerDesk.established()])
    await expectTalk(callerDesk, tab)
    await tab.hangUp()
    await Promise.all([callerDesk.closed(), tab.isOver()])
  })
})
