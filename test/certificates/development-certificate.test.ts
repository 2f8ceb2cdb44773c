import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ensureDevelopmentCertificate } from '../../server/certificates/development-certificate.ts'
import { FakeClock } from '../support/fake-clock.ts'

const dayMs = 86_400_000
let dir: string
let clock: FakeClock

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'offhook-certs-'))
  clock = new FakeClock(Date.now())
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const ensure = (names = ['localhost', 'phone.test'], addresses = ['127.0.0.1', '::1', '192.0.2.7']) =>
  ensureDevelopmentCertificate({ dir, names, addresses, clock })
const digest = (file: string) =>
  createHash('sha256')
    .update(readFileSync(join(dir, file)))
    .digest('hex')

describe('ensureDevelopmentCertificate', () => {
  it('makes an authority and a certificate for every name and address at the first start', async () => {
    const made = await ensure()
    expect(made.made).toEqual(['authority', 'certificate'])
    expect(made.names).toEqual(['localhost', 'phone.test', '127.0.0.1', '0:0:0:0:0:0:0:1', '192.0.2.7'])
    const authority = new X509Certificate(readFileSync(made.authorityFile))
    expect(authority.ca).toBe(true)
    expect(new X509Certificate(made.cert).checkIssued(authority)).toBe(true)
  })

  it('keeps the keys for the owner alone', async () => {
    await ensure()
    expect(statSync(join(dir, 'authority.key')).mode & 0o777).toBe(0o600)
    expect(statSync(join(dir, 'server.key')).mode & 0o777).toBe(0o600)
  })

  it('stays below the 398 days that browsers accept', async () => {
    const { cert } = await ensure()
    const { validFrom, validTo } = new X509Certificate(cert)
    expect((Date.parse(validTo) - Date.parse(validFrom)) / dayMs).toBeLessThanOrEqual(397)
  })

  it('is accepted by a TLS client that trusts the authority, by name and by address', async () => {
    const made = await ensure()
    const server = createServer({ cert: made.cert, key: made.key }, socket => socket.end())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    try {
      for (const servername of ['localhost', 'phone.test', '']) {
        const socket: TLSSocket = connect({
          host: '127.0.0.1',
          port,
          ca: readFileSync(made.authorityFile),
          ...(servername === '' ? {} : { servername }),
        })
        await once(socket, 'secureConnect')
        expect(socket.authorized).toBe(true)
        socket.destroy()
      }
    } finally {
      server.close()
    }
  })

  it('changes nothing at the next start', async () => {
    await ensure()
    const before = [digest('authority.pem'), digest('server.pem')]
    expect((await ensure()).made).toEqual([])
    expect([digest('authority.pem'), digest('server.pem')]).toEqual(before)
  })

  it('keeps a certificate that is good for more names than are wanted', async () => {
    await ensure()
    expect((await ensure(['localhost'], ['127.0.0.1'])).made).toEqual([])
  })

  it('makes a new certificate, under the same authority, when a name is missing', async () => {
    await ensure()
    const authority = digest('authority.pem')
    const again = await ensure(['localhost', 'new.test'])
    expect(again.made).toEqual(['certificate'])
    expect(again.names).toContain('new.test')
    expect(digest('authority.pem')).toBe(authority)
  })

  it('renews a certificate with less than 30 days left', async () => {
    await ensure()
    clock.advance(365 * dayMs)
    expect((await ensure()).made).toEqual([])
    clock.advance(2 * dayMs)
    const renewed = await ensure()
    expect(renewed.made).toEqual(['certificate'])
    expect(renewed.notAfter).toBeGreaterThan(clock.now() + 390 * dayMs)
  })

  it('replaces an authority that would end before a new certificate', async () => {
    await ensure()
    clock.advance(3300 * dayMs)
    expect((await ensure()).made).toEqual(['authority', 'certificate'])
  })

  it('mends damaged files', async () => {
    await ensure()
    writeFileSync(join(dir, 'server.pem'), 'not a certificate')
    expect((await ensure()).made).toEqual(['certificate'])
    rmSync(join(dir, 'server.key'))
    expect((await ensure()).made).toEqual(['certificate'])
    rmSync(join(dir, 'authority.key'))
    expect((await ensure()).made).toEqual(['authority', 'certificate'])
  })

  it('works for copies that start at the same moment', async () => {
    const made = await Promise.all([ensure(['one.test']), ensure(['two.test']), ensure(['three.test'])])
    for (const { cert, key } of made)
      expect(new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))).toBe(true)
  })

  it('mends a damaged authority', async () => {
    await ensure()
    writeFileSync(join(dir, 'authority.pem'), '')
    expect((await ensure()).made).toEqual(['authority', 'certificate'])
    writeFileSync(join(dir, 'authority.key'), readFileSync(join(dir, 'server.key')))
    expect((await ensure()).made).toEqual(['authority', 'certificate'])
  })

  it('says what to do when the folder cannot be made', async () => {
    writeFileSync(join(dir, 'file'), '')
    const inside = join(dir, 'file', 'certs')
    await expect(
      ensureDevelopmentCertificate({ dir: inside, names: ['localhost'], addresses: [], clock }),
    ).rejects.toThrow(`cannot be written to ${inside} (ENOTDIR): make the folder writable or set certificate.dir`)
  })
})
