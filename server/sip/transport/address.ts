import { isIP, isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { Address } from './flow.ts'

/** `::ffff:192.0.2.1`, as a dual-stack socket shows an IPv4 peer → `192.0.2.1`. */
export const plainAddress = (host: string): string =>
  host.startsWith('::ffff:') && host.includes('.') ? host.slice('::ffff:'.length) : host

export const addressText = ({ host, port }: Address): string => (isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`)

export const isWildcard = (host: string): boolean => host === '0.0.0.0' || host === '::'

const refusedRanges = new Set(['multicast', 'broadcast', 'unspecified'])

/** An IP address of one machine: nothing is ever sent to broadcast or multicast (RFC 4475 §3.3.10). */
export function isUnicast(host: string): boolean {
  if (!isIP(host)) return false
  const address = ipaddr.process(host)
  return !refusedRanges.has(address.range())
}

const isLoopback = (host: string): boolean => isIP(host) !== 0 && ipaddr.process(host).range() === 'loopback'

/**
 * Of what listens, that from which `host` can be reached: of its family, and on loopback only for loopback. The first of the
 * family when none fits.
 */
export function listenerTowards<L extends { readonly address: Address }>(listeners: L[], host: string): L | undefined {
  const family = listeners.filter(listener => isIP(listener.address.host) === isIP(host))
  const fitting = ({ address }: L) => isWildcard(address.host) || isLoopback(address.host) === isLoopback(host)
  return family.find(fitting) ?? family[0]
}

/** What counts as one source: an IPv4 address, or the /64 that one IPv6 customer has. */
export function sourceKey(host: string): string {
  if (!isIPv6(host)) return host
  return ipaddr.IPv6.parse(host).parts.slice(0, 4).join(':')
}
