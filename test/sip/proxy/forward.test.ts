import { describe, expect, it } from 'vitest'
import { forwardRequest, forwardResponse } from '../../../server/sip/proxy/forward.ts'
import { request, response, wire } from '../../support/wire.ts'

const way = { uri: 'sip:bob@192.0.2.9:5062', via: 'SIP/2.0/UDP 192.0.2.1:5060', branch: 'z9hG4bKnext' }

const invite = () =>
  request(`
    INVITE sip:bob@example.com SIP/2.0
    Via: SIP/2.0/UDP 192.0.2.7:5070;branch=z9hG4bKfirst;rport
    Max-Forwards: 70
    From: <sip:alice@example.com>;tag=1
    To: <sip:bob@example.com>
    Call-ID: c1
    CSeq: 1 INVITE
    x-thing:   as it  was
    Content-Length: 0
  `)

describe('a request that is forwarded (RFC 3261 §16.6)', () => {
  it('gets a new Request-URI, one hop less, our Via on top, and keeps the rest byte for byte', () => {
    expect(forwardRequest(invite(), way)).toBe(
      wire(`
        INVITE sip:bob@192.0.2.9:5062 SIP/2.0
        Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKnext
        Via: SIP/2.0/UDP 192.0.2.7:5070;branch=z9hG4bKfirst;rport
        Max-Forwards: 69
        From: <sip:alice@example.com>;tag=1
        To: <sip:bob@example.com>
        Call-ID: c1
        CSeq: 1 INVITE
        x-thing:   as it  was
        Content-Length: 0
      `),
    )
  })

  it('has received and rport filled in where the source is known (RFC 3581 §4)', () => {
    const message = invite()
    message.source = { host: '198.51.100.4', port: 1024 }
    expect(forwardRequest(message, way)).toContain(
      'Via: SIP/2.0/UDP 192.0.2.7:5070;branch=z9hG4bKfirst;rport=1024;received=198.51.100.4\r\n',
    )
  })

  it('MUST get Max-Forwards 70 when it has none', () => {
    const message = request(`
      OPTIONS sip:bob@example.com SIP/2.0
      Via: SIP/2.0/UDP a;branch=z9hG4bKfirst
      From: <sip:alice@example.com>;tag=1
      To: <sip:bob@example.com>
      Call-ID: c1
      CSeq: 1 OPTIONS
    `)
    expect(forwardRequest(message, way)).toContain('\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n')
  })

  it('never carries headers of the target URI on', () => {
    expect(forwardRequest(invite(), { ...way, uri: 'sip:bob@192.0.2.9?Route=%3Csip:evil%3E' })).toMatch(
      /^INVITE sip:bob@192\.0\.2\.9 SIP\/2\.0\r\n(?!.*Route)/s,
    )
  })

  it('loses the Route values that were ours, keeps those of others, and gets the Path of the binding above them', () => {
    const message = request(`
      INVITE sip:bob@example.com SIP/2.0
      Via: SIP/2.0/UDP a;branch=z9hG4bKfirst
      Max-Forwards: 70
      Route: <sip:us;lr>, <sip:us2;lr>
      Route: <sip:other;lr>
      From: <sip:alice@example.com>;tag=1
      To: <sip:bob@example.com>
      Call-ID: c1
      CSeq: 1 INVITE
      Content-Length: 0
    `)
    const text = forwardRequest(message, { ...way, ownRoutes: 2, routes: ['<sip:path;lr>'] })
    expect(text).toContain('\r\nRoute: <sip:path;lr>, <sip:other;lr>\r\n')
    expect(text.match(/Route:/g)).toHaveLength(1)
  })

  it('to a strict router carries that router as Request-URI and the target as last Route (§16.6 step 6)', () => {
    const text = forwardRequest(invite(), { ...way, routes: ['<sip:strict.example>', '<sip:next;lr>'] })
    expect(text).toMatch(/^INVITE sip:strict\.example SIP\/2\.0\r\n/)
    expect(text).toContain('\r\nRoute: <sip:next;lr>, <sip:bob@192.0.2.9:5062>\r\n')
  })

  it('that came through a strict router goes to the last Route value (§16.4)', () => {
    const message = request(`
      BYE sip:token@us;lr SIP/2.0
      Via: SIP/2.0/UDP a;branch=z9hG4bKfirst
      Max-Forwards: 70
      Route: <sip:us2;lr>, <sip:bob@192.0.2.9:5062>
      From: <sip:alice@example.com>;tag=1
      To: <sip:bob@example.com>;tag=2
      Call-ID: c1
      CSeq: 2 BYE
      Content-Length: 0
    `)
    const text = forwardRequest(message, { ...way, ownRoutes: 1, fromLastRoute: true })
    expect(text).toMatch(/^BYE sip:bob@192\.0\.2\.9:5062 SIP\/2\.0\r\n/)
    expect(text).not.toContain('Route:')
  })

  it('gets Record-Route above existing ones, loses consumed credentials, and has the length of its new body', () => {
    const message = request(`
      INVITE sip:bob@example.com SIP/2.0
      Via: SIP/2.0/UDP a;branch=z9hG4bKfirst
      Record-Route: <sip:before;lr>
      Max-Forwards: 70
      Proxy-Authorization: Digest username="alice"
      From: <sip:alice@example.com>;tag=1
      To: <sip:bob@example.com>
      Call-ID: c1
      CSeq: 1 INVITE
      Content-Type: application/sdp
      Content-Length: 5

      v=0
    `)
    const text = forwardRequest(message, {
      ...way,
      recordRoutes: ['<sip:b;lr>', '<sip:a;lr>'],
      remove: [message.field('proxy-authorization')!],
      body: 'v=0\r\ns=-\r\n',
    })
    expect(text).toContain('\r\nRecord-Route: <sip:b;lr>, <sip:a;lr>\r\nRecord-Route: <sip:before;lr>\r\n')
    expect(text).not.toContain('Proxy-Authorization')
    expect(text).toMatch(/Content-Length: 10\r\n\r\nv=0\r\ns=-\r\n$/)
  })
})

describe('a response that goes upstream (§16.7)', () => {
  const text = `
    SIP/2.0 180 Ringing
    Via: SIP/2.0/UDP us;branch=z9hG4bKus
    Via: SIP/2.0/UDP them;branch=z9hG4bKthem
    From: <sip:a@b>;tag=1
    To: <sip:c@d>;tag=2
    Call-ID: c
    CSeq: 1 INVITE
    Content-Length: 0
  `
  it('loses the top Via and nothing else', () => {
    expect(forwardResponse(response(text))).toBe(wire(text.replace(/.*us;branch.*\n/, '')))
  })

  it('loses only the first value of a Via that holds two', () => {
    const both = text.replace(/us;branch=z9hG4bKus\n.*Via: /, 'us;branch=z9hG4bKus, ')
    expect(forwardResponse(response(both))).toContain('Via: SIP/2.0/UDP them;branch=z9hG4bKthem\r\nFrom')
  })

  it('goes nowhere when no Via is left: it was for us', () => {
    expect(forwardResponse(response(text.replace(/.*them.*\n/, '')))).toBeUndefined()
  })
})
