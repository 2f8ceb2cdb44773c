import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadCertificate } from '../../server/certificates/certificate.ts'
import { ensureDevelopmentCertificate } from '../../server/certificates/development-certificate.ts'
import { FakeClock } from '../support/fake-clock.ts'

const dayMs = 86_400_000
const start = Date.parse('2026-01-01T00:00:00Z')
let dir: string
const at = (...names: string[]) => join(dir, ...names)
const clock = (days = 0) => new FakeClock(start + days * dayMs)

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'offhook-certs-'))
  for (const name of ['a', 'b'])
    await ensureDevelopmentCertificate({ dir: at(name), names: [`${name}.test`], addresses: [], clock: clock() })
  writeFileSync(at('text'), 'hello')
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const pair = () => ({ cert: at('a', 'server.pem'), key: at('a', 'server.key') })

describe('loadCertificate', () => {
  it('gives the PEM texts, the names and the last day', () => {
    const loaded = loadCertificate(pair(), clock())
    expect(loaded.cert).toContain('BEGIN CERTIFICATE')
    expect(loaded.key).toContain('BEGIN PRIVATE KEY')
    expect(loaded.names).toEqual(['a.test'])
    expect(new Date(loaded.notAfter).toISOString()).toBe('2027-02-01T00:00:00.000Z')
  })

  const cases: [string, () => { cert: string; key: string }, number, string, string][] = [
    ['a missing file', () => ({ ...pair(), cert: at('none') }), 0, 'CERTIFICATE_UNREADABLE', 'no such file'],
    [
      'a file that is no certificate',
      () => ({ ...pair(), cert: at('text') }),
      0,
      'CERTIFICATE_UNREADABLE',
      'is not a certificate in PEM format',
    ],
    [
      'a file that is no key',
      () => ({ ...pair(), key: at('text') }),
      0,
      'CERTIFICATE_UNREADABLE',
      'is not a private key',
    ],
    [
      'a key of another certificate',
      () => ({ ...pair(), key: at('b', 'server.key') }),
      0,
      'CERTIFICATE_KEY_MISMATCH',
      'set certificate.cert and certificate.key to a pair',
    ],
    ['an expired certificate', pair, 397, 'CERTIFICATE_EXPIRED', 'expired on 2027-02-01: renew it'],
    [
      'a certificate of tomorrow',
      pair,
      -2,
      'CERTIFICATE_NOT_YET_VALID',
      'is valid from 2025-12-31 on: check the clock',
    ],
  ]
  it.each(cases)('refuses %s with one line that says what to do', (_, files, days, code, text) => {
    expect(() => loadCertificate(files(), clock(days))).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(text) as string }),
    )
  })
})
