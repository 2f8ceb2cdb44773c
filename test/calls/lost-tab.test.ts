import { describe, expect, it } from 'vitest'
import type { Baresip } from '../support/baresip.ts'
import { expectTalk, HZ, type Stage, useStage } from './use-stage.ts'

let stage: Stage
let desk: Baresip

useStage({ accounts: ['1001', '2001'] }, async opened => {
  stage = opened
  desk = await opened.deskPhone('2001', HZ.callee)
})

describe('a tab that crashes', () => {
  it('while it calls: the desk phone stops ringing', async () => {
    const tab = await stage.tab('1001', HZ.caller)
    await tab.dial('2001')
    await desk.ringing()
    await tab.reaches('ringing')
    await tab.crash()
    await desk.closed()
  })

  it('while it is called: the desk phone is told at once', async () => {
    const tab = await stage.tab('1001', HZ.caller)
    desk.dial('1001')
    await tab.reaches('incoming')
    await tab.crash()
    expect(await desk.closed()).toContain('480')
  })

  it('in a call: the desk phone hangs up, and no media is left', async () => {
    const tab = await stage.tab('1001', HZ.caller)
    await tab.dial('2001')
    await desk.ringing()
    desk.accept()
    await desk.established()
    await expectTalk(tab, desk)
    await tab.crash()
    desk.hangUp()
    await desk.closed()
  })
})
