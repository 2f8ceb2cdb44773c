import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { total } from './cpu.ts'
import type { Sample } from './measure.ts'
import { WORKLOADS } from './workload.ts'

const MARKERS = { begin: '<!-- bench:begin -->', end: '<!-- bench:end -->' } as const

/** What the page says around the table when there is no page yet. */
const PAGE = `# Benchmarks

What a registration and a call cost, beside Kamailio from Debian on the same machine in the same run.

\`npm run bench\` measures it again (about eight minutes; installs what is missing on Debian) and writes the part below.

- **CPU seconds per 1,000 operations** is the figure to compare: of the server process with all its children, from
  \`/proc\`, at a fixed rate. It does not depend on how much of the machine the load tool (sipp) takes. At a low rate a
  server is woken for every message and pays more for each.
- The targets are up together and take turns, in an order that turns round every round. Medians over the rounds, with
  the lowest and the highest.
- Both do the same work: digest authentication with the password hashes in SQLite, a location service, record-routing,
  and rtpengine's offer, answer and delete where it says so; every SDP is checked where it arrives.
  The reference ([\`test/bench/kamailio.cfg\`](../test/bench/kamailio.cfg)) keeps its bindings in memory and runs on
  several processes; Offhook writes each binding to disk and runs on one.
- rtpengine's own CPU is told apart; it is not part of the server's.
- Response times are those of an otherwise idle server at that rate, with the load tool on the same cores.

${MARKERS.begin}
${MARKERS.end}
`

export interface ReportContext {
  /** As a user would type it. */
  readonly command: string
  readonly rounds: number
  readonly seconds: number
  readonly versions: readonly string[]
  readonly isClockExact: boolean
}

/** The measured part of the page: two tables and how they came about. */
export function renderReport(samples: readonly Sample[], context: ReportContext): string {
  const groups = groupBy(samples, sample => `${sample.workload.name}, ${sample.rate}/s`)
  return [
    `\`${context.command}\`, ${new Date().toISOString().slice(0, 10)}, ${describeMachine()}, ${context.versions.join(', ')}.`,
    `Each line: ${context.rounds} × ${context.seconds} s.`,
    '',
    ...table(
      ['operation', 'server', 'CPU s per 1,000', 'user / system', 'rtpengine', 'to Kamailio'],
      eachTarget(groups, costRow),
    ),
    '',
    ...WORKLOADS.filter(({ name }) => samples.some(sample => sample.workload.name === name)).map(
      ({ name, operation }) => `- ${name}: ${operation}`,
    ),
    '',
    `Response times in milliseconds, p50 / p99${context.isClockExact ? '' : ' (in steps of the kernel tick)'}, and what went wrong:`,
    '',
    ...table(
      ['operation', 'server', 'times', 'failed', 'sent again', 'sessions left', 'operations'],
      eachTarget(groups, timesRow),
    ),
    '',
    `Other programs used ${figure(median(samples.map(({ others }) => others)), 2)} cores (median; at most ${figure(Math.max(...samples.map(({ others }) => others)), 2)}).`,
  ].join('\n')
}

/** Puts the report between the markers of the page, making the page if need be. */
export function writeReport(file: string, report: string): void {
  const page = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : PAGE
  const [begin, end] = [page.indexOf(MARKERS.begin), page.indexOf(MARKERS.end)]
  if (begin < 0 || end < begin) throw new Error(`${file} has no ${MARKERS.begin} … ${MARKERS.end}`)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, `${page.slice(0, begin + MARKERS.begin.length)}\n${report}\n${page.slice(end)}`)
}

type Row = (name: string, own: readonly Sample[], reference: readonly Sample[]) => string[]

function eachTarget(groups: ReadonlyMap<string, readonly Sample[]>, row: Row): string[][] {
  return [...groups].flatMap(([name, samples]) => {
    const byTarget = groupBy(samples, ({ target }) => target)
    return [...byTarget.values()].map(own => row(name, own, byTarget.get('kamailio') ?? []))
  })
}

const costRow: Row = (name, own, reference) => {
  const costs = own.map(({ server }) => total(server))
  const referenceCosts = reference.map(({ server }) => total(server))
  const part = (key: 'user' | 'system') => figure(median(own.map(({ server }) => server[key])), 2)
  const rtpengine = own.flatMap(sample => sample.rtpengine ?? [])
  return [
    name,
    own[0]!.target,
    costs.length > 1
      ? `${figure(median(costs), 3)} (${figure(Math.min(...costs), 3)} to ${figure(Math.max(...costs), 3)})`
      : figure(costs[0]!, 3),
    `${part('user')} / ${part('system')}`,
    rtpengine.length > 0 ? figure(median(rtpengine), 2) : '',
    own === reference || reference.length === 0 ? '' : `${figure(median(costs) / median(referenceCosts), 2)} ×`,
  ]
}

const timesRow: Row = (name, own) => {
  const sum = (value: (sample: Sample) => number) => String(own.reduce((all, sample) => all + value(sample), 0))
  const times = Object.keys(own[0]!.times).map(key => {
    const at = (share: number) => median(own.map(sample => percentile(sample.times[key]!, share)))
    return `${key} ${figure(at(0.5), 1)} / ${figure(at(0.99), 1)}`
  })
  return [
    name,
    own[0]!.target,
    times.join(', '),
    sum(sample => sample.failed),
    sum(sample => sample.retransmitted),
    own[0]!.workload.media === 'rtpengine' ? sum(sample => sample.leftBehind) : '',
    sum(sample => sample.ok + sample.failed),
  ]
}

function describeMachine(): string {
  const cpus = os.cpus()
  return `${cpus.length} × ${cpus[0]?.model.trim() ?? 'unknown CPU'}, Linux ${os.release().split('-')[0]}`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, index) => (index < 2 ? '---' : '---:'))), ...rows.map(line)]
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item])
  return groups
}

function median(values: readonly number[]): number {
  return percentile(
    values.toSorted((a, b) => a - b),
    0.5,
  )
}

/** Of sorted values; for the median of an even number the mean of the middle two. */
function percentile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1)
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]]
  return below === undefined || above === undefined ? NaN : below + (above - below) * (place - Math.floor(place))
}

function figure(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '–'
}
