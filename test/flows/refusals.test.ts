import { describe, expect, it } from 'vitest'
import type { RequestOptions, TextPhone } from '../support/raw-sip.ts'
import { LOOPBACK } from '../support/ports.ts'
import { header, newToken, type SipText } from '../support/sip-text.ts'
import { SDP, TRANSPORTS, useOffhook } from './use-offhook.ts'

const server = useOffhook({ accounts: ['1001', '1002'], media: 'none' })

/** INVITE with an offer, credentials given when asked for; any final response. */
function invite(phone: TextPhone, uri: string, options: RequestOptions = {}): Promise<SipText> {
  const headers = ['Content-Type: application/sdp', ...(options.headers ?? [])]
  return phone.request('INVITE', { ...options, uri, body: SDP, headers })
}

describe.each(TRANSPORTS)('over %s', transport => {
  const open = () => server.phone('1001', transport)
  const own = (user: string) => `sip:${user}@${server.offhook.domain}`

  it.each([
    ['REGISTER', 401, 'www-authenticate'],
    ['INVITE', 407, 'proxy-authenticate'],
  ])(
    '%s without credentials is answered %i, with a tag, the domain as realm, and MD5 last',
    async (method, status, field) => {
      const response = await (await open()).send(method, method === 'INVITE' ? { uri: own('1002') } : {})
      expect(response.status).toBe(status)
      expect(header(response, 'to')).toMatch(/;tag=\S+/)
      const challenges = response.headers[field] ?? []
      expect(challenges.length).toBeGreaterThan(0)
      for (const challenge of challenges) expect(challenge).toContain(`realm="${server.offhook.domain}"`)
      // JsSIP takes the last one, and knows MD5 only.
      expect(challenges.at(-1)).toMatch(/algorithm="?MD5\b/)
    },
  )

  it('a Request-URI without a user part is answered 484', async () => {
    expect((await invite(await open(), `sip:${server.offhook.domain}`)).status).toBe(484)
  })

  it('an unknown account is answered 404', async () => {
    expect((await invite(await open(), own('9999'))).status).toBe(404)
  })

  it('an account that is nowhere registered is answered 480, by domain name', async () => {
    expect((await invite(await open(), own('1002'))).status).toBe(480)
  })

  it('an account that is nowhere registered is answered 480, by the address of the server', async () => {
    expect((await invite(await open(), `sip:1002@${LOOPBACK}:${server.offhook.sipPort}`)).status).toBe(480)
  })

  it('a request from outside to outside is refused 403: no open relay', async () => {
    const phone = await open()
    const response = await invite(phone, 'sip:bob@elsewhere.example', { from: '<sip:alice@far.example>' })
    expect(response.status).toBe(403)
  })

  it('a preloaded Route to somewhere else is refused 403', async () => {
    const response = await invite(await open(), own('1002'), { headers: ['Route: <sip:192.0.2.7;lr>'] })
    expect(response.status).toBe(403)
  })

  it('a From that is not the account is refused 403 and told what to use', async () => {
    const response = await invite(await open(), own('1002'), { from: `<${own('1002')}>` })
    expect(response.status).toBe(403)
    expect(response.reason).toMatch(/use from=id/i)
  })

  it('a request inside a dialog that we are not part of is answered 404 Not here', async () => {
    const response = await (await open()).send('BYE', { uri: own('1002'), to: `<${own('1002')}>;tag=${newToken()}` })
    expect(response).toMatchObject({ status: 404, reason: 'Not here' })
  })

  it('an ACK inside a dialog that we are not part of is dropped', async () => {
    const phone = await open()
    phone.raw.send(
      phone.compose('ACK', { uri: own('1002'), to: `<${own('1002')}>;tag=${newToken()}`, callId: 'stray' }),
    )
    expect((await phone.send('OPTIONS')).status).toBe(200) // what was sent later is answered: the ACK has been read
    expect(phone.raw.unread.filter(message => header(message, 'call-id') === 'stray')).toEqual([])
  })

  it('Max-Forwards 0 is answered 483', async () => {
    expect((await invite(await open(), own('1002'), { headers: ['Max-Forwards: 0'] })).status).toBe(483)
  })

  it('OPTIONS to the server is answered 200 without credentials', async () => {
    expect((await (await open()).send('OPTIONS')).status).toBe(200)
  })

  it('an extension demanded of the proxy that it does not know is answered 420 and named (RFC 3261 §16.3)', async () => {
    const response = await invite(await open(), own('1002'), { headers: ['Proxy-Require: teleport'] })
    expect(response.status).toBe(420)
    expect(header(response, 'unsupported')).toBe('teleport')
  })

  it('SIP/7.0 is answered 505', async () => {
    const phone = await open()
    const text = phone.compose('OPTIONS', { callId: 'seven' }).replace(' SIP/2.0\r\n', ' SIP/7.0\r\n')
    phone.raw.send(text)
    expect((await phone.raw.response('seven', '1 OPTIONS')).status).toBe(505)
  })

  it('a CANCEL that matches nothing is answered 481', async () => {
    expect((await (await open()).send('CANCEL', { uri: own('1002') })).status).toBe(481)
  })
})
