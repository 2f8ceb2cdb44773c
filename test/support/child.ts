import fs from 'node:fs'
import { spawn, type ChildProcess } from 'node:child_process'
import { until } from './until.ts'

export interface ChildOptions {
  command: string
  args: readonly string[]
  /** Standard output and error go here. */
  logFile: string
  cwd?: string
  env?: Record<string, string>
}

/** `setpriv` (util-linux) has the kernel end the child when this process dies, however it dies. */
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'].find(path => fs.existsSync(path))
const TAIL_LINES = 60

/** A program started by a test: logs to a file, is ended by its own pid, and never outlives the test. */
export class Child {
  readonly name: string
  readonly #process: ChildProcess
  readonly #logFile: string
  readonly #exited: Promise<number | null>
  #isRunning = true

  constructor({ command, args, logFile, cwd, env }: ChildOptions) {
    const argv = SETPRIV ? [SETPRIV, '--pdeathsig', 'TERM', command, ...args] : [command, ...args]
    const log = fs.openSync(logFile, 'w')
    this.name = command
    this.#logFile = logFile
    this.#process = spawn(argv[0]!, argv.slice(1), {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', log, log],
    })
    fs.closeSync(log)
    this.#exited = new Promise(resolve => {
      const ended = (code: number | null) => {
        this.#isRunning = false
        resolve(code)
      }
      this.#process.once('exit', ended)
      this.#process.once('error', () => ended(null)) // not installed
    })
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  get isRunning(): boolean {
    return this.#isRunning
  }

  /** Resolves with the exit status, null when a signal ended it. */
  get exited(): Promise<number | null> {
    return this.#exited
  }

  log(): string {
    return fs.readFileSync(this.#logFile, 'latin1')
  }

  /** The end of the log, headed by the program's name: what a failing test shows. */
  logTail(lines = TAIL_LINES): string {
    return `--- ${this.name}, last lines of its log ---\n${this.log().trimEnd().split('\n').slice(-lines).join('\n')}`
  }

  /** Waits until `probe` gives something; fails at once, with the log, when the program ends before. */
  async ready<T>(probe: () => T | Promise<T>, timeoutMs = 30_000): Promise<void> {
    const explain = () => this.logTail()
    await until(`${this.name} is up`, async () => !this.#isRunning || (await probe()), { timeoutMs, explain })
    if (!this.#isRunning) throw new Error(`${this.name} ended while starting\n${this.logTail()}`)
  }

  /** Asks politely, then insists. Idempotent. */
  async stop(graceMs = 5_000): Promise<void> {
    if (!this.#isRunning) return
    this.#process.kill('SIGTERM')
    const insist = setTimeout(() => this.#process.kill('SIGKILL'), graceMs)
    await this.#exited
    clearTimeout(insist)
  }
}
