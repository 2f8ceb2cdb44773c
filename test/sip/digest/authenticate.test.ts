import { describe, expect, it } from 'vitest'
import {
  authenticate,
  type AuthenticateOptions,
  type AuthenticateResult,
} from '../../../server/sip/digest/authenticate.ts'
import { hashPassword } from '../../../server/sip/digest/ha1.ts'
import { Nonces } from '../../../server/sip/digest/nonces.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { answer, registerWith } from './digest-client.ts'

const alice = hashPassword('alice', 'example.com', 'secret')
const jaeger = hashPassword('jäger', 'example.com', 'straße')

function setUp(more: Partial<AuthenticateOptions> = {}) {
  const clock = new FakeClock()
  const nonces = new Nonces({ clock, secret: 'a secret of tests' })
  const asked: string[] = []
  const options: AuthenticateOptions = {
    header: 'authorization',
    realm: 'example.com',
    nonces,
    findHa1(username) {
      asked.push(username)
      return new Map([
        ['alice', alice],
        ['jäger', jaeger],
      ]).get(username)
    },
    ...more,
  }
  const ask = (...fields: string[]) => authenticate(registerWith(...fields), options) as AuthenticateResult
  const sign = (value: string) => ask(`Authorization: ${value}`)
  return { clock, nonces, asked, options, ask, sign }
}

describe('authenticate: who is let in', () => {
  it('knows a user by his answer to a challenge, in MD5 and in SHA-256', () => {
    const { nonces, sign } = setUp()
    for (const algorithm of ['MD5', 'SHA-256'] as const)
      expect(sign(answer({ nonce: nonces.issue(algorithm), algorithm }))).toMatchObject({
        outcome: 'ok',
        username: 'alice',
      })
  })

  it('answers at once when the hashes are at hand, and later when they are not', async () => {
    const { nonces, options } = setUp()
    const request = (nonce: string) => registerWith(`Authorization: ${answer({ nonce })}`)
    expect(authenticate(request(nonces.issue('MD5')), options)).not.toBeInstanceOf(Promise)
    const slow = authenticate(request(nonces.issue('MD5')), { ...options, findHa1: () => Promise.resolve(alice) })
    expect(slow).toBeInstanceOf(Promise)
    expect(await slow).toMatchObject({ outcome: 'ok', username: 'alice' })
  })

  it('names the field to consume among those for other realms, which are left in place', () => {
    const { nonces, options } = setUp()
    const request = registerWith(
      'Authorization: Bearer abc',
      `Authorization: ${answer({ nonce: 'other', realm: 'elsewhere.example' })}`,
      `Authorization: ${answer({ nonce: nonces.issue('MD5') })}`,
      `Authorization: ${answer({ nonce: 'more', realm: 'further.example' })}`,
    )
    const result = authenticate(request, options) as Extract<AuthenticateResult, { outcome: 'ok' }>
    expect(result.outcome).toBe('ok')
    expect(request.text.slice(result.field.start, result.field.end)).toMatch(
      /^Authorization: .*realm="example.com".*\r\n$/,
    )
  })

  it('reads Proxy-Authorization when it asks as a proxy, and nothing else', () => {
    const { nonces, ask } = setUp({ header: 'proxy-authorization' })
    expect(ask(`Authorization: ${answer({ nonce: nonces.issue('MD5') })}`)).toMatchObject({ cause: 'no credentials' })
    expect(ask(`Proxy-Authorization: ${answer({ nonce: nonces.issue('MD5') })}`)).toMatchObject({ outcome: 'ok' })
  })

  it('takes the credentials of an algorithm it offered where there are several for the realm', () => {
    const { nonces, ask } = setUp({ algorithms: ['MD5'] })
    const strong = answer({ nonce: nonces.issue('SHA-256'), algorithm: 'SHA-256' })
    expect(ask(`Authorization: ${strong}`)).toMatchObject({ outcome: 'challenge', cause: 'unusable credentials' })
    expect(ask(`Authorization: ${strong}`, `Authorization: ${answer({ nonce: nonces.issue('MD5') })}`)).toMatchObject({
      outcome: 'ok',
    })
  })

  it('accepts user@domain as user name, by ha1b', () => {
    const { nonces, sign, asked } = setUp()
    const result = sign(answer({ nonce: nonces.issue('MD5'), username: 'alice@example.com' }))
    expect(result).toMatchObject({ outcome: 'ok', username: 'alice' })
    expect(asked).toEqual(['alice'])
  })

  it('does not take alice of another domain for ours', () => {
    const { nonces, sign, asked } = setUp()
    const result = sign(answer({ nonce: nonces.issue('MD5'), username: 'alice@elsewhere.example' }))
    expect(result).toMatchObject({ outcome: 'challenge', cause: 'unknown user' })
    expect(asked).toEqual(['alice@elsewhere.example'])
  })

  it('compares the realm without case', () => {
    const { nonces, sign } = setUp({ realm: 'EXAMPLE.com' })
    expect(sign(answer({ nonce: nonces.issue('MD5') }))).toMatchObject({ outcome: 'ok' })
  })

  it('finds users by their decoded names', () => {
    const { nonces, sign } = setUp()
    const value = answer({ nonce: nonces.issue('MD5'), username: 'jäger', password: 'straße' })
    const onTheWire = Buffer.from(value, 'utf8').toString('latin1')
    expect(sign(onTheWire)).toMatchObject({ outcome: 'ok', username: 'jäger' })
  })
})

describe('authenticate: who is asked again', () => {
  it('challenges when there are no credentials, and none for this realm', () => {
    const { ask, sign } = setUp()
    const challenge = { outcome: 'challenge', stale: false, cause: 'no credentials' }
    expect(ask()).toEqual(challenge)
    expect(sign('Bearer abc')).toEqual(challenge)
    expect(sign(answer({ nonce: 'x', realm: 'elsewhere.example' }))).toEqual(challenge)
  })

  it('treats an unknown user and a wrong password alike, but for the cause', () => {
    const { nonces, sign } = setUp()
    const wrong = sign(answer({ nonce: nonces.issue('MD5'), password: 'guess' }))
    const unknown = sign(answer({ nonce: nonces.issue('MD5'), username: 'mallory' }))
    expect(wrong).toEqual({ outcome: 'challenge', stale: false, cause: 'wrong password', username: 'alice' })
    expect(unknown).toEqual({ outcome: 'challenge', stale: false, cause: 'unknown user', username: 'mallory' })
  })

  it('never lets in a user without hashes, not even with the hash that stands in for them', () => {
    const { nonces, sign } = setUp({ findHa1: () => undefined })
    expect(sign(answer({ nonce: nonces.issue('MD5') }))).toMatchObject({ outcome: 'challenge' })
  })

  it('says stale=true when the nonce is too old and the digest right', () => {
    const { clock, nonces, sign } = setUp()
    const nonce = nonces.issue('MD5')
    clock.advance(300_000)
    expect(sign(answer({ nonce }))).toMatchObject({ outcome: 'challenge', stale: true, cause: 'stale' })
    expect(sign(answer({ nonce, password: 'guess' }))).toMatchObject({ outcome: 'challenge', stale: false })
  })

  it('says stale=true to right credentials on a nonce of an earlier life of this server', () => {
    const { sign } = setUp()
    expect(sign(answer({ nonce: 'dcd98b71' }))).toMatchObject({ outcome: 'challenge', stale: true, cause: 'forged' })
  })

  it('refuses a replay, and a count that went back', () => {
    const { nonces, sign } = setUp()
    const nonce = nonces.issue('MD5')
    const count = (nc: string) => sign(answer({ nonce, protection: { nc } }))
    expect(count('00000009')).toMatchObject({ outcome: 'ok' })
    expect(count('00000009')).toMatchObject({ outcome: 'challenge', stale: true, cause: 'replayed' })
    expect(count('00000008')).toMatchObject({ outcome: 'challenge', stale: true, cause: 'replayed' })
    expect(count('0000000A')).toMatchObject({ outcome: 'ok' })
  })

  it('gives wrong credentials no place among the counts', () => {
    const { nonces, sign } = setUp()
    const nonce = nonces.issue('MD5')
    sign(answer({ nonce, password: 'guess', protection: { nc: 'ffffffff' } }))
    expect(sign(answer({ nonce }))).toMatchObject({ outcome: 'ok' })
  })

  it('serves clients without qop only when allowed, each nonce once', () => {
    const strict = setUp()
    const old = (nonce: string) => answer({ nonce, protection: 'none' })
    expect(strict.sign(old(strict.nonces.issue('MD5')))).toMatchObject({ cause: 'unusable credentials', stale: false })
    const { nonces, sign } = setUp({ allowWithoutQop: true })
    const nonce = nonces.issue('MD5')
    expect(sign(old(nonce))).toMatchObject({ outcome: 'ok' })
    expect(sign(old(nonce))).toMatchObject({ outcome: 'challenge', stale: true, cause: 'replayed' })
  })
})

describe('authenticate: malformed credentials', () => {
  const broken = 'Digest username="alice", realm="example.com", nonce="x"'

  it('are answered 400', () => {
    expect(setUp().sign(broken)).toMatchObject({
      outcome: 'malformed',
      error: { status: 400, reason: 'Malformed Credentials' },
    })
  })

  it('do not stand in the way of good ones beside them', () => {
    const { nonces, ask } = setUp()
    const good = `Authorization: ${answer({ nonce: nonces.issue('MD5') })}`
    expect(ask(`Authorization: ${broken}`, good)).toMatchObject({ outcome: 'ok' })
  })
})
