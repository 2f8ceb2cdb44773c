import { isIP } from 'node:net'
import { plainHost, type Uri } from '../message/uri.ts'
import { isUnicast } from './address.ts'
import type { Address } from './flow.ts'

/** A place to send a request to. */
export interface Destination extends Address {
  readonly transport: HopTransport
  /** TLS: the domain the certificate must be for — the one asked for, not the SRV target (RFC 5922 §4). */
  readonly serverName?: string
}

export type HopTransport = 'udp' | 'tcp' | 'tls'

export interface SrvRecord {
  readonly name: string
  readonly port: number
  /** Lower is tried first. */
  readonly priority: number
  readonly weight: number
}

export interface NaptrRecord {
  readonly flags: string
  readonly service: string
  readonly replacement: string
  readonly order: number
  readonly preference: number
}

/** DNS. What has no records gives an empty list; rejecting counts as that. */
export interface Resolver {
  /** A and AAAA, in order of preference. */
  addresses(name: string): Promise<string[]>
  srv(name: string): Promise<SrvRecord[]>
  naptr(name: string): Promise<NaptrRecord[]>
}

/** More than this is nobody's failover, but somebody's attack. */
const maxDestinations = 16

const hopTransports: readonly HopTransport[] = ['udp', 'tcp', 'tls']
const defaultPorts: Readonly<Record<HopTransport, number>> = { udp: 5060, tcp: 5060, tls: 5061 }
const srvPrefixes: Readonly<Record<HopTransport, string>> = { udp: '_sip._udp.', tcp: '_sip._tcp.', tls: '_sips._tcp.' }
const naptrServices: ReadonlyMap<string, HopTransport> = new Map([
  ['sip+d2u', 'udp'],
  ['sip+d2t', 'tcp'],
  ['sips+d2t', 'tls'],
])

interface Question {
  /** Domain or address, without brackets. */
  readonly target: string
  readonly port: number | undefined
  /** What may be used, the first when nothing else decides. */
  readonly transports: readonly HopTransport[]
  /** The URI itself names the transport. */
  readonly isFixed: boolean
}

/**
 * Where a request with this URI as its next hop can go, in the order to try (RFC 3263 §4): a `transport` parameter, else an
 * address as host, else a port decides the transport; else NAPTR, SRV, addresses. `sips:` gives TLS only. Empty when there is
 * no way: unknown transport, WebSocket, no records. Never rejects. `random` (0 ≤ x < 1) weighs SRV records.
 */
export async function resolveNextHop(uri: Uri, resolver: Resolver, random = Math.random): Promise<Destination[]> {
  const question = ask(uri)
  if (!question) return []
  const dns = forgiving(resolver)
  const { target, port, transports, isFixed } = question
  const places =
    isIP(target) || port !== undefined
      ? [{ transport: transports[0]!, host: target, port }]
      : await servicesOf(target, transports, isFixed, dns, random)
  const destinations: Destination[] = []
  for (const { transport, host, port = defaultPorts[transport] } of places) {
    const serverName = transport === 'tls' && !isIP(target) ? { serverName: target } : {}
    for (const address of isIP(host) ? [host] : await dns.addresses(host)) {
      if (!isUnicast(address) || port === 0) continue
      destinations.push({ transport, host: address, port, ...serverName })
      if (destinations.length === maxDestinations) return destinations
    }
  }
  return destinations
}

/** What the URI alone decides (§4.1); undefined when it cannot be reached by us opening a flow. */
function ask(uri: Uri): Question | undefined {
  if (uri.scheme !== 'sip' && uri.scheme !== 'sips') return undefined
  const target = plainHost(uri.params.get('maddr') || uri.host)
  // Such names stand for the far end of a WebSocket and are never in DNS (RFC 7118 §5, RFC 2606).
  if (target.endsWith('.invalid')) return undefined
  const named = uri.params.get('transport')?.toLowerCase()
  const transports = allowedTransports(uri.scheme === 'sips', named)
  return transports.length ? { target, port: uri.port, transports, isFixed: named !== undefined } : undefined
}

function allowedTransports(isSecure: boolean, named: string | undefined): readonly HopTransport[] {
  if (named === undefined) return isSecure ? ['tls'] : hopTransports
  // `sips:…;transport=tcp` is TLS over TCP (RFC 3261 §26.2.2); `transport=tls` is deprecated and used everywhere.
  if (isSecure) return named === 'tcp' || named === 'tls' ? ['tls'] : []
  return hopTransports.filter(transport => transport === named)
}

interface Place {
  readonly transport: HopTransport
  readonly host: string
  /** undefined: the default of the transport. */
  readonly port?: number
}

/** §4.1 and §4.2 for a domain without port: NAPTR unless the transport is named, SRV, and the domain itself if there is none. */
async function servicesOf(
  domain: string,
  transports: readonly HopTransport[],
  isFixed: boolean,
  dns: Resolver,
  random: () => number,
): Promise<Place[]> {
  const named = isFixed ? [] : byNaptr(await dns.naptr(domain), transports)
  const services = named.length
    ? named
    : transports.map(transport => ({ transport, name: srvPrefixes[transport] + domain }))
  const found = await Promise.all(services.map(async service => ({ ...service, records: await dns.srv(service.name) })))
  if (found.every(({ records }) => records.length === 0)) return [{ transport: transports[0]!, host: domain }]
  return found.flatMap(({ transport, records }) =>
    orderSrv(records, random)
      // The target `.` says that there is decidedly no such service (RFC 2782).
      .filter(record => record.name !== '' && record.name !== '.')
      .map(record => ({ transport, host: record.name, port: record.port })),
  )
}

function byNaptr(
  records: readonly NaptrRecord[],
  transports: readonly HopTransport[],
): { transport: HopTransport; name: string }[] {
  return records
    .filter(record => record.flags.toLowerCase() === 's')
    .toSorted((a, b) => a.order - b.order || a.preference - b.preference)
    .flatMap(record => {
      const transport = naptrServices.get(record.service.toLowerCase())
      return transport && transports.includes(transport) ? [{ transport, name: record.replacement }] : []
    })
    .slice(0, maxDestinations)
}

/** By priority; within one drawn by weight, without putting back (RFC 2782). */
export function orderSrv(records: readonly SrvRecord[], random: () => number): SrvRecord[] {
  const left = records.toSorted((a, b) => a.priority - b.priority || a.weight - b.weight).slice(0, maxDestinations)
  const ordered: SrvRecord[] = []
  while (left.length) {
    const end = left.findIndex(record => record.priority !== left[0]!.priority)
    const group = end < 0 ? left : left.slice(0, end)
    ordered.push(...left.splice(draw(group, random), 1))
  }
  return ordered
}

/** Index of one of the group; those of weight 0 stand first and have a small chance. */
function draw(group: readonly SrvRecord[], random: () => number): number {
  const total = group.reduce((sum, { weight }) => sum + weight, 0)
  const point = Math.floor(random() * (total + 1))
  let sum = 0
  for (const [index, { weight }] of group.entries()) {
    sum += weight
    if (sum >= point) return index
  }
  return group.length - 1
}

/** The same resolver, whose failures are empty lists: to the next step there is no difference. */
function forgiving(resolver: Resolver): Resolver {
  const orNone = <T>(records: Promise<T[]>): Promise<T[]> => records.catch(() => [])
  return {
    addresses: name => orNone(resolver.addresses(name)),
    srv: name => orNone(resolver.srv(name)),
    naptr: name => orNone(resolver.naptr(name)),
  }
}
