import fs from 'node:fs'
import path from 'node:path'
import { spawnSync } from 'node:child_process'
import { Child } from '../support/child.ts'
import { freePort, freePortRange, LOOPBACK } from '../support/ports.ts'
import { removeFolder, scratchFolder } from '../support/scratch.ts'
import { SIPP_MEDIA_PORTS } from '../support/sipp.ts'
import { sleep } from '../support/until.ts'

const SCENARIOS = path.join(import.meta.dirname, 'scenarios')
/** The statistics file is written once a second. */
const STATISTICS_MS = 1_100

export interface LoadOptions {
  scenario: string
  params: Record<string, string | number>
  serverPort: number
  localPort?: number
  /** One line per user, see the scenario; starts again at its end. */
  users: readonly string[]
  /** The digest's `uri` without its `sip:`. */
  authUri: string
  /** Operations a second, and how many in all. */
  rate: number
  count: number
}

export interface LoadResult {
  ok: number
  failed: number
  retransmitted: number
  /** Milliseconds, unsorted, by the number of the scenario's response time. */
  times: Record<string, number[]>
  errors: string
}

/** sipp as a load tool: paced callers, and callees that answer whatever comes. */
export class LoadTool {
  readonly #folder: string
  readonly #clock: string | undefined

  private constructor(folder: string, clock: string | undefined) {
    this.#folder = folder
    this.#clock = clock
  }

  static open(): LoadTool {
    const folder = scratchFolder('load')
    const library = path.join(folder, 'fine-clock.so')
    const source = path.join(import.meta.dirname, 'fine-clock.c')
    const { status } = spawnSync('cc', ['-O2', '-shared', '-fPIC', '-o', library, source, '-ldl'], { stdio: 'ignore' })
    return new LoadTool(folder, status === 0 ? library : undefined)
  }

  /** False without a C compiler: response times then come in steps of the kernel's tick. */
  get isExact(): boolean {
    return this.#clock !== undefined
  }

  /** Runs a scenario `count` times at `rate` a second, waiting for the last one to end. */
  async run(options: LoadOptions): Promise<LoadResult> {
    const { scenario, params, serverPort, users, authUri, rate, count } = options
    const folder = this.#prepare(scenario, params)
    const list = path.join(folder, 'users.csv')
    fs.writeFileSync(list, `SEQUENTIAL\n${users.join('\n')}\n`)
    const child = await this.#start(folder, options.localPort, [
      `${LOOPBACK}:${serverPort}`,
      ...['-inf', list, '-auth_uri', authUri, '-r', `${rate}`, '-m', `${count}`, '-l', `${10 * rate + 1_000}`],
      // Response times are written in blocks of rtt_freq and an unfinished block is lost: small blocks.
      ...['-trace_rtt', '-rtt_freq', `${Math.max(1, Math.min(100, Math.round(count / 100)))}`],
      ...['-timeout', `${Math.ceil(count / rate) + 30}s`],
    ])
    await child.exited
    const statistics = readStatistics(folder)
    const created = statistics('OutgoingCall(C)')
    const result = {
      ok: statistics('SuccessfulCall(C)'),
      failed: statistics('FailedCall(C)') + (count - created),
      retransmitted: statistics('Retransmissions(C)'),
      times: readTimes(folder),
      errors: readErrors(folder),
    }
    removeFolder(folder)
    if (result.ok === 0) throw new Error(`sipp did nothing with ${scenario}\n${result.errors}`)
    return result
  }

  /** Starts callees on `localPort`; `stop` tells how often they had to send something again and what they found wrong. */
  async answer(options: { scenario: string; params: Record<string, string | number>; localPort: number }): Promise<{
    stop(): Promise<{ retransmitted: number; wrong: number; errors: string }>
  }> {
    const folder = this.#prepare(options.scenario, options.params)
    const child = await this.#start(folder, options.localPort, ['-deadcall_wait', '2000'])
    return {
      stop: async () => {
        await sleep(STATISTICS_MS)
        await child.stop()
        const statistics = readStatistics(folder)
        const [retransmitted, wrong] = [statistics('Retransmissions(C)'), statistics('FailedRegexpDoesntMatch(C)')]
        const errors = readErrors(folder)
        removeFolder(folder)
        return { retransmitted, wrong, errors }
      },
    }
  }

  close(): void {
    removeFolder(this.#folder)
  }

  #prepare(scenario: string, params: Record<string, string | number>): string {
    const folder = fs.mkdtempSync(path.join(this.#folder, 'run-'))
    const text = fs.readFileSync(path.join(SCENARIOS, scenario), 'utf8')
    const filled = text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => String(params[name] ?? ''))
    fs.writeFileSync(path.join(folder, 'scenario.xml'), filled)
    return folder
  }

  async #start(folder: string, localPort: number | undefined, args: readonly string[]): Promise<Child> {
    const ports = { local: localPort ?? (await freePort()), control: await freePort() }
    const media = await freePortRange(SIPP_MEDIA_PORTS)
    return new Child({
      command: 'sipp',
      cwd: folder,
      logFile: path.join(folder, 'log'),
      env: { TERM: 'dumb', ...(this.#clock ? { LD_PRELOAD: this.#clock } : {}) },
      args: [
        ...args,
        ...[
          '-sf',
          'scenario.xml',
          '-i',
          LOOPBACK,
          '-p',
          `${ports.local}`,
          '-cp',
          `${ports.control}`,
          '-mp',
          `${media.first}`,
        ],
        ...['-nostdin', '-timer_resol', '1', '-buff_size', '4000000', '-default_behaviors', 'all,-bye'],
        ...['-max_sched_loops', '5000', '-max_recv_loops', '5000'],
        ...['-trace_err', '-error_file', 'errors', '-trace_stat', '-stf', 'statistics', '-fd', '1'],
      ],
    })
  }
}

/** Reads a column of the last line of sipp's statistics. */
function readStatistics(folder: string): (column: string) => number {
  const file = path.join(folder, 'statistics')
  const lines = fs.existsSync(file) ? fs.readFileSync(file, 'latin1').trim().split('\n') : []
  const names = (lines[0] ?? '').split(';')
  const values = (lines.length > 1 ? lines.at(-1)! : '').split(';')
  return column => Number(values[names.indexOf(column)] ?? 0) || 0
}

function readTimes(folder: string): Record<string, number[]> {
  const times: Record<string, number[]> = {}
  const file = fs.readdirSync(folder).find(name => name.endsWith('_rtt.csv'))
  const lines = file ? fs.readFileSync(path.join(folder, file), 'latin1').trim().split('\n').slice(1) : []
  for (const line of lines) {
    const [, ms, name] = line.split(';')
    if (name !== undefined) (times[name] ??= []).push(Number(ms))
  }
  return times
}

function readErrors(folder: string): string {
  const file = path.join(folder, 'errors')
  return fs.existsSync(file) ? fs.readFileSync(file, 'latin1').slice(0, 1_500) : ''
}
