import dgram from 'node:dgram'
import path from 'node:path'
import { randomBytes } from 'node:crypto'
import { Child } from './child.ts'
import { freePort, freePortRange, LOOPBACK } from './ports.ts'
import { removeFolder, scratchFolder } from './scratch.ts'
import { until } from './until.ts'

const MEDIA_PORTS = 400
const RESEND_MS = 300
const GIVE_UP_MS = 3_000

export type NgReply = Record<string, unknown> & { result?: string }

export interface RtpengineOptions {
  mediaPorts?: number
  /** The daemon's `--log-level`: 7 shows every decision. */
  logLevel?: number
  extraArgs?: readonly string[]
}

/** An rtpengine of the test's own, in user space, on free ports of 127.0.0.1. */
export class Rtpengine {
  /** As `media.engines` wants it. */
  readonly address: string
  readonly #ngPort: number
  readonly #child: Child
  readonly #folder: string

  private constructor(ngPort: number, child: Child, folder: string) {
    this.address = `udp:${LOOPBACK}:${ngPort}`
    this.#ngPort = ngPort
    this.#child = child
    this.#folder = folder
  }

  static async start({
    mediaPorts = MEDIA_PORTS,
    logLevel = 6,
    extraArgs = [],
  }: RtpengineOptions = {}): Promise<Rtpengine> {
    const ngPort = await freePort()
    const media = await freePortRange(mediaPorts)
    const folder = scratchFolder('rtpengine')
    const args = [
      '--config-file=none', // else the packaged file adds listeners of its own
      '--table=-1',
      `--interface=${LOOPBACK}`,
      `--listen-ng=${LOOPBACK}:${ngPort}`,
      `--port-min=${media.first}`,
      `--port-max=${media.last}`,
      '--delete-delay=0',
      '--foreground',
      '--log-stderr',
      `--log-level=${logLevel}`,
      ...extraArgs,
    ]
    const child = new Child({ command: 'rtpengine', args, logFile: path.join(folder, 'log') })
    const engine = new Rtpengine(ngPort, child, folder)
    await child.ready(() =>
      engine.command('ping').then(
        () => true,
        () => false,
      ),
    )
    return engine
  }

  get pid(): number {
    return this.#child.pid
  }

  logTail(lines?: number): string {
    return this.#child.logTail(lines)
  }

  /** One NG command with a JSON dictionary; resent with the same cookie until answered. */
  command(command: string, keys: Record<string, unknown> = {}): Promise<NgReply> {
    const cookie = randomBytes(8).toString('hex')
    const message = `${cookie} ${JSON.stringify({ command, ...keys })}`
    const socket = dgram.createSocket('udp4')
    const send = () => socket.send(message, this.#ngPort, LOOPBACK)
    const resend = setInterval(send, RESEND_MS)
    return new Promise<NgReply>((resolve, reject) => {
      const giveUp = setTimeout(() => reject(new Error(`rtpengine does not answer ${command}`)), GIVE_UP_MS)
      socket.on('error', reject)
      socket.on('message', datagram => {
        const text = datagram.toString('utf8')
        if (!text.startsWith(`${cookie} `)) return
        clearTimeout(giveUp)
        resolve(JSON.parse(text.slice(cookie.length + 1)) as NgReply)
      })
      send()
    }).finally(() => {
      clearInterval(resend)
      socket.close()
    })
  }

  /** The ids of the calls it holds. */
  async calls(): Promise<string[]> {
    return ((await this.command('list', { limit: 1_000 })).calls ?? []) as string[]
  }

  /** Ports, tags and packet counts of one call. */
  query(callId: string): Promise<NgReply> {
    return this.command('query', { 'call-id': callId })
  }

  statistics(): Promise<NgReply> {
    return this.command('statistics')
  }

  /** Waits until no call is left in it: a call that stays is a leak. */
  async idle(): Promise<void> {
    await until('rtpengine holds no call', async () => (await this.calls()).length === 0, {
      explain: () => this.logTail(),
    })
  }

  async stop(): Promise<void> {
    await this.#child.stop()
    removeFolder(this.#folder)
  }
}
