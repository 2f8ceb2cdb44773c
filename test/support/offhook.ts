import fs from 'node:fs'
import path from 'node:path'
import { spawn } from 'node:child_process'
import { Child } from './child.ts'
import { freePort, LOOPBACK } from './ports.ts'
import { Rtpengine } from './rtpengine.ts'
import { removeFolder, scratchFolder } from './scratch.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const PROGRAM = path.join(ROOT, 'server/offhook.mjs')

export const DOMAIN = 'offhook.test'
export const passwordOf = (account: string): string => `secret-of-${account}`

export interface OffhookOptions {
  /** Its default domain. */
  domain?: string
  /** Created before the start, with `passwordOf(account)`. */
  accounts?: readonly string[]
  /** Many accounts, imported from a file at once. */
  accountList?: readonly { user: string; password: string }[]
  /** `rtpengine`: one of its own is started; an engine: that one, not ended with the server; `none`: SDP passes untouched. */
  media?: 'rtpengine' | 'none' | Rtpengine
  /** Also listens on HTTPS, with the development certificate. */
  https?: boolean
  /** Merged over the configuration, key by key at the top level. */
  config?: Record<string, unknown>
}

/** An Offhook of the test's own: temporary data, free ports, and an rtpengine beside it. */
export class Offhook {
  readonly domain: string
  /** SIP over UDP and TCP, on 127.0.0.1. */
  readonly sipPort: number
  readonly httpUrl: string
  readonly httpsUrl: string
  readonly rtpengine: Rtpengine | undefined
  readonly #ownsRtpengine: boolean
  readonly #folder: string
  #child: Child | undefined

  private constructor(options: OffhookOptions, ports: Ports, rtpengine: Rtpengine | undefined) {
    this.domain = options.domain ?? DOMAIN
    this.sipPort = ports.sip
    this.httpUrl = `http://${LOOPBACK}:${ports.http}/`
    this.httpsUrl = `https://${LOOPBACK}:${ports.https}/`
    this.rtpengine = rtpengine
    this.#ownsRtpengine = options.media !== rtpengine
    this.#folder = scratchFolder('server')
  }

  static async start(options: OffhookOptions = {}): Promise<Offhook> {
    const { accounts = [], accountList = [], media = 'rtpengine' } = options
    const ports = { sip: await freePort(), http: await freePort(), https: await freePort() }
    const rtpengine = media === 'none' ? undefined : media === 'rtpengine' ? await Rtpengine.start() : media
    const offhook = new Offhook(options, ports, rtpengine)
    try {
      offhook.#writeConfiguration(ports, options)
      await offhook.#addAccounts(accounts)
      if (accountList.length > 0) await offhook.#importAccounts(accountList)
      await offhook.#serve()
      return offhook
    } catch (error) {
      await offhook.stop()
      throw error
    }
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  /** Runs an `offhook` command with this server's configuration; resolves with its standard output. */
  command(args: readonly string[], input = ''): Promise<string> {
    const child = spawn(process.execPath, [PROGRAM, '--config', this.#configFile, ...args], { cwd: this.#folder })
    let output = ''
    let complaints = ''
    child.stdout.on('data', chunk => (output += String(chunk)))
    child.stderr.on('data', chunk => (complaints += String(chunk)))
    child.stdin.end(input)
    return new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', status => {
        if (status === 0) resolve(output)
        else reject(new Error(`offhook ${args.join(' ')} ended with ${status}\n${output}${complaints}`))
      })
    })
  }

  logTail(lines?: number): string {
    return this.#child?.logTail(lines) ?? 'Offhook was not started'
  }

  /** Ends the server and starts it again over the same data and ports. `crash`: without a chance to say goodbye. */
  async restart({ crash = false } = {}): Promise<void> {
    if (crash && this.#child) process.kill(this.#child.pid, 'SIGKILL')
    await this.#child?.stop()
    await this.#serve()
  }

  /** Ends the server and the rtpengine that is its own and removes their files. Idempotent. */
  async stop(): Promise<void> {
    await this.#child?.stop(10_000)
    if (this.#ownsRtpengine) await this.rtpengine?.stop()
    removeFolder(this.#folder)
  }

  get #configFile(): string {
    return path.join(this.#folder, 'offhook.yaml')
  }

  #writeConfiguration(ports: Ports, { https = false, config = {} }: OffhookOptions): void {
    const sip = [`${LOOPBACK}:${ports.sip}`]
    const configuration = {
      domain: this.domain,
      dataDir: path.join(this.#folder, 'data'),
      listen: {
        udp: sip,
        tcp: sip,
        http: `${LOOPBACK}:${ports.http}`,
        ...(https ? { https: `${LOOPBACK}:${ports.https}` } : {}),
      },
      publicAddress: LOOPBACK,
      certificate: { dir: path.join(this.#folder, 'certs') },
      media: this.rtpengine ? { mode: 'auto', engines: [this.rtpengine.address] } : { mode: 'none' },
      ...config,
    }
    fs.writeFileSync(this.#configFile, JSON.stringify(configuration, null, 2)) // JSON is YAML
  }

  async #addAccounts(accounts: readonly string[]): Promise<void> {
    for (const account of accounts)
      await this.command(['user', 'add', account, '--password-stdin'], `${passwordOf(account)}\n`)
  }

  async #importAccounts(accounts: readonly { user: string; password: string }[]): Promise<void> {
    const file = path.join(this.#folder, 'accounts.csv')
    fs.writeFileSync(file, accounts.map(({ user, password }) => `${user},${password}\n`).join(''))
    await this.command(['user', 'import', file])
  }

  async #serve(): Promise<void> {
    const args = [PROGRAM, '--config', this.#configFile, 'serve']
    this.#child = new Child({
      command: process.execPath,
      args,
      cwd: this.#folder,
      logFile: path.join(this.#folder, 'log'),
    })
    await this.#child.ready(() => isHealthy(`${this.httpUrl}healthz`), 60_000)
  }
}

interface Ports {
  sip: number
  http: number
  https: number
}

function isHealthy(url: string): Promise<boolean> {
  return fetch(url).then(
    response => response.status === 200,
    () => false,
  )
}
