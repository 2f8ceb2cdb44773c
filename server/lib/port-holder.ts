import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/**
 * The program that holds a port of this machine, like `kamailio (pid 812)`. Linux tells; elsewhere, and for programs of other
 * users when we are not root, undefined.
 */
export function findPortHolder(protocol: 'udp' | 'tcp', port: number, proc = '/proc'): string | undefined {
  const sockets = new Set([protocol, `${protocol}6`].flatMap(table => socketsOn(`${proc}/net/${table}`, port)))
  if (sockets.size === 0) return undefined
  const pid = list(proc).find(name => /^\d+$/.test(name) && holds(`${proc}/${name}/fd`, sockets))
  return pid && `${readText(`${proc}/${pid}/comm`).trim()} (pid ${pid})`
}

/** Lines are `sl local_address rem_address st … inode`; addresses end in `:` and the port in hex. */
function socketsOn(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return readText(table)
    .split('\n')
    .map(line => line.trim().split(/\s+/))
    .filter(([, local, remote]) => local?.endsWith(suffix) && remote?.endsWith(':0000'))
    .map(fields => `socket:[${fields[9] ?? ''}]`)
}

function holds(folder: string, sockets: ReadonlySet<string>): boolean {
  return list(folder).some(fd => {
    try {
      return sockets.has(readlinkSync(`${folder}/${fd}`))
    } catch {
      return false
    }
  })
}

/** Processes come and go and belong to others: what cannot be read is empty. */
function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
