import { lookup, Resolver as DnsClient } from 'node:dns/promises'
import type { Resolver } from './next-hop.ts'

/** A server that does not answer costs `tries` times this. */
const timeoutMs = 2_000
const tries = 2

/**
 * The DNS of this machine, or of `servers` (`address` or `address:port`). Names that DNS does not have are looked for in the
 * machine's hosts file, unless servers are given.
 */
export function dnsResolver(servers?: readonly string[]): Resolver {
  const dns = new DnsClient({ timeout: timeoutMs, tries })
  if (servers) dns.setServers(servers)
  return {
    async addresses(name) {
      const answers = await Promise.allSettled([dns.resolve4(name), dns.resolve6(name)])
      const found = answers.flatMap(answer => (answer.status === 'fulfilled' ? answer.value : []))
      if (found.length || servers) return found
      return (await lookup(name, { all: true })).map(({ address }) => address)
    },
    srv: name => dns.resolveSrv(name),
    naptr: name => dns.resolveNaptr(name),
  }
}
