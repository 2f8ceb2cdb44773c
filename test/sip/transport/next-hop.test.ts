import { describe, expect, it } from 'vitest'
import { parseUri } from '../../../server/sip/message/uri.ts'
import {
  orderSrv,
  resolveNextHop,
  type NaptrRecord,
  type Resolver,
  type SrvRecord,
} from '../../../server/sip/transport/next-hop.ts'

interface Zone {
  addresses?: Record<string, string[]>
  srv?: Record<string, SrvRecord[]>
  naptr?: Record<string, NaptrRecord[]>
}

const srv = (name: string, port: number, priority = 0, weight = 0): SrvRecord => ({ name, port, priority, weight })
const naptr = (service: string, replacement: string, order = 0, preference = 0): NaptrRecord => ({
  flags: 's',
  service,
  replacement,
  order,
  preference,
})

/** DNS of a zone file; what it lacks is refused, as ENOTFOUND is. */
function dns(zone: Zone): Resolver & { asked: string[] } {
  const asked: string[] = []
  const from =
    <T>(records: Record<string, T[]> | undefined) =>
    (name: string): Promise<T[]> => {
      asked.push(name)
      const found = records?.[name]
      return found ? Promise.resolve(found) : Promise.reject(new Error(`queryX ENOTFOUND ${name}`))
    }
  return { asked, addresses: from(zone.addresses), srv: from(zone.srv), naptr: from(zone.naptr) }
}

const resolve = async (uri: string, zone: Zone = {}): Promise<string[]> => {
  const found = await resolveNextHop(parseUri(uri), dns(zone), () => 0)
  return found.map(
    ({ transport, host, port, serverName }) => `${transport} ${host} ${port}${serverName ? ` ${serverName}` : ''}`,
  )
}

const zone: Zone = {
  addresses: {
    'example.com': ['192.0.2.1', '2001:db8::1'],
    'a.example.com': ['192.0.2.10'],
    'b.example.com': ['192.0.2.11', '192.0.2.12'],
  },
}

describe('the next hop (RFC 3263)', () => {
  it.each([
    ['sip:192.0.2.1', ['udp 192.0.2.1 5060']],
    ['sip:192.0.2.1:5070', ['udp 192.0.2.1 5070']],
    ['sip:[2001:db8::1]', ['udp 2001:db8::1 5060']],
    ['sip:192.0.2.1;transport=TCP', ['tcp 192.0.2.1 5060']],
    ['sip:192.0.2.1;transport=tls', ['tls 192.0.2.1 5061']],
    ['sips:192.0.2.1', ['tls 192.0.2.1 5061']],
    ['sips:192.0.2.1:5060;transport=tcp', ['tls 192.0.2.1 5060']],
    ['sip:example.com;maddr=192.0.2.9', ['udp 192.0.2.9 5060']],
  ])('of %s needs no DNS', async (uri, expected) => {
    expect(await resolve(uri)).toEqual(expected)
  })

  it.each([
    ['sip:example.com:5070', ['udp 192.0.2.1 5070', 'udp 2001:db8::1 5070']],
    ['sip:example.com:5070;transport=tcp', ['tcp 192.0.2.1 5070', 'tcp 2001:db8::1 5070']],
    ['sips:example.com:5071', ['tls 192.0.2.1 5071 example.com', 'tls 2001:db8::1 5071 example.com']],
  ])('of %s, with a port, is its addresses', async (uri, expected) => {
    const resolver = dns({ ...zone, srv: { '_sip._udp.example.com': [srv('a.example.com', 1)] } })
    const found = await resolveNextHop(parseUri(uri), resolver)
    expect(found).toHaveLength(expected.length)
    expect(resolver.asked).toEqual(['example.com'])
    expect(await resolve(uri, zone)).toEqual(expected)
  })

  it('without NAPTR and SRV is the addresses of the domain on the default port', async () => {
    expect(await resolve('sip:example.com', zone)).toEqual(['udp 192.0.2.1 5060', 'udp 2001:db8::1 5060'])
    expect(await resolve('sip:example.com;transport=tcp', zone)).toEqual(['tcp 192.0.2.1 5060', 'tcp 2001:db8::1 5060'])
    expect((await resolve('sips:example.com', zone))[0]).toBe('tls 192.0.2.1 5061 example.com')
  })

  it('is by SRV in the order of priority, each with all its addresses', async () => {
    const records = { '_sip._udp.example.com': [srv('b.example.com', 5062, 20), srv('a.example.com', 5061, 10)] }
    expect(await resolve('sip:example.com', { ...zone, srv: records })).toEqual([
      'udp 192.0.2.10 5061',
      'udp 192.0.2.11 5062',
      'udp 192.0.2.12 5062',
    ])
  })

  it('asks only for the SRV of the transport that the URI names, and no NAPTR', async () => {
    const resolver = dns({ ...zone, srv: { '_sip._tcp.example.com': [srv('a.example.com', 5061)] } })
    expect(await resolveNextHop(parseUri('sip:example.com;transport=tcp'), resolver)).toHaveLength(1)
    expect(resolver.asked).toEqual(['_sip._tcp.example.com', 'a.example.com'])
  })

  it('is by NAPTR in the order of order and preference, without services we do not speak', async () => {
    const records = {
      'example.com': [
        naptr('SIP+D2U', '_sip._udp.example.com', 50, 20),
        naptr('SIP+D2T', '_sip._tcp.example.com', 50, 10),
        naptr('SIP+D2S', '_sip._sctp.example.com', 10),
        naptr('E2U+sip', 'x.example.com', 1),
      ],
    }
    const services = {
      '_sip._udp.example.com': [srv('a.example.com', 5061)],
      '_sip._tcp.example.com': [srv('a.example.com', 5062)],
    }
    expect(await resolve('sip:example.com', { ...zone, naptr: records, srv: services })).toEqual([
      'tcp 192.0.2.10 5062',
      'udp 192.0.2.10 5061',
    ])
  })

  it('of sips is TLS whatever else is offered, and its certificate must be for the domain asked for (RFC 5922 §4)', async () => {
    const records = {
      'example.com': [naptr('SIP+D2U', '_sip._udp.example.com', 1), naptr('SIPS+D2T', '_sips._tcp.example.com', 2)],
    }
    const services = {
      '_sip._udp.example.com': [srv('a.example.com', 5060)],
      '_sips._tcp.example.com': [srv('a.example.com', 5071)],
    }
    expect(await resolve('sips:example.com', { ...zone, naptr: records, srv: services })).toEqual([
      'tls 192.0.2.10 5071 example.com',
    ])
  })

  it('is none where SRV says that there is no such service (RFC 2782)', async () => {
    expect(await resolve('sip:example.com', { ...zone, srv: { '_sip._udp.example.com': [srv('', 0)] } })).toEqual([])
    expect(await resolve('sip:example.com', { ...zone, srv: { '_sip._udp.example.com': [srv('.', 0)] } })).toEqual([])
  })

  it.each([
    'sips:192.0.2.1;transport=udp',
    'sip:192.0.2.1;transport=ws',
    'sip:192.0.2.1;transport=sctp',
    'sip:df7jal23ls0d.invalid;transport=tcp',
    'sip:df7jal23ls0d.invalid',
    'sip:nobody.example.com',
    'sip:255.255.255.255',
    'sip:192.0.2.1;maddr=224.0.1.75',
    'sip:192.0.2.1:0',
    'tel:+15551234',
  ])('of %s is none', async uri => {
    expect(await resolve(uri, zone)).toEqual([])
  })

  it('never leads to broadcast or multicast, whatever DNS says', async () => {
    expect(
      await resolve('sip:x.example.com:5060', { addresses: { 'x.example.com': ['224.0.0.1', '192.0.2.7'] } }),
    ).toEqual(['udp 192.0.2.7 5060'])
  })

  it('is at most 16 destinations', async () => {
    const many = Array.from({ length: 100 }, (_, i) => `192.0.2.${i}`)
    expect(await resolve('sip:x.example.com:5060', { addresses: { 'x.example.com': many } })).toHaveLength(16)
  })
})

describe('the order of SRV records (RFC 2782)', () => {
  const names = (records: SrvRecord[], random: () => number): string =>
    orderSrv(records, random)
      .map(({ name }) => name)
      .join('')

  it('is by priority whatever the weights', () => {
    const records = [srv('c', 1, 3, 100), srv('a', 1, 1, 0), srv('b', 1, 2, 50)]
    for (const point of [0, 0.5, 0.999]) expect(names(records, () => point)).toBe('abc')
  })

  it('is drawn by weight within a priority', () => {
    const records = [srv('a', 1, 0, 10), srv('b', 1, 0, 30), srv('z', 1, 0, 0)]
    expect(names(records, () => 0)).toBe('zab')
    expect(names(records, () => 0.999)).toBe('baz')
    let first = 0
    for (let i = 0; i < 100; i++) if (names(records, () => (i + 0.5) / 100).startsWith('b')) first++
    expect(first).toBeGreaterThan(65)
    expect(first).toBeLessThan(80)
  })
})
