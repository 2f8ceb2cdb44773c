import { setTimeout as sleep } from 'node:timers/promises'
import { cpuOfMachine, cpuOfTree, minus, total, type Cpu } from './cpu.ts'
import type { LoadTool } from './load.ts'
import type { Target, TargetName } from './target.ts'
import { RINGING_MS, TALKING_MS, type RateName, type Workload } from './workload.ts'

/** After the last operation: what the server puts off still counts. */
const DRAIN_MS = 1_000

/** What one run of one workload cost one target. */
export interface Sample {
  readonly target: TargetName
  readonly workload: Workload
  readonly rateName: RateName
  readonly rate: number
  readonly ok: number
  readonly failed: number
  readonly retransmitted: number
  /** rtpengine sessions that outlived their calls. */
  readonly leftBehind: number
  /** CPU seconds per 1,000 operations. */
  readonly server: Cpu
  readonly rtpengine: number | undefined
  /** Response times in milliseconds, sorted, by name. */
  readonly times: Readonly<Record<string, readonly number[]>>
  /** Cores that neither the servers nor the load tools used. */
  readonly others: number
  readonly errors: string
}

export interface Load {
  readonly tool: LoadTool
  /** Lines of sipp's users file, by scenario kind. */
  readonly callers: readonly string[]
  readonly calleePort: number
}

export async function measure(
  target: Target,
  workload: Workload,
  rateName: RateName,
  seconds: number,
  load: Load,
): Promise<Sample> {
  const rate = workload.rates[rateName]
  const params = scenarioParams(target)
  const callees = workload.isCall
    ? await load.tool.answer({ scenario: 'callee.xml', params, localPort: load.calleePort })
    : undefined

  const start = Date.now()
  const before = readUse(target)
  const result = await load.tool.run({
    scenario: workload.scenario,
    params,
    serverPort: target.sipPort,
    users: load.callers,
    authUri: target.domain,
    rate,
    count: Math.round(rate * seconds),
  })
  await sleep(DRAIN_MS)
  const after = readUse(target)
  const elapsed = (Date.now() - start) / 1_000
  const answered = await callees?.stop()

  const per1000 = (cpuSeconds: number) => (cpuSeconds * 1_000) / Math.max(1, result.ok)
  const server = minus(after.server, before.server)
  const busy = after.machine - before.machine - (total(after.own) - total(before.own))
  return {
    target: target.name,
    workload,
    rateName,
    rate,
    ok: result.ok,
    failed: Math.max(result.failed, answered?.wrong ?? 0),
    retransmitted: result.retransmitted + (answered?.retransmitted ?? 0),
    leftBehind: target.rtpengine ? (await target.rtpengine.calls()).length : 0,
    server: { user: per1000(server.user), system: per1000(server.system) },
    rtpengine: target.rtpengine && per1000(total(after.rtpengine) - total(before.rtpengine)),
    times: nameTimes(result.times, workload),
    others: Math.max(0, busy / elapsed),
    errors: [result.errors, answered?.errors].filter(Boolean).join('\n'),
  }
}

interface Use {
  server: Cpu
  rtpengine: Cpu
  /** This process with everything it started: servers and load tools. */
  own: Cpu
  machine: number
}

function readUse(target: Target): Use {
  return {
    server: cpuOfTree(target.pid),
    rtpengine: target.rtpengine ? cpuOfTree(target.rtpengine.pid) : { user: 0, system: 0 },
    own: cpuOfTree(process.pid),
    machine: cpuOfMachine(),
  }
}

/** Every SDP is looked at where it arrives: untouched, or with a port of rtpengine's (five digits). */
function scenarioParams({ domain, media }: Target): Record<string, string | number> {
  const relayed = 'm=audio [1-9][0-9][0-9][0-9][0-9] RTP/AVP '
  const sdp =
    media === 'none' ? { offer: 'm=audio 4000 ', answer: 'm=audio 4002 ' } : { offer: relayed, answer: relayed }
  return { domain, ringingMs: RINGING_MS, talkingMs: TALKING_MS, ...sdp }
}

function nameTimes(times: Record<string, number[]>, workload: Workload): Record<string, number[]> {
  const named = Object.entries(workload.times).map(([number, name]) => [name, times[number] ?? []] as const)
  return Object.fromEntries(named.map(([name, values]) => [name, values.sort((a, b) => a - b)]))
}
