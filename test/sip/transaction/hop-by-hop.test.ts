import { describe, expect, it } from 'vitest'
import { createAck, createCancel } from '../../../server/sip/transaction/hop-by-hop.ts'
import { answer, lines, outgoing } from './harness.ts'

describe('the ACK for a non-2xx', () => {
  it('has Request-URI, Call-ID, From, CSeq number, top Via and Route of the INVITE and To of the response', () => {
    expect(createAck(outgoing().text, answer(486))).toBe(
      lines(
        'ACK sip:bob@192.0.2.4 SIP/2.0',
        'Via: SIP/2.0/UDP bigbox3.site3.atlanta.com;branch=z9hG4bK4b43c2ff8.1',
        'Route: <sip:first.example.com;lr>, <sip:second.example.com;lr>',
        'Route: <sip:third.example.com;lr>',
        'Max-Forwards: 70',
        'From: Alice <sip:alice@atlanta.com>;tag=1928301774',
        'To: Bob <sip:bob@biloxi.com>;tag=a6c85cf',
        'Call-ID: a84b4c76e66710',
        'CSeq: 314159 ACK',
        'Content-Length: 0',
      ),
    )
  })

  it('has a single Via even when the INVITE had all of them in one line', () => {
    const invite = lines(
      'INVITE sip:bob@192.0.2.4 SIP/2.0',
      'v: SIP/2.0/WSS a.example.com;branch=z9hG4bKa, SIP/2.0/UDP b.example.com;branch=z9hG4bKb',
      'f: <sip:a@example.com>;tag=1',
      't: <sip:b@example.com>',
      'i: 77',
      'CSeq: 1 INVITE',
      'l: 0',
    )
    expect(createAck(invite, answer(503))).toBe(
      lines(
        'ACK sip:bob@192.0.2.4 SIP/2.0',
        'Via: SIP/2.0/WSS a.example.com;branch=z9hG4bKa',
        'Max-Forwards: 70',
        'From: <sip:a@example.com>;tag=1',
        'To: Bob <sip:bob@biloxi.com>;tag=a6c85cf',
        'Call-ID: 77',
        'CSeq: 1 ACK',
        'Content-Length: 0',
      ),
    )
  })
})

describe('the CANCEL', () => {
  const expected = (...reason: string[]): string =>
    lines(
      'CANCEL sip:bob@192.0.2.4 SIP/2.0',
      'Via: SIP/2.0/UDP bigbox3.site3.atlanta.com;branch=z9hG4bK4b43c2ff8.1',
      'Route: <sip:first.example.com;lr>, <sip:second.example.com;lr>',
      'Route: <sip:third.example.com;lr>',
      'Max-Forwards: 70',
      'From: Alice <sip:alice@atlanta.com>;tag=1928301774',
      'To: Bob <sip:bob@biloxi.com>',
      'Call-ID: a84b4c76e66710',
      'CSeq: 314159 CANCEL',
      ...reason,
      'Content-Length: 0',
    )

  it('has the fields of the INVITE with a single Via, and MUST NOT have Require or Proxy-Require (§9.1)', () => {
    expect(createCancel(outgoing().text)).toBe(expected())
  })

  it('says why when there is a reason (RFC 3326)', () => {
    expect(createCancel(outgoing().text, 'SIP;cause=200;text="Call completed elsewhere"')).toBe(
      expected('Reason: SIP;cause=200;text="Call completed elsewhere"'),
    )
  })

  it('of something that is no request is a mistake of the program', () => {
    expect(() => createCancel('')).toThrow(TypeError)
  })
})
