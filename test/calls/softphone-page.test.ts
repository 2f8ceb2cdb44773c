import { createRequire } from 'node:module'
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { header } from '../support/sip-text.ts'
import { SoftphonePage } from '../support/softphone-page.ts'
import { until } from '../support/until.ts'

/** Axe is injected as text into an isolated world, because the page's policy allows no script but its own. */
const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const account = { user: '1001', password: 'right', realm: 'phone.example.com' }

let server: SoftphonePage
let browser: Browser
let page: Page
let complaints: string[]

beforeAll(async () => {
  server = await SoftphonePage.start({
    ...account,
    scripts: {
      busy: { status: 486, reason: 'Busy Here', isRinging: true },
      nobody: { status: 404, reason: 'Not Found' },
      slow: { status: 200, reason: 'OK', isRinging: true, isPatient: true },
    },
  })
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    chromiumSandbox: false,
    args: [
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      '--allow-loopback-in-peer-connection',
      '--disable-gpu',
      '--disable-background-networking',
      '--no-first-run',
    ],
  })
})

afterAll(async () => {
  await browser.close()
  await server.stop()
})

afterEach(async () => {
  await page.context().close()
  server.sip.comeBack()
  await until('the page has gone', () => server.sip.connections === 0)
  server.sip.reset()
  expect(complaints).toEqual([])
})

/** Opens the page; whatever it complains about fails the test. */
async function open(options: BrowserContextOptions = {}, prepare?: (page: Page) => Promise<unknown>): Promise<void> {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options })
  page = await context.newPage()
  complaints = []
  page.on('pageerror', error => complaints.push(error.message))
  page.on('console', message => {
    const isComplaint =
      ['error', 'warning'].includes(message.type()) && !message.text().includes('WebSocket connection')
    if (isComplaint) complaints.push(message.text())
  })
  await prepare?.(page)
  await page.goto(server.url)
}

async function signIn(password = account.password): Promise<void> {
  await page.getByLabel('Account').fill(account.user)
  await page.getByLabel('Password').fill(password)
  await button('Sign in').click()
}

async function openSignedIn(
  options?: BrowserContextOptions,
  prepare?: (page: Page) => Promise<unknown>,
): Promise<void> {
  await open(options, prepare)
  await signIn()
  await shows('Ready')
}

const button = (name: string): Locator => page.getByRole('button', { name, exact: true })
const shows = (status: string): Promise<void> => page.getByRole('status').filter({ hasText: status }).waitFor()
const numberField = (): Locator => page.getByLabel('Number or name')
const callState = (state: string): Locator => page.locator(`offhook-call[data-state=${state}]`)

async function dial(target: string): Promise<void> {
  await numberField().fill(target)
  await numberField().press('Enter')
}

/** What axe finds wrong with the page as it is now. */
async function violations(): Promise<string[]> {
  const { readFile } = await import('node:fs/promises')
  await page.evaluate(await readFile(axePath, 'utf8'))
  return page.evaluate(async () => {
    interface Finding {
      id: string
      nodes: { html: string }[]
    }
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: Finding[] }> } }
    const { violations: found } = await axe.run()
    return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
  })
}

describe('signing in', () => {
  it('says that the password is wrong, and lets its user try again at once', async () => {
    await open()
    await expect.poll(() => page.title()).toBe('Offhook')
    await signIn('wrong')
    await page.getByRole('alert').filter({ hasText: 'Error 1201' }).waitFor()
    expect(await page.getByLabel('Password').evaluate(field => field.matches(':focus'))).toBe(true)
    expect(await page.locator('offhook-app').getAttribute('data-state')).toBe('failed')
    expect(await violations()).toEqual([])
    await page.keyboard.type('right')
    await page.keyboard.press('Enter')
    await shows('Ready')
    expect(await page.locator('offhook-app').getAttribute('data-state')).toBe('registered')
  })

  it('keeps the password out of every storage, unless told to stay signed in on this tab', async () => {
    await openSignedIn()
    const stored = () => page.evaluate(() => [localStorage, sessionStorage].map(each => JSON.stringify(each)))
    expect(await stored()).toEqual(['{}', '{}'])
    await button('Sign out').click()
    await page.getByLabel('Stay signed in on this tab').check()
    await signIn()
    await shows('Ready')
    await page.reload()
    await shows('Ready')
    expect((await stored())[0]).toBe('{}')
    await button('Sign out').click()
    await button('Sign in').waitFor()
    expect(await stored()).toEqual(['{}', '{}'])
    await until('the binding is gone', () => !server.sip.isRegistered)
  })

  it('unregisters as well as it can when the page is left', async () => {
    await openSignedIn()
    await page.goto('about:blank')
    const isUnregistering = () => header(server.sip.requests('REGISTER').at(-1)!, 'expires') === '0'
    await until('the page takes its leave', isUnregistering)
  })
})

describe('an outgoing call', () => {
  it('is dialled with the keys of the page, rings, is answered and hung up', async () => {
    await openSignedIn()
    expect(await violations()).toEqual([])
    await numberField().fill('sl')
    await button('Delete last character').click()
    await numberField().fill('')
    for (const key of ['*', '4', '3']) await button(key).click()
    await button('Call').click()
    await shows('In call')
    expect(server.sip.requests('INVITE')[0]!.uri).toBe('sip:*43@phone.example.com')
    expect(await page.getByRole('timer').textContent()).toMatch(/^0:0\d$/)
    expect(await violations()).toEqual([])
    await button('Mute').click()
    await shows('microphone off')
    expect(await button('Mute').getAttribute('aria-pressed')).toBe('true')
    await button('Hang up').click()
    await callState('ended').waitFor()
    await until('the other side is told', () => server.sip.requests('BYE').length === 1)
    await button('Close').click()
    await shows('Ready')
    expect(await numberField().evaluate(field => field.matches(':focus'))).toBe(true)
  })

  it('sends the digits of keypad and keyboard as telephone events', async () => {
    await openSignedIn({}, each =>
      each.addInitScript(() => {
        const sent: string[] = []
        Object.assign(window, { sent })
        // It is false until media flows, which it never does here.
        Object.defineProperty(RTCDTMFSender.prototype, 'canInsertDTMF', { value: true })
        RTCDTMFSender.prototype.insertDTMF = tones => void sent.push(tones)
      }),
    )
    await dial('1002')
    await shows('In call')
    await button('Keypad').click()
    await button('1').click()
    await page.keyboard.press('#')
    const sent = () => page.evaluate(() => (window as unknown as { sent: string[] }).sent.join(''))
    await expect.poll(sent).toBe('1#')
    expect(server.sip.requests('INFO')).toEqual([])
    expect(await violations()).toEqual([])
  })

  it('keeps the button to hang up in view beside the keypad on a small screen; Escape closes the keypad only', async () => {
    await openSignedIn({ viewport: { width: 320, height: 480 } })
    await dial('1002')
    await shows('In call')
    await button('Keypad').click()
    const { y, height } = (await button('Hang up').boundingBox())!
    expect(y + height).toBeLessThanOrEqual(480)
    await page.keyboard.press('Escape')
    await expect.poll(() => button('Keypad').getAttribute('aria-expanded')).toBe('false')
    await shows('In call')
  })

  it('is given up while it rings', async () => {
    await openSignedIn()
    await dial('slow')
    await shows('Ringing')
    await callState('ringing').waitFor()
    await button('Hang up').click()
    await shows('Call cancelled')
    await until('the other side is told', () => server.sip.requests('CANCEL').length === 1)
  })

  it.each([
    ['busy', 'The line is busy.', 1301],
    ['nobody', 'Nobody has this number or name.', 1302],
    ['a b', 'That cannot be dialled.', 1315],
  ])('to %s says in words why it came to nothing', async (target, words, number) => {
    await openSignedIn()
    await dial(target)
    await page
      .getByRole('alert')
      .filter({ hasText: words })
      .filter({ hasText: `Error ${number}` })
      .waitFor()
    expect(await numberField().isVisible()).toBe(true)
  })

  it('needs a microphone, and says so when its user refuses', async () => {
    await openSignedIn({}, each =>
      each.addInitScript(() => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))
      }),
    )
    await dial('1002')
    await page.getByRole('alert').filter({ hasText: 'Error 1402' }).waitFor()
    expect(server.sip.requests('INVITE')).toEqual([])
  })
})

describe('an incoming call', () => {
  it('shows who calls, in the title too, and is answered', async () => {
    await openSignedIn()
    const call = server.sip.invite('"Anna" <sip:1002@phone.example.com>')
    await shows('Incoming call')
    expect(await page.title()).toBe('Anna is calling – Offhook')
    expect(await page.getByRole('heading', { name: 'Anna' }).evaluate(each => each.matches(':focus'))).toBe(true)
    expect(await violations()).toEqual([])
    await button('Answer').click()
    await shows('In call')
    expect(call.status).toBe(200)
    expect(await page.title()).toBe('Offhook')
    const second = server.sip.invite('<sip:1003@phone.example.com>')
    await until('the second caller hears busy', () => second.status === 486)
    expect(await callState('active').count()).toBe(1)
    call.bye()
    await shows('Call ended')
    await shows('Ready')
  })

  it('is declined', async () => {
    await openSignedIn()
    const call = server.sip.invite('<sip:1002@phone.example.com>')
    await button('Decline').click()
    await until('the caller hears it', () => call.status === 603)
  })

  it('is remembered when it was missed', async () => {
    await openSignedIn()
    const call = server.sip.invite('<sip:1002@phone.example.com>')
    await shows('Incoming call')
    call.cancel()
    await shows('Missed call')
    await button('Call back').click()
    await shows('In call')
    expect(server.sip.requests('INVITE')[0]!.uri).toBe('sip:1002@phone.example.com')
  })
})

describe('a lost connection', () => {
  it('is shown, leaves the call alone, and comes back by itself', async () => {
    await openSignedIn()
    await dial('1002')
    await shows('In call')
    server.sip.goAway()
    await page.getByRole('alert').filter({ hasText: 'Your call goes on.' }).waitFor()
    expect(await callState('active').count()).toBe(1)
    const registers = server.sip.requests('REGISTER').length
    server.sip.comeBack()
    await until('it registers again', () => server.sip.requests('REGISTER').length > registers)
    await page.locator('offhook-app[data-state=registered]').waitFor()
    await button('Hang up').click()
    await until('the other side is told', () => server.sip.requests('BYE').length === 1)
  })

  it('is told at sign-in as well', async () => {
    await open()
    server.sip.goAway()
    await signIn()
    await page.getByRole('alert').filter({ hasText: 'Error 1101' }).waitFor()
    await button('Cancel').click()
    await button('Sign in').waitFor()
  })
})

describe('on a small screen', () => {
  it.each([
    ['light', 320],
    ['dark', 360],
  ] as const)(
    'in %s colours, %i pixels wide, everything has room and is easy to hit and to read',
    async (colorScheme, width) => {
      await openSignedIn({ viewport: { width, height: 640 }, colorScheme, hasTouch: true, isMobile: true })
      await dial('busy')
      await button('Close').waitFor()
      expect(await violations()).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width)
      for (const each of await page.getByRole('button').all()) {
        const { width: w, height: h } = (await each.boundingBox())!
        expect(Math.min(w, h), (await each.textContent()) ?? '').toBeGreaterThanOrEqual(44)
      }
    },
  )
})

describe('what the page sends', () => {
  it('is what JsSIP sends, over the page’s own host, with the first address of this computer and no password', async () => {
    await openSignedIn()
    const [first, second] = server.sip.requests('REGISTER')
    expect(first!.uri).toBe('sip:phone.example.com')
    expect(header(first!, 'expires')).toBe('600')
    expect(header(second!, 'authorization')).toContain('Digest')
    await dial('#31#1002')
    await shows('In call')
    const [invite] = server.sip.requests('INVITE')
    expect(invite!.uri).toBe('sip:%2331%231002@phone.example.com')
    expect(invite!.body).toMatch(/a=candidate:.* udp .* typ host/)
    expect(header(invite!, 'session-expires')).toBeUndefined()
    expect(server.sip.received.map(({ text }) => text).join()).not.toContain(account.password)
  })
})
