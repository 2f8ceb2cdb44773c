import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import { readVersion } from './find-rtpengine.ts'
import { guard } from './guard.ts'
import { NgClient } from './ng/ng-client.ts'
import { claimPorts, freePort, type PortClaim, type PortRange } from './port-claim.ts'

export interface SupervisedEngineOptions {
  /** Full path of the program. */
  readonly path: string
  /** `--interface` values, the one for phones first. */
  readonly interfaces: readonly string[]
  readonly clock: Clock
  readonly log: Log
  /** Ports for media; default: the first free one of `mediaRanges`. Nobody else may use them. */
  readonly ports?: PortRange
  /** Until a started engine must answer. Default 10,000. */
  readonly startTimeoutMs?: number
  /** Until an engine that was asked to end is killed. Default 3000. */
  readonly stopTimeoutMs?: number
  /** Pause before a restart; doubled up to 30 s as long as engines die within a minute. Default 500. */
  readonly restartMs?: number
}

const maxRestartMs = 30_000
/** An engine that lived this long is worth a quick restart. */
const stableMs = 60_000

/** An rtpengine of our own on this machine: started, restarted when it dies, ended with us. */
export class SupervisedEngine {
  /** Of its NG listener, the same over restarts: `udp:127.0.0.1:PORT`. */
  readonly address: string
  /** As the program tells it: `10.5.3.5-1+deb12u1`. */
  readonly version: string
  readonly #options: Required<Omit<SupervisedEngineOptions, 'ports'>>
  readonly #args: readonly string[]
  readonly #ngPort: number
  readonly #claim: PortClaim
  #child: ChildProcess | undefined
  #restart: Timer | undefined
  #restartMs: number
  #isClosed = false

  private constructor(options: SupervisedEngineOptions, version: string, ngPort: number, claim: PortClaim) {
    this.version = version
    this.#options = { startTimeoutMs: 10_000, stopTimeoutMs: 3000, restartMs: 500, ...options }
    this.#restartMs = this.#options.restartMs
    this.#ngPort = ngPort
    this.#claim = claim
    this.address = `udp:127.0.0.1:${ngPort}`
    this.#args = engineArguments(options.interfaces, ngPort, claim.range)
  }

  /** Resolves when the engine answers. Rejects, with its last words, when it ends before or takes too long. */
  static async start(options: SupervisedEngineOptions): Promise<SupervisedEngine> {
    const { path, ports } = options
    const version = await readVersion(path)
    const claim = ports ? { range: ports, release: () => undefined } : await claimPorts()
    const engine = new SupervisedEngine(options, version, await freePort(), claim)
    try {
      await engine.#run()
    } catch (error) {
      await engine.close()
      throw error
    }
    return engine
  }

  /** Ports that media uses: what a firewall has to let through. */
  get ports(): PortRange {
    return this.#claim.range
  }

  /** Of the process that watches over the engine; undefined while none runs. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Final and idempotent; resolves when the engine has ended. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#restart?.cancel()
    const child = this.#child
    if (child) {
      const { clock, stopTimeoutMs, log } = this.#options
      const ended = new Promise(resolve => child.once('exit', resolve))
      child.stdin?.end()
      const insist = clock.after(stopTimeoutMs, () => {
        log.warn({ pid: child.pid }, 'rtpengine does not end, killing it')
        killGroup(child)
      })
      await ended
      insist.cancel()
    }
    this.#claim.release()
  }

  async #run(): Promise<void> {
    const { path, clock, log } = this.#options
    const lastWords: string[] = []
    const child = spawn('/bin/sh', ['-c', guard, 'rtpengine-guard', path, ...this.#args], {
      stdio: ['pipe', 'ignore', 'pipe'],
      // A process group of its own: a Ctrl-C in our terminal is for us, who then end the engine in order.
      detached: true,
    })
    this.#child = child
    const startedAt = clock.now()
    child.stdin.on('error', () => undefined)
    createInterface({ input: child.stderr }).on('line', line => {
      lastWords.splice(0, Math.max(0, lastWords.length - 4))
      lastWords.push(line)
      this.#relay(line)
    })
    const ended = new Promise<string>(resolve => {
      child.once('error', error => resolve(error.message))
      child.once('exit', (code, signal) =>
        resolve(`rtpengine ended (${signal ?? String(code)}): ${lastWords.join(' | ')}`),
      )
    })
    void ended.then(why => this.#ended(child, why, clock.now() - startedAt))
    try {
      await this.#answers(ended)
    } catch (error) {
      killGroup(child)
      throw error
    }
    log.info({ pid: child.pid, version: this.version, address: this.address, ...this.ports }, 'rtpengine started')
  }

  /** Waits for the first answer to a ping. */
  async #answers(ended: Promise<string>): Promise<void> {
    const { clock, log, startTimeoutMs } = this.#options
    const client = await NgClient.open({
      ...{ host: '127.0.0.1', port: this.#ngPort, clock, log },
      ...{ timeoutMs: startTimeoutMs, retransmitMs: 20 },
    })
    try {
      const failed = ended.then(why => {
        throw new Error(why)
      })
      await Promise.race([client.request('ping'), failed])
    } finally {
      client.close()
    }
  }

  #ended(child: ChildProcess, why: string, livedMs: number): void {
    this.#child = undefined
    // Usually empty by now; not when the guard itself was killed.
    killGroup(child)
    if (this.#isClosed) return
    const { clock, log, restartMs } = this.#options
    if (livedMs >= stableMs) this.#restartMs = restartMs
    log.warn({ why, restartMs: this.#restartMs }, 'rtpengine died')
    this.#restart = clock.after(this.#restartMs, () => {
      this.#run().catch((error: unknown) => log.error({ error: String(error) }, 'rtpengine does not start'))
    })
    this.#restartMs = Math.min(this.#restartMs * 2, maxRestartMs)
  }

  /** `[1795305309.099205] WARNING: [a1b2]: [core] …` into our log. */
  #relay(line: string): void {
    const { log } = this.#options
    const [, level = '', text = line] = /^(?:\[[0-9.]+\] )?([A-Z]+): (.*)$/.exec(line) ?? []
    if (/^(?:WARN|ERR|CRIT|ALERT|EMERG)/.test(level)) log.warn({ level }, text)
    else log.debug({ level }, text)
  }
}

function engineArguments(interfaces: readonly string[], ngPort: number, ports: PortRange): string[] {
  return [
    // The packaged file opens listeners of its own.
    '--config-file=none',
    // No kernel module: the userspace path needs no rights.
    '--table=-1',
    ...interfaces.map(value => `--interface=${value}`),
    `--listen-ng=127.0.0.1:${ngPort}`,
    `--port-min=${ports.min}`,
    `--port-max=${ports.max}`,
    '--delete-delay=0',
    '--foreground',
    '--log-stderr',
    '--log-level=5',
  ]
}

/** The guard and the engine, at once. */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody is left in it.
  }
}
