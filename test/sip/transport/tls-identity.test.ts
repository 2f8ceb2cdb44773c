import type { PeerCertificate } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { checkSipIdentity } from '../../../server/sip/transport/tls-identity.ts'

const certificate = (subjectaltname: string | undefined, CN = 'common.example.com'): PeerCertificate =>
  ({ subjectaltname, subject: { CN } }) as PeerCertificate

describe('the identity of a SIP domain (RFC 5922 §7)', () => {
  it.each([
    ['a sip URI', 'URI:sip:example.com, DNS:other.example.com', 'example.com', true],
    ['a sip URI before DNS names', 'URI:sip:example.com, DNS:other.example.com', 'other.example.com', false],
    ['a sip URI of a user, which is no domain', 'URI:sip:bob@example.com', 'example.com', false],
    ['a DNS name without case', 'DNS:Example.COM', 'example.com', true],
    ['a wildcard, which matches nothing', 'DNS:*.example.com', 'sip.example.com', false],
    ['a common name when there is no other', undefined, 'common.example.com', true],
    ['a common name beside DNS names', 'DNS:a.example.com', 'common.example.com', false],
    ['a name inside a quoted value', 'URI:"http://x/, DNS:example.com, "', 'example.com', false],
    ['a part of a name', 'DNS:example.com', 'ample.com', false],
  ])('with %s', (_, names, domain, isRight) => {
    expect(checkSipIdentity(domain, certificate(names)) === undefined).toBe(isRight)
  })

  it('may be an IP address', () => {
    expect(checkSipIdentity('192.0.2.1', certificate('IP Address:192.0.2.1'))).toBeUndefined()
    expect(checkSipIdentity('192.0.2.2', certificate('IP Address:192.0.2.1'))).toBeInstanceOf(Error)
  })
})
