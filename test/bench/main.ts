import path from 'node:path'
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { freePort } from '../support/ports.ts'
import type { Account } from './kamailio.ts'
import { LoadTool } from './load.ts'
import { measure, type Load, type Sample } from './measure.ts'
import { total } from './cpu.ts'
import { renderReport, writeReport } from './report.ts'
import { startTarget, TARGET_NAMES, type Target, type TargetName } from './target.ts'
import { RATE_NAMES, WORKLOAD_NAMES, WORKLOADS, type RateName, type Workload, type WorkloadName } from './workload.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const DOMAIN = 'bench.test'
/** Callers, and as many callees: so many that no account is in two operations at once. */
const ACCOUNTS = 1_000
const REGISTRATIONS_PER_SECOND = 500
const WARM_UP_SECONDS = 2

const HELP = `CPU per operation, beside Kamailio. Options, with their defaults:
  --targets kamailio,offhook   who is measured
  --workloads register,call,call-rtpengine
  --rates low,high             how hard
  --rounds 3                   how often each
  --seconds 8                  how long each time
  --output docs/benchmarks.md  the page whose marked part is written`

interface Options {
  targets: TargetName[]
  workloads: WorkloadName[]
  rates: RateName[]
  rounds: number
  seconds: number
  output: string
}

function readOptions(args: string[]): Options | undefined {
  const { values } = parseArgs({
    args,
    options: {
      targets: { type: 'string', default: TARGET_NAMES.join(',') },
      workloads: { type: 'string', default: WORKLOAD_NAMES.join(',') },
      rates: { type: 'string', default: RATE_NAMES.join(',') },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '8' },
      output: { type: 'string', default: 'docs/benchmarks.md' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  return {
    targets: readNames('targets', values.targets, TARGET_NAMES),
    workloads: readNames('workloads', values.workloads, WORKLOAD_NAMES),
    rates: readNames('rates', values.rates, RATE_NAMES),
    rounds: readCount('rounds', values.rounds),
    seconds: readCount('seconds', values.seconds),
    output: path.resolve(ROOT, values.output),
  }
}

function readNames<T extends string>(option: string, text: string, known: readonly T[]): T[] {
  return text.split(',').map(name => {
    const found = known.find(one => one === name.trim())
    if (!found) throw new Error(`--${option}: ${known.join(', ')}; not "${name}"`)
    return found
  })
}

function readCount(option: string, text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw new Error(`--${option} must be a whole number from 1, not "${text}"`)
  return count
}

const account = (kind: 'caller' | 'callee', index: number): Account => {
  const user = `${kind}${String(index).padStart(4, '0')}`
  return { user, password: `password-of-${user}` }
}
const CALLERS = Array.from({ length: ACCOUNTS }, (_, index) => account('caller', index))
const CALLEES = Array.from({ length: ACCOUNTS }, (_, index) => account('callee', index))

/** sipp takes digest credentials as a whole keyword from its users file. */
function credentials({ user, password }: Account): string {
  return `${user};[authentication username=${user} password=${password}]`
}

/** Measures, prints, writes the page; resolves with the exit status. */
export async function main(args: string[]): Promise<number> {
  const options = readOptions(args)
  if (!options) {
    console.log(HELP)
    return 0
  }
  const tool = LoadTool.open()
  const load = {
    tool,
    callers: CALLERS.map((caller, index) => `${credentials(caller)};${CALLEES[index]!.user}`),
    calleePort: await freePort(),
  }
  const targets: Target[] = []
  try {
    const workloads = WORKLOADS.filter(({ name }) => options.workloads.includes(name))
    for (const media of new Set(workloads.map(workload => workload.media)))
      for (const name of options.targets) {
        const target = await startTarget(name, media, DOMAIN, [...CALLERS, ...CALLEES])
        targets.push(target)
        await registerCallees(target, load)
      }
    const samples = await measureAll(targets, workloads, options, load)
    const report = renderReport(samples, {
      command: describeCommand(options),
      rounds: options.rounds,
      seconds: options.seconds,
      versions: [`Node ${process.version.slice(1)}`, ...kamailioVersion(options.targets)],
      isClockExact: tool.isExact,
    })
    console.log(`\n${report}`)
    writeReport(options.output, report)
    return samples.some(({ failed, leftBehind }) => failed > 0 || leftBehind > 0) ? 1 : 0
  } finally {
    await Promise.all(targets.map(target => target.stop()))
    tool.close()
  }
}

/** From the port where they will answer, so that it is right whether a server believes the Contact or the source. */
async function registerCallees(target: Target, { tool, calleePort }: Load): Promise<void> {
  const result = await tool.run({
    scenario: 'register.xml',
    params: { domain: DOMAIN },
    serverPort: target.sipPort,
    localPort: calleePort,
    users: CALLEES.map(credentials),
    authUri: DOMAIN,
    rate: REGISTRATIONS_PER_SECOND,
    count: ACCOUNTS,
  })
  if (result.failed > 0)
    throw new Error(`${target.name}: ${result.failed} callees could not register\n${result.errors}`)
}

/** The command that measures the same again, wherever its page goes. */
function describeCommand({ targets, workloads, rates, rounds, seconds }: Options): string {
  const options = { targets, workloads, rates, rounds: [rounds], seconds: [seconds] }
  const words = Object.entries(options).map(([name, values]) => `--${name} ${values.join(',')}`)
  return ['npm run bench --', ...words].join(' ')
}

/** Each workload visits the targets right after each other, so that what the machine does besides hits them alike. */
async function measureAll(
  targets: readonly Target[],
  workloads: readonly Workload[],
  options: Options,
  load: Load,
): Promise<Sample[]> {
  const samples: Sample[] = []
  for (let round = 1; round <= options.rounds; round++)
    for (const workload of workloads)
      for (const rateName of options.rates) {
        const fitting = targets.filter(({ media }) => media === workload.media)
        for (const target of round % 2 ? fitting : fitting.toReversed()) {
          if (round === 1) await measure(target, workload, rateName, WARM_UP_SECONDS, load)
          const sample = await measure(target, workload, rateName, options.seconds, load)
          samples.push(sample)
          console.log(describe(round, sample))
        }
      }
  return samples
}

function describe(round: number, sample: Sample): string {
  const { target, workload, rate, ok, failed, errors, leftBehind } = sample
  const cost = `${total(sample.server).toFixed(3)} CPU s per 1,000`
  const trouble = failed > 0 || leftBehind > 0 ? `, ${failed} failed, ${leftBehind} sessions left\n${errors}` : ''
  return `round ${round}: ${target}, ${workload.name} at ${rate}/s: ${ok} done, ${cost}${trouble}`
}

function kamailioVersion(targets: readonly TargetName[]): string[] {
  if (!targets.includes('kamailio')) return []
  const { stdout } = spawnSync('kamailio', ['-v'], { encoding: 'utf8' })
  return [`Kamailio ${/kamailio (\d[\d.]*)/.exec(stdout)?.[1] ?? ''}`.trim()]
}
