import fs from 'node:fs'

/** Seconds of CPU used so far. */
export interface Cpu {
  user: number
  system: number
}

/** The kernel's USER_HZ, 100 on every Linux that matters. */
const TICKS_PER_SECOND = 100

export const total = ({ user, system }: Cpu): number => user + system

export function minus(later: Cpu, earlier: Cpu): Cpu {
  return { user: later.user - earlier.user, system: later.system - earlier.system }
}

interface Stat {
  parent: number
  own: Cpu
  /** Of ended children it has waited for. */
  children: Cpu
}

/** A process and all its living descendants, with what they have waited for. */
export function cpuOfTree(root: number): Cpu {
  const stats = readAll()
  const sum = { user: 0, system: 0 }
  const members = [root]
  for (const pid of members) {
    const stat = stats.get(pid)
    if (!stat) continue
    sum.user += stat.own.user + stat.children.user
    sum.system += stat.own.system + stat.children.system
    for (const [child, { parent }] of stats) if (parent === pid) members.push(child)
  }
  return sum
}

/** All CPUs of the machine together, without idling and waiting. */
export function cpuOfMachine(): number {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = fs
    .readFileSync('/proc/stat', 'utf8')
    .split('\n')[0]!
    .split(/\s+/)
    .map(Number)
  return (user + nice + system + irq + softirq) / TICKS_PER_SECOND
}

function readAll(): Map<number, Stat> {
  const pids = fs.readdirSync('/proc').filter(name => /^\d+$/.test(name))
  const stats = new Map<number, Stat>()
  for (const pid of pids) {
    const stat = readStat(pid)
    if (stat) stats.set(Number(pid), stat)
  }
  return stats
}

function readStat(pid: string): Stat | undefined {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name in parentheses may hold spaces; proc(5) counts the fields after it from 3.
    const field = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const seconds = (number: number) => Number(field[number - 3]) / TICKS_PER_SECOND
    return {
      parent: Number(field[4 - 3]),
      own: { user: seconds(14), system: seconds(15) },
      children: { user: seconds(16), system: seconds(17) },
    }
  } catch {
    return undefined // it has ended meanwhile
  }
}
