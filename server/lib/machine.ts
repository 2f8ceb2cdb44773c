import { hostname, networkInterfaces } from 'node:os'

/** The names and addresses by which this machine is reached. */
export interface Machine {
  /** Lower case; `localhost` first. */
  readonly names: readonly string[]
  /** Loopback addresses. */
  readonly loopback: readonly string[]
  /** The other addresses, IPv4 first; link-local IPv6 left out, because it means nothing without a zone. */
  readonly addresses: readonly string[]
}

export function describeMachine(interfaces = networkInterfaces(), name = hostname()): Machine {
  const all = Object.values(interfaces).flatMap(entries => entries ?? [])
  const addresses = all.filter(entry => !entry.internal && !entry.address.startsWith('fe80:'))
  return {
    names: namesOf(name.toLowerCase()),
    loopback: unique(all.filter(entry => entry.internal).map(entry => entry.address)),
    addresses: unique([
      ...addresses.filter(entry => entry.family === 'IPv4').map(entry => entry.address),
      ...addresses.filter(entry => entry.family === 'IPv6').map(entry => entry.address),
    ]),
  }
}

/** Bare host names are announced by multicast DNS as `NAME.local` on many systems. */
function namesOf(name: string): string[] {
  if (name === '' || name === 'localhost') return ['localhost']
  return name.includes('.') ? ['localhost', name] : ['localhost', name, `${name}.local`]
}

function unique(values: string[]): string[] {
  return [...new Set(values)]
}
