import path from 'node:path'
import { chromium, type BrowserContext, type Page } from 'playwright-core'
import { installEar, type PacketCounts } from './browser-ear.ts'
import { removeFolder, scratchFolder } from './scratch.ts'
import { amplitudeAt, KEY_HZ, strongestTone, writeTone, type Tone } from './tone.ts'
import { sleep, until } from './until.ts'

const CHROMIUM = '/usr/bin/chromium'
const ARGS = [
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--allow-loopback-in-peer-connection',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]
/** The ear's window is 0.68 s long: after this time all of it is new. */
const FRESH_MS = 800
const KEY_LEVEL = 0.015
const TRACE_MESSAGES = 12

const CALL_STATES = ['incoming', 'calling', 'ringing', 'active', 'held', 'ended'] as const
export type CallState = (typeof CALL_STATES)[number]

export interface BrowserPhoneOptions {
  account: string
  password: string
  /** The softphone page. */
  url: string
  /** The tone of its microphone. */
  hz: number
}

/** A person at the softphone page: a Chromium of its own, used through what the page shows. */
export class BrowserPhone {
  readonly account: string
  readonly page: Page
  readonly hz: number
  readonly #options: BrowserPhoneOptions
  readonly #context: BrowserContext
  readonly #folder: string
  readonly #trace: string[] = []
  readonly #complaints: string[] = []
  #registrations = 0

  private constructor(options: BrowserPhoneOptions, context: BrowserContext, folder: string) {
    this.account = options.account
    this.hz = options.hz
    this.page = context.pages()[0]!
    this.#options = options
    this.#context = context
    this.#folder = folder
    this.#watch()
  }

  /** Starts a browser, opens the page and signs in; resolves when registered. */
  static async open(options: BrowserPhoneOptions): Promise<BrowserPhone> {
    const folder = scratchFolder('browser')
    const microphone = path.join(folder, 'microphone.wav')
    writeTone(microphone, { hz: options.hz, rate: 48_000, seconds: 10 }) // Chromium plays it again and again
    const context = await chromium.launchPersistentContext(path.join(folder, 'profile'), {
      executablePath: process.env.CHROMIUM ?? CHROMIUM,
      headless: true,
      chromiumSandbox: false,
      ignoreHTTPSErrors: true,
      args: [...ARGS, `--use-file-for-fake-audio-capture=${microphone}`],
    })
    await context.addInitScript(installEar)
    const phone = new BrowserPhone(options, context, folder)
    try {
      await phone.signIn()
      return phone
    } catch (error) {
      const explained = new Error(`${error instanceof Error ? error.message : String(error)}\n${phone.describe()}`)
      await phone.close()
      throw explained
    }
  }

  async signIn(): Promise<void> {
    await this.page.goto(this.#options.url)
    await this.page.getByLabel('Account').fill(this.account)
    await this.page.getByLabel('Password').fill(this.#options.password)
    await this.#press('Sign in')
    await until(`the tab of ${this.account} registers`, () => this.#registrations > 0)
  }

  /** The page dies without a last word, as when its process is killed. */
  async crash(): Promise<void> {
    const crashed = this.page.waitForEvent('crash')
    // The navigation itself never ends.
    void this.page.goto('chrome://crash').catch(() => undefined)
    await crashed
  }

  async dial(target: string): Promise<void> {
    await this.page.getByLabel('Number or name').fill(target)
    await this.#press('Call')
  }

  answer(): Promise<void> {
    return this.#press('Answer')
  }

  decline(): Promise<void> {
    return this.#press('Decline')
  }

  hangUp(): Promise<void> {
    return this.#press('Hang up')
  }

  mute(): Promise<void> {
    return this.#press('Mute')
  }

  /** Opens the keypad and presses its keys. */
  async press(digits: string): Promise<void> {
    await this.#press('Keypad')
    for (const digit of digits) {
      await this.#press(digit)
      await sleep(300)
    }
  }

  /** State of the call on the page; undefined when there is none. */
  async state(): Promise<CallState | undefined> {
    const states = await this.page
      .locator('[data-state]')
      .evaluateAll(elements => elements.map(element => element.getAttribute('data-state')))
    return CALL_STATES.find(state => states.includes(state))
  }

  async reaches(state: CallState): Promise<void> {
    const explain = () => this.describe()
    await until(`the call of ${this.account} is ${state}`, async () => (await this.state()) === state, { explain })
  }

  /** Resolves when the page shows no live call any more; what it tells about the last one is closed. */
  async isOver(): Promise<void> {
    const over = async () => [undefined, 'ended'].includes(await this.state())
    await until(`the call of ${this.account} is over`, over, { explain: () => this.describe() })
    if ((await this.state()) === 'ended') await this.#press('Close')
  }

  /** What arrives from now on; undefined in silence. */
  async hears(): Promise<Tone | undefined> {
    await sleep(FRESH_MS)
    const { samples, rate } = await this.#sound()
    return strongestTone(samples, rate)
  }

  /** Waits for the two frequencies of a key: Chromium plays received telephone events (RFC 4733) as such. */
  async hearsKey(key: string): Promise<void> {
    await until(`the tab of ${this.account} hears the key ${key}`, async () => {
      const { samples, rate } = await this.#sound()
      return samples.length > 0 && KEY_HZ[key]!.every(hz => amplitudeAt(hz, samples, rate) > KEY_LEVEL)
    })
  }

  /** RTP packets of the newest call, as the browser counts them. */
  packets(): Promise<PacketCounts> {
    return this.page.evaluate(() => window.offhookTestEar.packets())
  }

  /** The last SIP messages and the page's complaints, for a failing test. */
  describe(): string {
    const messages = this.#trace.slice(-TRACE_MESSAGES).join('\n')
    return `--- tab of ${this.account} ---\n${this.#complaints.join('\n')}\n${messages}`
  }

  /** After a failed test: whatever goes on is left behind with the old page. */
  async reset(): Promise<void> {
    this.#registrations = 0
    await this.signIn()
  }

  /** Closes the window, as a person does. Idempotent. */
  async close(): Promise<void> {
    await this.#context.close()
    removeFolder(this.#folder)
  }

  /** Listens at the page's WebSocket from outside. */
  #watch(): void {
    this.page.on('pageerror', error => this.#complaints.push(`error: ${error.message}`))
    this.page.on('console', message => {
      if (message.type() === 'error') this.#complaints.push(`console: ${message.text()}`)
    })
    this.page.on('websocket', socket => {
      socket.on('framesent', ({ payload }) => this.#trace.push(`>>> ${payload.toString()}`))
      socket.on('framereceived', ({ payload }) => {
        const text = payload.toString()
        this.#trace.push(`<<< ${text}`)
        if (text.startsWith('SIP/2.0 200') && /^CSeq:\s*\d+\s+REGISTER/im.test(text)) this.#registrations++
      })
    })
  }

  async #sound(): Promise<{ samples: Float64Array; rate: number }> {
    const { samples, rate } = await this.page.evaluate(() => window.offhookTestEar.sound())
    return { samples: Float64Array.from(samples), rate }
  }

  #press(button: string): Promise<void> {
    return this.page.getByRole('button', { name: button, exact: true }).click()
  }
}
