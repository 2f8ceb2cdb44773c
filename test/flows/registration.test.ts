import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { freePort } from '../support/ports.ts'
import { passwordOf } from '../support/offhook.ts'
import type { TextPhone } from '../support/raw-sip.ts'
import { headerList, newToken, type SipText } from '../support/sip-text.ts'
import { runSipp } from '../support/sipp.ts'
import { MD5_ONLY, TRANSPORTS, useOffhook } from './use-offhook.ts'

const REGISTER = path.join(import.meta.dirname, 'scenarios/register.xml')
const accounts = ['1001', '1002', '1003', '1004', '1005', '1006', '1007', '1008']
const server = useOffhook({ accounts, media: 'none', config: MD5_ONLY })

/** Contacts of a 200 to REGISTER, with their remaining seconds. */
function bindings(response: SipText): { uri: string; expires: number }[] {
  return headerList(response, 'contact').map(value => ({
    uri: /<([^>]*)>/.exec(value)?.[1] ?? value,
    expires: Number(/;\s*expires=(\d+)/i.exec(value)?.[1]),
  }))
}

/** REGISTER without Contact asks for the bindings (RFC 3261 §10.2.3). */
async function query(phone: TextPhone): Promise<{ uri: string; expires: number }[]> {
  const text = await phone.request('REGISTER', { callId: newToken(), headers: ['Contact:'] })
  expect(text.status).toBe(200)
  return bindings(text)
}

describe.each(TRANSPORTS)('REGISTER over %s', transport => {
  it('is challenged, then accepted, and the 200 lists the binding (RFC 3665 §2.1)', async () => {
    const { offhook } = server
    const result = await runSipp({
      scenario: REGISTER,
      params: { domain: offhook.domain, user: '1001', password: passwordOf('1001'), expires: 120 },
      serverPort: offhook.sipPort,
      localPort: await freePort(),
      authUri: offhook.domain,
      transport,
    })
    expect(result.isOk, result.report).toBe(true)
  })

  it('does not tell a wrong password from an unknown account', async () => {
    const wrong = await (await server.phone('1001', transport, 'not-the-password')).register()
    const unknown = await (await server.phone('9999', transport)).register()
    expect(wrong.status).toBe(401)
    expect(unknown.status).toBe(401)
    expect(unknown.reason).toBe(wrong.reason)
  })

  it('refreshes: the same contact stays one binding', async () => {
    const phone = await server.phone('1002', transport)
    const first = bindings(await phone.register(100)).filter(({ uri }) => uri.includes(phone.raw.address))
    const second = bindings(await phone.register(200)).filter(({ uri }) => uri.includes(phone.raw.address))
    expect(first).toHaveLength(1)
    expect(second).toHaveLength(1)
    expect(second[0]!.expires).toBeGreaterThan(100)
    await phone.register(0)
  })

  it('lists the bindings with their remaining seconds when it carries no Contact', async () => {
    const phone = await server.phone('1003', transport)
    await phone.register(120)
    const before = await query(phone)
    expect(before).toHaveLength(1)
    expect(before[0]!.uri).toContain(phone.raw.address)
    expect(before[0]!.expires).toBeGreaterThan(100)
    expect(before[0]!.expires).toBeLessThanOrEqual(120)
    await phone.register(0)
  })

  it('removes one binding with expires 0 and leaves the others', async () => {
    const [one, other] = [await server.phone('1004', transport), await server.phone('1004', transport)]
    await one.register()
    await other.register()
    const left = bindings(await one.register(0))
    expect(left).toHaveLength(1)
    expect(left[0]!.uri).toContain(other.raw.address)
    expect(bindings(await other.register(0))).toHaveLength(0)
  })

  it('removes every binding with Contact * and Expires 0', async () => {
    const [one, other] = [await server.phone('1005', transport), await server.phone('1005', transport)]
    await one.register()
    await other.register()
    const response = await one.request('REGISTER', { headers: ['Contact: *', 'Expires: 0'] })
    expect(response.status).toBe(200)
    expect(bindings(response)).toHaveLength(0)
  })

  it('answers 400 to Contact * with another Expires (RFC 3261 §10.3 step 6)', async () => {
    const phone = await server.phone('1005', transport)
    const response = await phone.request('REGISTER', { headers: ['Contact: *', 'Expires: 60'] })
    expect(response.status).toBe(400)
  })

  it('answers 403 when To is not the account that authenticated', async () => {
    const phone = await server.phone('1001', transport)
    const response = await phone.request('REGISTER', { to: `<sip:1002@${server.offhook.domain}>` })
    expect(response.status).toBe(403)
  })

  it('accepts credentials once only: the same nonce count again is a replay', async () => {
    const phone = await server.phone('1006', transport)
    const challenge = await phone.send('REGISTER', { callId: 'replay', fromTag: 'a' })
    const authorized = phone.withCredentials(challenge, 'REGISTER', { callId: 'replay', fromTag: 'a', cseq: 1 })!
    expect((await phone.send('REGISTER', authorized)).status).toBe(200)
    expect((await phone.send('REGISTER', { ...authorized, cseq: 3 })).status).toBe(401)
    await phone.register(0)
  })
})

describe('a binding', () => {
  it('survives a crash of the server', async () => {
    const phone = await server.phone('1007')
    expect((await phone.register(300)).status).toBe(200)
    await server.offhook.restart({ crash: true })
    const after = await query(phone)
    expect(after).toHaveLength(1)
    expect(after[0]!.uri).toContain(phone.raw.address)
  })
})
