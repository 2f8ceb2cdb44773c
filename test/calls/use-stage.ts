import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFailed } from 'vitest'
import { Baresip } from '../support/baresip.ts'
import { BrowserPhone } from '../support/browser.ts'
import { Offhook, passwordOf, type OffhookOptions } from '../support/offhook.ts'
import type { Tone } from '../support/tone.ts'
import { until } from '../support/until.ts'

/** A different tone for each place on the stage, none a multiple of another. */
export const HZ = { caller: 440, callee: 700, third: 1_010 } as const
const TOLERANCE_HZ = 6
/** A tone that came through whole fills the sound; an artefact does not. */
const PURE = 0.5
/** Codecs and resampling cost some, a relay that drops every other packet costs much more. */
const LOUD = 0.1

export interface Listener {
  readonly account: string
  hears(): Promise<Tone | undefined>
}

/** What the tests of a file play on: a server, and the phones they open. */
export interface Stage {
  readonly offhook: Offhook
  tab(account: string, hz: number, url?: string): Promise<BrowserPhone>
  deskPhone(account: string, hz: number, transport?: 'udp' | 'tcp'): Promise<Baresip>
}

/**
 * Opens the stage for this file's tests and closes it after them. After each test rtpengine must hold no call.
 * `setUp` opens the phones, once; they are closed with the stage. A failing test shows what every peer has to say.
 */
export function useStage(options: OffhookOptions, setUp: (stage: Stage) => Promise<void>): void {
  let offhook: Offhook | undefined
  const tabs: BrowserPhone[] = []
  const deskPhones: Baresip[] = []

  beforeAll(async () => {
    const server = await Offhook.start(options)
    offhook = server
    await setUp({
      offhook: server,
      async tab(account, hz, url = server.httpUrl) {
        const tab = await BrowserPhone.open({ account, password: passwordOf(account), url, hz })
        tabs.push(tab)
        return tab
      },
      async deskPhone(account, hz, transport) {
        const { domain, sipPort } = server
        const settings = { account, password: passwordOf(account), domain, serverPort: sipPort, transport, hz }
        const phone = await Baresip.start(settings)
        deskPhones.push(phone)
        return phone
      },
    })
  })

  beforeEach(() => {
    onTestFailed(() => {
      const said = [offhook?.logTail(), ...tabs.map(tab => tab.describe()), ...deskPhones.map(phone => phone.logTail())]
      console.error(said.join('\n'))
    })
  })

  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') {
      // One failure is one failure: the next test starts with a clear line.
      await Promise.all([...tabs, ...deskPhones].map(phone => phone.reset()))
      return
    }
    await offhook?.rtpengine?.idle()
  })

  afterAll(async () => {
    await Promise.all([...tabs.map(tab => tab.close()), ...deskPhones.map(phone => phone.stop())])
    await offhook?.stop()
  })
}

/** Waits until the listener hears this tone, pure and loud. */
export async function expectHears(listener: Listener, hz: number): Promise<void> {
  let heard: Tone | undefined
  const isIt = async () => {
    heard = await listener.hears()
    return heard && Math.abs(heard.hz - hz) <= TOLERANCE_HZ && heard.purity >= PURE && heard.level >= LOUD
  }
  await until(`${listener.account} hears ${hz} Hz`, isIt, { explain: () => `heard last: ${JSON.stringify(heard)}` })
}

/** Waits until nothing arrives any more. */
export async function expectSilence(listener: Listener): Promise<void> {
  await until(`${listener.account} hears nothing`, async () => (await listener.hears()) === undefined)
}

/** Sound both ways: each hears the other's tone. */
export async function expectTalk(
  one: Listener & { readonly hz: number },
  other: Listener & { readonly hz: number },
): Promise<void> {
  await Promise.all([expectHears(one, other.hz), expectHears(other, one.hz)])
}

/** Both sides of the wire: packets went and came, and none was lost. */
export async function expectCleanStream(tab: BrowserPhone): Promise<void> {
  const { sent, received, lost } = await tab.packets()
  expect(sent).toBeGreaterThan(25)
  expect(received).toBeGreaterThan(25)
  expect(lost).toBe(0)
}
