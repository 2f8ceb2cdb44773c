import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { Child } from './child.ts'
import { freePort, freePortRange, LOOPBACK } from './ports.ts'
import { removeFolder, scratchFolder } from './scratch.ts'
import { newestSamples, strongestTone, writeTone, type Tone } from './tone.ts'
import { sleep, until } from './until.ts'

const MODULES = '/usr/lib/baresip/modules'
const RATE = 8_000
/** baresip hangs up when its file ends: longer than any call of a test. */
const TONE_SECONDS = 180
/** How much new sound one measure takes: half a second. */
const LISTEN_SAMPLES = RATE / 2
const LISTEN_PATIENCE_MS = 2_500
/** baresip takes one digit a time and drops those that come closer together. */
const DIGIT_GAP_MS = 400
const RESET_MS = 500

export interface BaresipOptions {
  account: string
  password: string
  domain: string
  /** The server's SIP port on 127.0.0.1. */
  serverPort: number
  transport?: 'udp' | 'tcp'
  /** The tone it sends. */
  hz: number
}

/** What baresip tells over its control connection, e.g. type `CALL_CLOSED`, param `486 Busy Here`. */
export interface BaresipEvent {
  type: string
  param?: string
  peeruri?: string
}

/** A desk phone: a headless baresip that sends a tone and records what it hears. */
export class Baresip {
  readonly account: string
  readonly hz: number
  readonly #child: Child
  readonly #folder: string
  readonly #control: net.Socket
  #events: BaresipEvent[] = []

  private constructor(options: BaresipOptions, child: Child, folder: string, control: net.Socket) {
    this.account = options.account
    this.hz = options.hz
    this.#child = child
    this.#folder = folder
    this.#control = control
    readNetstrings(control, text => {
      const message = JSON.parse(text) as BaresipEvent & { event?: boolean }
      if (message.event) this.#events.push(message)
    })
  }

  /** Starts it and waits for its registration. */
  static async start(options: BaresipOptions): Promise<Baresip> {
    const folder = scratchFolder('baresip')
    const controlPort = await freePort()
    await writeConfiguration(folder, controlPort, options)
    const args = ['-f', folder, '-4', '-v', '-s']
    const child = new Child({ command: 'baresip', args, logFile: path.join(folder, 'log') })
    try {
      await child.ready(() => /200 OK .*\[\d+ bindings?\]/.test(child.log()))
      return new Baresip(options, child, folder, await connect(controlPort))
    } catch (error) {
      await child.stop()
      throw error
    }
  }

  /** `target`: a number or a whole URI. */
  dial(target: string): void {
    this.#command('dial', target)
  }

  accept(): void {
    this.#command('accept')
  }

  /** Ends a call; before the answer it declines an incoming one with 486 and cancels an outgoing one. */
  hangUp(): void {
    this.#command('hangup')
  }

  hold(): void {
    this.#command('hold')
  }

  resume(): void {
    this.#command('resume')
  }

  /** Blind transfer (REFER). */
  transfer(target: string): void {
    this.#command('transfer', target)
  }

  /** Sends digits as RFC 4733 telephone events. */
  async press(digits: string): Promise<void> {
    for (const digit of digits) {
      this.#command('sndcode', digit)
      await sleep(DIGIT_GAP_MS)
    }
  }

  /** Takes the next event of this type out of those that came, waiting for it if need be. */
  async event(type: string, timeoutMs?: number): Promise<BaresipEvent> {
    const index = await until(
      `baresip ${this.account} tells ${type}`,
      () => 1 + this.#events.findIndex(event => event.type === type),
      { timeoutMs, explain: () => `events: ${this.#describeEvents()}\n${this.logTail()}` },
    )
    return this.#events.splice(index - 1, 1)[0]!
  }

  ringing(): Promise<BaresipEvent> {
    return this.event('CALL_INCOMING')
  }

  established(): Promise<BaresipEvent> {
    return this.event('CALL_ESTABLISHED')
  }

  /** Resolves with the reason, e.g. `486 Busy Here`; earlier events and recordings are forgotten. */
  async closed(): Promise<string> {
    const { param } = await this.event('CALL_CLOSED')
    this.#forget()
    return param ?? ''
  }

  /** Digits received so far as telephone events; does not consume them. */
  digits(): string {
    return this.#events
      .filter(event => event.type === 'CALL_DTMF_START')
      .map(event => event.param)
      .join('')
  }

  /**
   * What arrives from now on, over half a second; undefined when nothing does.
   * After a hold the recorder of baresip 1.0 stays silent: measure at the other side then.
   */
  async hears(): Promise<Tone | undefined> {
    const start = this.#recording().length
    const end = Date.now() + LISTEN_PATIENCE_MS
    while (Date.now() < end) {
      const recording = this.#recording()
      const isNew = recording.length < start || recording.length - start >= 2 * LISTEN_SAMPLES
      if (isNew && recording.length > 2 * LISTEN_SAMPLES)
        return strongestTone(newestSamples(recording, LISTEN_SAMPLES), RATE)
      await sleep(100)
    }
    return undefined
  }

  /** After a failed test: ends whatever goes on. */
  async reset(): Promise<void> {
    this.hangUp()
    await sleep(RESET_MS)
    this.#forget()
  }

  logTail(lines?: number): string {
    return this.#child.logTail(lines)
  }

  /** Ends calls, unregisters, ends the process. */
  async stop(): Promise<void> {
    if (this.#child.isRunning) {
      this.#command('quit')
      await Promise.race([this.#child.exited, sleep(3_000)])
    }
    this.#control.destroy()
    await this.#child.stop()
    removeFolder(this.#folder)
  }

  /** Ends the process as a power cut does: no BYE, no unregistration. */
  async crash(): Promise<void> {
    this.#control.destroy()
    process.kill(this.#child.pid, 'SIGKILL')
    await this.#child.exited
    removeFolder(this.#folder)
  }

  /** The newest `-dec.wav`: what came in, decoded, growing while the call lasts. */
  #recording(): Buffer {
    const rec = path.join(this.#folder, 'rec')
    const newest = fs
      .readdirSync(rec)
      .filter(name => name.endsWith('-dec.wav'))
      .sort()
      .at(-1)
    return newest ? fs.readFileSync(path.join(rec, newest)) : Buffer.alloc(0)
  }

  #forget(): void {
    this.#events = []
    fs.rmSync(path.join(this.#folder, 'rec'), { recursive: true, force: true })
    fs.mkdirSync(path.join(this.#folder, 'rec'))
  }

  #command(command: string, params = ''): void {
    const text = JSON.stringify({ command, params })
    this.#control.write(`${text.length}:${text},`)
  }

  #describeEvents(): string {
    return this.#events.map(event => `${event.type} ${event.param ?? ''}`.trim()).join(', ') || 'none'
  }
}

async function writeConfiguration(folder: string, controlPort: number, options: BaresipOptions): Promise<void> {
  const { account, password, domain, serverPort, transport = 'udp', hz } = options
  const sipPort = await freePort()
  const rtp = await freePortRange(8)
  const tone = path.join(folder, 'tone.wav')
  writeTone(tone, { hz, rate: RATE, seconds: TONE_SECONDS })
  fs.mkdirSync(path.join(folder, 'rec'))
  const config = [
    `module_path ${MODULES}`,
    `sip_listen ${LOOPBACK}:${sipPort}`,
    `net_interface ${LOOPBACK}`,
    `rtp_ports ${rtp.first}-${rtp.last}`,
    'audio_path /nonexistent',
    `audio_source aufile,${tone}`,
    `ausrc_srate ${RATE}`,
    'ausrc_channels 1',
    `auplay_srate ${RATE}`,
    'auplay_channels 1',
    `snd_path ${path.join(folder, 'rec')}`,
    `ctrl_tcp_listen ${LOOPBACK}:${controlPort}`,
    'module g711.so',
    'module aufile.so',
    'module sndfile.so',
    'module_tmp account.so',
    'module_tmp uuid.so',
    'module_app menu.so',
    'module_app debug_cmd.so',
    'module_app ctrl_tcp.so',
  ]
  const accountLine = [
    `<sip:${account}@${domain};transport=${transport}>`,
    `auth_user=${account}`,
    `auth_pass=${password}`,
    `outbound="sip:${LOOPBACK}:${serverPort};transport=${transport}"`,
    'regint=120',
    'audio_codecs=PCMU/8000/1,PCMA/8000/1',
    'answermode=manual',
  ].join(';')
  fs.writeFileSync(path.join(folder, 'config'), `${config.join('\n')}\n`)
  fs.writeFileSync(path.join(folder, 'accounts'), `${accountLine}\n`)
  fs.writeFileSync(path.join(folder, 'contacts'), '')
}

function connect(port: number): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, LOOPBACK, () => resolve(socket))
    socket.once('error', reject)
  })
}

/** Netstrings: `length:text,` one after the other. */
function readNetstrings(socket: net.Socket, onText: (text: string) => void): void {
  let unread = ''
  socket.setEncoding('latin1')
  socket.on('error', () => socket.destroy())
  socket.on('data', chunk => {
    unread += chunk.toString()
    for (;;) {
      const colon = unread.indexOf(':')
      const start = colon + 1
      const end = start + Number(unread.slice(0, Math.max(0, colon)))
      if (colon < 0 || unread.length <= end) return
      onText(unread.slice(start, end))
      unread = unread.slice(end + 1)
    }
  })
}
