import type { Machine } from './machine.ts'
import { serializeSocketAddress, type SocketAddress } from './socket-address.ts'

const wildcards = new Set(['0.0.0.0', '::'])

/** The hosts under which a listener is reached: its own address, or for a wildcard those of the machine. */
export function reachableHosts({ host }: SocketAddress, { addresses, loopback }: Machine): string[] {
  if (!wildcards.has(host)) return [host]
  const ofFamily = (list: readonly string[]): string[] =>
    list.filter(address => host === '::' || !address.includes(':'))
  const outside = ofFamily(addresses)
  return outside.length > 0 ? outside : ofFamily(loopback).slice(0, 1)
}

/** Where to point a browser on this machine: the microphone works on loopback even without encryption. */
export function localPageUrl(http: SocketAddress): string {
  const host = wildcards.has(http.host) ? '127.0.0.1' : http.host
  return `http://${serializeSocketAddress({ host, port: http.port })}`
}

export function pageUrls(https: SocketAddress, machine: Machine): string[] {
  return reachableHosts(https, machine).map(host => `https://${serializeSocketAddress({ host, port: https.port })}`)
}
