import type { Clock, Timer } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import { NgClient } from './ng/ng-client.ts'
import { NgError } from './ng/ng-error.ts'
import type { NgDictionary, NgReply } from './ng/ng-message.ts'

export interface EngineOptions {
  /** Stands in tokens and logs: stable over restarts. */
  readonly id: string
  /** `udp:HOST:PORT` of its NG listener. */
  readonly address: string
}

export interface EngineSettings {
  readonly clock: Clock
  readonly log: Log
  /** Between two pings of an engine that answers. Default 5000. */
  readonly pingIntervalMs?: number
  /** Between two pings of one that does not. Default 1000. */
  readonly retryIntervalMs?: number
  /** Until a command has failed. Default 3000. */
  readonly timeoutMs?: number
  /** Until a command is sent again for the first time. Default 250. */
  readonly retransmitMs?: number
}

/** One rtpengine: pinged, and up as long as it answers. Starts down. */
export class Engine {
  readonly id: string
  readonly #address: { readonly host: string; readonly port: number }
  readonly #settings: Required<EngineSettings>
  /** Last command of each session that has one in flight: the next one waits for it. */
  readonly #tails = new Map<string, Promise<unknown>>()
  #client: NgClient | undefined
  #isUp = false
  #isClosed = false
  #nextPing: Timer | undefined

  /** Throws TypeError for an address that is none. */
  constructor({ id, address }: EngineOptions, settings: EngineSettings) {
    this.id = id
    this.#address = parseEngineAddress(address)
    this.#settings = {
      pingIntervalMs: 5000,
      retryIntervalMs: 1000,
      timeoutMs: 3000,
      retransmitMs: 250,
      ...settings,
      log: settings.log.child({ engine: id }),
    }
  }

  get isUp(): boolean {
    return this.#isUp
  }

  /** Our own address as seen from the engine; undefined as long as its name has not been resolved. */
  get localHost(): string | undefined {
    return this.#client?.localHost
  }

  /** The engine's own address; undefined as long as its name has not been resolved. */
  get remoteHost(): string | undefined {
    return this.#client?.remoteHost
  }

  /** Resolves when the first ping is answered or has failed; pings go on either way. */
  async start(): Promise<void> {
    await this.#ping()
    if (!this.#isUp && !this.#isClosed) this.#settings.log.warn(this.#address, 'media engine does not answer')
  }

  /** A command about one session, after those about the same one that are still under way. Rejects with NgError. */
  command(session: string, command: string, keys: NgDictionary = {}): Promise<NgReply> {
    const before = this.#tails.get(session) ?? Promise.resolve()
    const run = () => this.#request(command, { 'call-id': session, ...keys })
    const reply = before.then(run, run)
    this.#tails.set(session, reply)
    const settle = () => {
      if (this.#tails.get(session) === reply) this.#tails.delete(session)
    }
    reply.then(settle, settle)
    return reply
  }

  close(): void {
    this.#isClosed = true
    this.#isUp = false
    this.#nextPing?.cancel()
    this.#client?.close()
  }

  async #request(command: string, keys: NgDictionary = {}): Promise<NgReply> {
    if (!this.#client) throw new NgError(this.#isClosed ? 'NG_CLOSED' : 'NG_TIMEOUT', command)
    try {
      const reply = await this.#client.request(command, keys)
      this.#become(true)
      return reply
    } catch (error) {
      if (error instanceof NgError && error.code === 'NG_TIMEOUT') this.#become(false)
      throw error
    }
  }

  async #ping(): Promise<void> {
    try {
      this.#client ??= await this.#connect()
      await this.#request('ping')
    } catch (error) {
      this.#settings.log.debug({ error: String(error) }, 'ping failed')
    }
    this.#schedulePing()
  }

  #schedulePing(): void {
    if (this.#isClosed) return
    const { clock, pingIntervalMs, retryIntervalMs } = this.#settings
    this.#nextPing?.cancel()
    this.#nextPing = clock.after(this.#isUp ? pingIntervalMs : retryIntervalMs, () => void this.#ping())
  }

  async #connect(): Promise<NgClient> {
    const client = await NgClient.open({ ...this.#address, ...this.#settings })
    if (this.#isClosed) client.close()
    return client
  }

  #become(isUp: boolean): void {
    if (this.#isUp === isUp || this.#isClosed) return
    this.#isUp = isUp
    if (isUp) this.#settings.log.info(this.#address, 'media engine up')
    else {
      this.#settings.log.warn(this.#address, 'media engine down')
      this.#schedulePing()
    }
  }
}

/** `udp:127.0.0.1:2223`, `udp:[::1]:2223`, `udp:rtpengine:2223`. Throws TypeError. */
export function parseEngineAddress(text: string): { host: string; port: number } {
  const match = /^udp:(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):([0-9]{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || port < 1 || port > 65_535)
    throw new TypeError(`${text}: an engine's address is udp:HOST:PORT, for example udp:127.0.0.1:2223`)
  return { host, port }
}
