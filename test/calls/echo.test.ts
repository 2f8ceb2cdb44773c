import { describe, it } from 'vitest'
import type { Baresip } from '../support/baresip.ts'
import type { BrowserPhone } from '../support/browser.ts'
import { expectHears, HZ, useStage } from './use-stage.ts'

let tab: BrowserPhone
let desk: Baresip

useStage({ accounts: ['1001', '2001'] }, async stage => {
  ;[tab, desk] = await Promise.all([stage.tab('1001', HZ.caller), stage.deskPhone('2001', HZ.callee)])
})

describe('*43 sends back what it hears', () => {
  it('to a tab', async () => {
    await tab.dial('*43')
    await tab.reaches('active')
    await expectHears(tab, tab.hz)
    await tab.hangUp()
    await tab.isOver()
  })

  it('to a desk phone', async () => {
    desk.dial('*43')
    await desk.established()
    await expectHears(desk, desk.hz)
    desk.hangUp()
    await desk.closed()
  })
})
