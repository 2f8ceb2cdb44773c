import { describe, expect, it } from 'vitest'
import type { Baresip } from '../support/baresip.ts'
import type { BrowserPhone } from '../support/browser.ts'
import { expectTalk, HZ, useStage } from './use-stage.ts'

let tab: BrowserPhone
let desk: Baresip

useStage({ accounts: ['1001', '2001'], https: true }, async stage => {
  ;[tab, desk] = await Promise.all([
    stage.tab('1001', HZ.caller, stage.offhook.httpsUrl),
    stage.deskPhone('2001', HZ.callee),
  ])
})

describe('the page over HTTPS with the development certificate', () => {
  it('signs in over wss and talks to a desk phone', async () => {
    expect(await tab.page.evaluate(() => window.isSecureContext && location.protocol)).toBe('https:')
    await tab.dial('2001')
    await desk.ringing()
    desk.accept()
    await Promise.all([tab.reaches('active'), desk.established()])
    await expectTalk(tab, desk)
    await tab.hangUp()
    await Promise.all([tab.isOver(), desk.closed()])
  })
})
