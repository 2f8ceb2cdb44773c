import { describe, expect, it } from 'vitest'
import { challenges } from '../../../server/sip/digest/challenge.ts'
import { Nonces } from '../../../server/sip/digest/nonces.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const nonces = new Nonces({ clock: new FakeClock(), secret: 'a secret of tests' })
const withoutNonce = (value: string) => value.replace(/nonce="[0-9a-f]{60}"/, 'nonce="…"')

describe('challenges', () => {
  it('MUST come strongest first (RFC 8760 §2.4), so that JsSIP, which keeps the last, finds MD5 there', () => {
    expect(challenges('example.com', { nonces }).map(withoutNonce)).toEqual([
      'Digest realm="example.com", nonce="…", qop="auth", algorithm=SHA-256',
      'Digest realm="example.com", nonce="…", qop="auth", algorithm=MD5',
    ])
    expect(challenges('example.com', { nonces, algorithms: ['MD5', 'SHA-256'] })[1]).toMatch(/algorithm=MD5$/)
  })

  it('MUST NOT share a nonce between algorithms (RFC 8760 §2.4)', () => {
    const [strong, weak] = challenges('example.com', { nonces }).map(value => /nonce="(.*?)"/.exec(value)![1])
    expect(strong).not.toBe(weak)
  })

  it('says stale=true when asked to, and quotes the realm', () => {
    expect(challenges('a "b" \\c', { nonces, stale: true, algorithms: ['MD5'] }).map(withoutNonce)).toEqual([
      String.raw`Digest realm="a \"b\" \\c", nonce="…", qop="auth", stale=true, algorithm=MD5`,
    ])
  })
})
