import { describe, expect, it } from 'vitest'
import { authenticate, type AuthenticateResult } from '../../server/sip/digest/authenticate.ts'
import { challenges } from '../../server/sip/digest/challenge.ts'
import { hashPassword } from '../../server/sip/digest/ha1.ts'
import { Nonces } from '../../server/sip/digest/nonces.ts'
import { parse, responseText, setUp } from './phone.ts'

/** The messages of RFC 3665 §2; indented here, CRLF on the wire. */
const wire = (text: string) => `${text.trim().split(/\n\s*/).join('\r\n')}\r\n\r\n`

/** With the limits of a registrar that grants what Bob asks for. */
const generous = { expiry: { phone: { max: 7200 } } }

const successful = wire(`
  REGISTER sips:ss2.biloxi.example.com SIP/2.0
  Via: SIP/2.0/TLS client.biloxi.example.com:5061;branch=z9hG4bKnashd92
  Max-Forwards: 70
  From: Bob <sips:bob@biloxi.example.com>;tag=ja743ks76zlflH
  To: Bob <sips:bob@biloxi.example.com>
  Call-ID: 1j9FpLxk3uxtm8tn@biloxi.example.com
  CSeq: 2 REGISTER
  Contact: <sips:bob@client.biloxi.example.com>
  Expires: 3600
  Content-Length: 0`)

const update = wire(`
  REGISTER sips:ss2.biloxi.example.com SIP/2.0
  Via: SIP/2.0/TLS client.biloxi.example.com:5061;branch=z9hG4bKnashds7
  Max-Forwards: 70
  From: Bob <sips:bob@biloxi.example.com>;tag=a73kszlfl
  To: Bob <sips:bob@biloxi.example.com>
  Call-ID: 1j9FpLxk3uxtm8tn@biloxi.example.com
  CSeq: 3 REGISTER
  Contact: mailto:bob@biloxi.example.com
  Content-Length: 0`)

const query = wire(`
  REGISTER sips:ss2.biloxi.example.com SIP/2.0
  Via: SIP/2.0/TLS client.biloxi.example.com:5061;branch=z9hG4bKnashds7
  Max-Forwards: 70
  From: Bob <sips:bob@biloxi.example.com>;tag=a73kszlfl
  To: Bob <sips:bob@biloxi.example.com>
  Call-ID: 1j9FpLxk3uxtm8tn@biloxi.example.com
  CSeq: 4 REGISTER
  Content-Length: 0`)

const cancellation = wire(`
  REGISTER sips:ss2.biloxi.example.com SIP/2.0
  Via: SIP/2.0/TLS client.biloxi.example.com:5061;branch=z9hG4bKnashds7
  Max-Forwards: 70
  From: Bob <sips:bob@biloxi.example.com>;tag=a73kszlfl
  To: Bob <sips:bob@biloxi.example.com>
  Call-ID: 1j9FpLxk3uxtm8tn@biloxi.example.com
  CSeq: 5 REGISTER
  Expires: 0
  Contact: *
  Content-Length: 0`)

describe('the registration flows of RFC 3665 §2', () => {
  it('2.1 successful new registration: 200 lists the contact', () => {
    const { send, location } = setUp(generous)
    expect(responseText(successful, send(successful))).toBe(
      wire(`
        SIP/2.0 200 OK
        Via: SIP/2.0/TLS client.biloxi.example.com:5061;branch=z9hG4bKnashd92
        From: Bob <sips:bob@biloxi.example.com>;tag=ja743ks76zlflH
        To: Bob <sips:bob@biloxi.example.com>;tag=37GkEhwl6
        Call-ID: 1j9FpLxk3uxtm8tn@biloxi.example.com
        CSeq: 2 REGISTER
        Contact: <sips:bob@client.biloxi.example.com>;expires=3600
        Date: Sat, 13 Nov 2010 23:29:00 GMT
        Content-Length: 0`),
    )
    location.close()
  })

  it('2.2 update of the contact list: a second contact joins the first', () => {
    const { send, location, clock } = setUp(generous)
    send(successful)
    clock.advance(600_000)
    // The second contact of the RFC is a mailto URI, which no call could reach; ours takes SIP URIs only.
    const second = update.replace('mailto:bob@biloxi.example.com', '<sips:bob@mobile.biloxi.example.com>;expires=1800')
    expect(send(second).headers.slice(0, 2)).toEqual([
      ['Contact', '<sips:bob@mobile.biloxi.example.com>;expires=1800'],
      ['Contact', '<sips:bob@client.biloxi.example.com>;expires=3000'],
    ])
    expect(send(update)).toMatchObject({ status: 400, reason: 'Contact Is No SIP URI' })
    location.close()
  })

  it('2.3 request for the current contact list: 200 lists it and changes nothing', () => {
    const { send, location, clock } = setUp(generous)
    send(successful)
    clock.advance(1_800_000)
    for (let i = 0; i < 2; i++)
      expect(responseText(query, send(query))).toBe(
        wire(`
          SIP/2.0 200 OK
          Via: SIP/2.0/TLS client.biloxi.example.com:5061;branch=z9hG4bKnashds7
          From: Bob <sips:bob@biloxi.example.com>;tag=a73kszlfl
          To: Bob <sips:bob@biloxi.example.com>;tag=37GkEhwl6
          Call-ID: 1j9FpLxk3uxtm8tn@biloxi.example.com
          CSeq: 4 REGISTER
          Contact: <sips:bob@client.biloxi.example.com>;expires=1800
          Date: Sat, 13 Nov 2010 23:59:00 GMT
          Content-Length: 0`),
      )
    location.close()
  })

  it('2.4 cancellation of the registration: * with Expires 0 removes every contact', () => {
    const { send, location, clock, events } = setUp(generous)
    send(successful)
    expect(responseText(cancellation, send(cancellation))).toBe(
      wire(`
        SIP/2.0 200 OK
        Via: SIP/2.0/TLS client.biloxi.example.com:5061;branch=z9hG4bKnashds7
        From: Bob <sips:bob@biloxi.example.com>;tag=a73kszlfl
        To: Bob <sips:bob@biloxi.example.com>;tag=37GkEhwl6
        Call-ID: 1j9FpLxk3uxtm8tn@biloxi.example.com
        CSeq: 5 REGISTER
        Date: Sat, 13 Nov 2010 23:29:00 GMT
        Content-Length: 0`),
    )
    expect(events).toEqual(['added sips:bob@client.biloxi.example.com', 'removed sips:bob@client.biloxi.example.com'])
    expect([...location.all()]).toEqual([])
    expect(clock.pending).toBe(0)
  })

  it('2.5 unsuccessful registration: wrong credentials are challenged again and register nothing', () => {
    const { clock, location } = setUp(generous)
    const nonces = new Nonces({ clock, secret: 'a secret of tests' })
    const realm = 'biloxi.example.com'
    const wrong = successful.replace(
      'Expires:',
      `Authorization: Digest username="bob", realm="${realm}", nonce="${nonces.issue('MD5')}", opaque="", ` +
        'uri="sips:ss2.biloxi.example.com", response="61f8470ceb87d7ebf508220214ed438b"\r\nExpires:',
    )
    const result = authenticate(parse(wrong), {
      header: 'authorization',
      realm,
      findHa1: () => hashPassword('bob', realm, 'zanzibar'),
      nonces,
      allowWithoutQop: true,
    }) as AuthenticateResult
    expect(result).toEqual({ outcome: 'challenge', stale: false, cause: 'wrong password', username: 'bob' })
    const headers = challenges(realm, { nonces }).map(value => ['WWW-Authenticate', value] as const)
    expect(responseText(wrong, { status: 401, headers }).replace(/nonce="[^"]*"/g, 'nonce="…"')).toBe(
      wire(`
        SIP/2.0 401 Unauthorized
        Via: SIP/2.0/TLS client.biloxi.example.com:5061;branch=z9hG4bKnashd92
        From: Bob <sips:bob@biloxi.example.com>;tag=ja743ks76zlflH
        To: Bob <sips:bob@biloxi.example.com>;tag=37GkEhwl6
        Call-ID: 1j9FpLxk3uxtm8tn@biloxi.example.com
        CSeq: 2 REGISTER
        WWW-Authenticate: Digest realm="biloxi.example.com", nonce="…", qop="auth", algorithm=SHA-256
        WWW-Authenticate: Digest realm="biloxi.example.com", nonce="…", qop="auth", algorithm=MD5
        Content-Length: 0`),
    )
    expect([...location.all()]).toEqual([])
  })
})
