import { describe, expect, it } from 'vitest'
import { Nonces } from '../../../server/sip/digest/nonces.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const secret = 'a secret of tests'

function setUp(options: { lifetime?: number; limit?: number } = {}) {
  const clock = new FakeClock()
  return { clock, nonces: new Nonces({ clock, secret, ...options }) }
}

describe('Nonces: issued and checked', () => {
  it('are fresh until their lifetime of 300 seconds is over, then stale', () => {
    const { clock, nonces } = setUp()
    const nonce = nonces.issue('MD5')
    expect(nonces.check(nonce, 'MD5')).toBe('fresh')
    clock.advance(299_999)
    expect(nonces.check(nonce, 'MD5')).toBe('fresh')
    clock.advance(1)
    expect(nonces.check(nonce, 'MD5')).toBe('stale')
  })

  it('have the lifetime that is asked for', () => {
    const { clock, nonces } = setUp({ lifetime: 30 })
    const nonce = nonces.issue('MD5')
    clock.advance(30_000)
    expect(nonces.check(nonce, 'MD5')).toBe('stale')
  })

  it('are forged for the other algorithm (RFC 8760 §2.4)', () => {
    const { nonces } = setUp()
    expect(nonces.check(nonces.issue('SHA-256'), 'MD5')).toBe('forged')
    expect(nonces.check(nonces.issue('MD5'), 'SHA-256')).toBe('forged')
  })

  it('are forged when one character of them is another', () => {
    const { nonces } = setUp()
    const nonce = nonces.issue('MD5')
    for (let i = 0; i < nonce.length; i++) {
      const other = nonce[i] === '0' ? '1' : '0'
      expect(nonces.check(nonce.slice(0, i) + other + nonce.slice(i + 1), 'MD5')).toBe('forged')
    }
  })

  it.each(['', 'x', 'dcd98b7102dd2f0e8b11d0f600bfb0c093', 'z'.repeat(60), 'é'.repeat(60), '0'.repeat(65_000)])(
    'are forged when somebody else made them: %#',
    nonce => expect(setUp().nonces.check(nonce, 'MD5')).toBe('forged'),
  )

  it('are forged in upper case, for they would count twice', () => {
    const { nonces } = setUp()
    let nonce = nonces.issue('MD5')
    while (!/[a-f]/.test(nonce)) nonce = nonces.issue('MD5')
    expect(nonces.check(nonce.toUpperCase(), 'MD5')).toBe('forged')
  })

  it('are known to every process with the secret, and to none with another', () => {
    const { clock, nonces } = setUp()
    const nonce = nonces.issue('MD5')
    expect(new Nonces({ clock, secret }).check(nonce, 'MD5')).toBe('fresh')
    expect(new Nonces({ clock, secret: 'another secret of tests' }).check(nonce, 'MD5')).toBe('forged')
  })

  it('differ from each other in the same millisecond', () => {
    const { nonces } = setUp()
    expect(new Set(Array.from({ length: 1000 }, () => nonces.issue('MD5'))).size).toBe(1000)
  })

  it('are stale when the clock was set back by more than their lifetime', () => {
    const nonce = new Nonces({ clock: new FakeClock(2_000_000), secret }).issue('MD5')
    expect(new Nonces({ clock: new FakeClock(1_700_001), secret }).check(nonce, 'MD5')).toBe('fresh')
    expect(new Nonces({ clock: new FakeClock(1_700_000), secret }).check(nonce, 'MD5')).toBe('stale')
  })

  it('need a secret worth the name', () => {
    expect(() => new Nonces({ clock: new FakeClock(), secret: 'fifteen letters' })).toThrow(TypeError)
  })
})

describe('Nonces: the count', () => {
  it('MUST rise with each use (RFC 7616 §3.4.4)', () => {
    const { nonces } = setUp()
    const nonce = nonces.issue('MD5')
    expect([1, 1, 2, 1, 2, 7, 6, 8].map(count => nonces.use(nonce, count))).toEqual([
      ...['fresh', 'replayed', 'fresh', 'replayed', 'replayed', 'fresh', 'replayed', 'fresh'],
    ])
  })

  it('may begin above 1, but not at 0', () => {
    const { nonces } = setUp()
    expect(nonces.use(nonces.issue('MD5'), 4711)).toBe('fresh')
    expect(nonces.use(nonces.issue('MD5'), 0)).toBe('replayed')
  })

  it('is kept for each nonce alone', () => {
    const { nonces } = setUp()
    const [a, b] = [nonces.issue('MD5'), nonces.issue('MD5')]
    expect([nonces.use(a, 5), nonces.use(b, 1), nonces.use(a, 6), nonces.use(b, 2)]).toEqual(Array(4).fill('fresh'))
  })

  it('lets a client that does not count use a nonce once', () => {
    const { nonces } = setUp()
    const [a, b] = [nonces.issue('MD5'), nonces.issue('MD5')]
    expect([nonces.use(a, 'once'), nonces.use(a, 'once'), nonces.use(a, 9)]).toEqual(['fresh', 'replayed', 'replayed'])
    expect([nonces.use(b, 1), nonces.use(b, 'once'), nonces.use(b, 'once')]).toEqual(['fresh', 'fresh', 'replayed'])
  })

  it('is remembered for at least half the limit of nonces and refuses a replay of all that were forgotten', () => {
    const { clock, nonces } = setUp({ limit: 10 })
    const used = Array.from({ length: 100 }, () => {
      clock.advance(1)
      const nonce = nonces.issue('MD5')
      expect(nonces.use(nonce, 1)).toBe('fresh')
      return nonce
    })
    const replays = used.map(nonce => nonces.use(nonce, 1))
    expect(replays.slice(-5)).toEqual(Array(5).fill('replayed'))
    expect(new Set(replays)).toEqual(new Set(['stale', 'replayed']))
    expect(replays.lastIndexOf('stale')).toBeLessThan(replays.indexOf('replayed'))
    expect(replays.filter(status => status === 'replayed').length).toBeLessThanOrEqual(10)
  })

  it('forgets nobody at its limit', () => {
    const { clock, nonces } = setUp({ limit: 10 })
    const use = () => {
      clock.advance(1)
      const nonce = nonces.issue('MD5')
      nonces.use(nonce, 1)
      return nonce
    }
    const used = Array.from({ length: 10 }, use)
    expect(used.map(nonce => nonces.use(nonce, 2))).toEqual(Array(10).fill('fresh'))
    use()
    expect(used.map(nonce => nonces.use(nonce, 3))).toEqual([
      ...Array<string>(5).fill('stale'),
      ...Array<string>(5).fill('fresh'),
    ])
  })

  it('recovers after the limit: a nonce issued later is fresh', () => {
    const { clock, nonces } = setUp({ limit: 2 })
    for (let i = 0; i < 20; i++) nonces.use(nonces.issue('MD5'), 1)
    clock.advance(1)
    expect(nonces.use(nonces.issue('MD5'), 1)).toBe('fresh')
  })

  it('forgets without harm what has outlived its lifetime', () => {
    const { clock, nonces } = setUp()
    const first = nonces.issue('MD5')
    nonces.use(first, 1)
    for (let i = 0; i < 10; i++) {
      clock.advance(100_000)
      const nonce = nonces.issue('MD5')
      clock.advance(200_000)
      expect(nonces.check(nonce, 'MD5')).toBe('fresh')
      expect(nonces.use(nonce, 1)).toBe('fresh')
      expect(nonces.use(nonce, 1)).toBe('replayed')
    }
    expect(nonces.check(first, 'MD5')).toBe('stale')
  })

  it('goes on when the clock is set back', () => {
    let now = 10_000_000
    const clock = { now: () => now, after: () => ({ cancel() {} }) }
    const nonces = new Nonces({ clock, secret, limit: 2 })
    for (let i = 0; i < 5; i++) nonces.use(nonces.issue('MD5'), 1)
    now -= 3_600_000
    expect(nonces.use(nonces.issue('MD5'), 1)).toBe('stale')
    now += 1
    expect(nonces.use(nonces.issue('MD5'), 1)).toBe('fresh')
  })

  it('is unlimited with a limit of 0', () => {
    const { nonces } = setUp({ limit: 0 })
    const used = Array.from({ length: 1000 }, () => nonces.issue('MD5'))
    for (const nonce of used) nonces.use(nonce, 1)
    expect(used.map(nonce => nonces.use(nonce, 2))).toEqual(Array(1000).fill('fresh'))
  })
})
