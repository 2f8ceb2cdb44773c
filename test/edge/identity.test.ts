import { describe, expect, it } from 'vitest'
import { Advertised } from '../../server/edge/advertised.ts'
import { Home } from '../../server/edge/home.ts'
import { mayReach } from '../../server/edge/reach.ts'
import { RouteTokens, type RouteToken } from '../../server/edge/route-token.ts'
import { parseUri } from '../../server/sip/message/uri.ts'

describe('Home', () => {
  const home = new Home({ domain: 'Example.com', names: ['192.0.2.1', '::1', 'Box.lan'], ports: () => [5060, 8443] })
  home.setDomains(['other.example'])
  it.each([
    ['sip:a@example.com', 'example.com'],
    ['sip:a@EXAMPLE.com:5060', 'example.com'],
    ['sip:a@other.example', 'other.example'],
    ['sip:a@192.0.2.1', 'example.com'],
    ['sip:a@[::1]:8443', 'example.com'],
    ['sip:a@box.lan', 'example.com'],
    ['sip:a@example.com.', 'example.com'],
    ['sip:a@[0:0::1]', 'example.com'],
    ['sip:a@[::ffff:192.0.2.1]', 'example.com'],
    ['sip:a@[:::]', undefined],
    ['sip:a@192.0.2.1:5070', undefined],
    ['sip:a@example.com:5070', undefined],
    ['sip:a@sub.example.com', undefined],
    ['sip:a@192.0.2.2', undefined],
  ])('%s belongs to %s', (uri, domain) => {
    expect(home.domainOf(parseUri(uri))).toBe(domain)
  })

  it.each([
    ['sip:a@example.com:5070', 'example.com'],
    ['sip:a@OTHER.example.:1', 'other.example'],
    ['sip:a@192.0.2.1', 'example.com'],
    ['sip:a@192.0.2.1:5070', undefined],
    ['sip:a@sub.example.com', undefined],
    ['tel:1001', undefined],
  ])('%s in a From speaks in the name of %s', (uri, domain) => {
    expect(home.claimOf(parseUri(uri))).toBe(domain)
  })

  it('makes an address-of-record canonical: domain, no port, no parameters, nothing escaped', () => {
    expect(home.aorOf(parseUri('sip:%61lice:pw@192.0.2.1:5060;transport=tcp'))).toBe('sip:alice@example.com')
    expect(home.aorOf(parseUri('sip:null-%00-null@example.com'))).toBe('sip:null-\0-null@example.com')
    expect(home.aorOf(parseUri('sip:example.com'))).toBeUndefined()
    expect(home.aorOf(parseUri('sip:alice@elsewhere.example'))).toBeUndefined()
  })
})

describe('Advertised', () => {
  const networks = [
    { address: '127.0.0.1', cidr: '127.0.0.1/8' },
    { address: '10.0.0.5', cidr: '10.0.0.5/24' },
    { address: '192.168.1.5', cidr: '192.168.1.5/24' },
    { address: 'fd00::5', cidr: 'fd00::5/64' },
  ]
  const ports = () => [5060]
  const towards = (host: string, local = '0.0.0.0') => ({
    transport: 'udp' as const,
    local: { host: local, port: 5060 },
    remote: { host, port: 1 },
  })

  it.each([
    ['a peer on this machine', '127.0.0.1', '127.0.0.1:5060'],
    ['a peer in one of our networks', '192.168.1.77', '192.168.1.5:5060'],
    ['the same peer seen over a socket for both families', '::ffff:192.168.1.77', '192.168.1.5:5060'],
    ['a peer with IPv6', 'fd00::77', '[fd00::5]:5060'],
    ['a peer outside, without a public address', '198.51.100.7', '10.0.0.5:5060'],
  ])('%s sees the address it can reach', (_, host, expected) => {
    expect(new Advertised({ networks, ports }).hostPortFor(towards(host))).toBe(expected)
  })

  it('names a port we listen on for a connection that we opened', () => {
    const opened = { ...towards('10.0.0.9', ''), local: { host: '', port: 0 } }
    expect(new Advertised({ networks, ports: () => [5070, 5080] }).hostPortFor(opened)).toBe('10.0.0.5:5070')
  })

  it('shows the public address to who is outside, and only to him', () => {
    const advertised = new Advertised({ networks, ports, publicAddress: '203.0.113.5' })
    expect(advertised.hostPortFor(towards('198.51.100.7'))).toBe('203.0.113.5:5060')
    expect(advertised.hostPortFor(towards('10.0.0.9'))).toBe('10.0.0.5:5060')
    expect(advertised.hostPortFor(towards('10.0.0.9', '10.0.0.5'))).toBe('10.0.0.5:5060')
  })
})

describe('mayReach', () => {
  it.each([
    ['fd00::7', '::1', false],
    ['fd00::7', 'fd00::8', true],
    ['2001:db8::7', 'fd00::8', false],
    ['10.0.0.7', '169.254.1.1', false],
    ['10.0.0.7', '0.0.0.0', false],
    ['10.0.0.7', 'no address', false],
  ])('from %s to %s: %s', (from, to, expected) => {
    expect(mayReach(from, to)).toBe(expected)
  })
})

describe('RouteTokens', () => {
  const token: RouteToken = {
    session: 'abc123',
    engine: 'udp-127-0-0-1-2223',
    leg: 'b1',
    profile: 'webrtc',
    to: { binding: 'bind1' },
  }
  const flow = {
    id: 'udp/x',
    transport: 'udp',
    local: { host: '::', port: 5060 },
    remote: { host: '2001:db8::1', port: 9 },
  } as const

  const samples: RouteToken[] = [
    token,
    { ...token, session: '', engine: '' },
    { ...token, profile: 'rtp', to: { flow } },
  ]

  it.each(samples)('come back as they went, also to another process with the same secret', sent => {
    const text = new RouteTokens(Buffer.alloc(32, 1)).issue(sent, 'c1')
    expect(text).toMatch(/^[A-Za-z0-9._-]+$/)
    expect(new RouteTokens(Buffer.alloc(32, 1)).read(text, 'c1')).toEqual(sent)
  })

  it('of another secret, or changed in any character, are none', () => {
    const tokens = new RouteTokens(Buffer.alloc(32, 1))
    const text = new RouteTokens(Buffer.alloc(32, 1)).issue(token, 'c1')
    expect(new RouteTokens(Buffer.alloc(32, 2)).read(text, 'c1')).toBeUndefined()
    for (let i = 0; i < text.length; i++) {
      const changed = `${text.slice(0, i)}${text[i] === 'x' ? 'y' : 'x'}${text.slice(i + 1)}`
      expect(tokens.read(changed, 'c1')).toBeUndefined()
    }
    for (const junk of ['', '.', 'alice', '......', 'a.b.c.d.e.f']) expect(tokens.read(junk, 'c1')).toBeUndefined()
  })

  it('of another call are none, known or not', () => {
    const tokens = new RouteTokens(Buffer.alloc(32, 1))
    const text = tokens.issue(token, 'c1')
    expect(tokens.read(text, 'c2')).toBeUndefined()
    expect(new RouteTokens(Buffer.alloc(32, 1)).read(text, 'c2')).toBeUndefined()
    expect(tokens.read(text, 'c1')).toEqual(token)
  })

  it('are remembered within a limit, and read all the same when forgotten', () => {
    const tokens = new RouteTokens(Buffer.alloc(32, 1))
    const first = tokens.issue(token, 'c1')
    for (let i = 0; i < 20_000; i++) tokens.issue({ ...token, session: String(i) }, 'c1')
    expect(tokens.read(first, 'c1')).toEqual(token)
  })
})
