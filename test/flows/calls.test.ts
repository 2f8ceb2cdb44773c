import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { freePort } from '../support/ports.ts'
import { passwordOf } from '../support/offhook.ts'
import { TextPhone } from '../support/raw-sip.ts'
import { header, newToken } from '../support/sip-text.ts'
import { runSipp, Sipp, type SippOptions } from '../support/sipp.ts'
import { MD5_ONLY, SDP, TRANSPORTS, useOffhook, type Transport } from './use-offhook.ts'

const scenario = (name: string): string => path.join(import.meta.dirname, 'scenarios', `${name}.xml`)
const server = useOffhook({
  accounts: ['1001', '2001', '2002', '2003', '2004', '2005'],
  media: 'none',
  config: MD5_ONLY,
})

/** Each has one sipp behind it, whose binding outlives it. */
const ANSWERED_BY_SIPP = { udp: '2001', tcp: '2005' } as const

/** Options of a sipp that calls `callee` as 1001. */
function caller(name: string, callee: string, transport: Transport, status = 200): SippOptions {
  const { domain, sipPort } = server.offhook
  return {
    scenario: scenario(name),
    params: { domain, user: '1001', password: passwordOf('1001'), callee, status },
    serverPort: sipPort,
    authUri: `${callee}@${domain}`,
    transport,
  }
}

/** A phone of text, registered, for `answer` to do with the INVITE what it likes while `call` runs. */
async function registered(user: string, transport: Transport): Promise<TextPhone> {
  const phone = await server.phone(user, transport)
  expect((await phone.register()).status).toBe(200)
  return phone
}

describe.each(TRANSPORTS)('a call over %s', transport => {
  it('is set up and ended by the caller: 407, 180, 200, ACK, BYE (RFC 3665 §3.2)', async () => {
    const { domain, sipPort } = server.offhook
    const account = ANSWERED_BY_SIPP[transport]
    const localPort = await freePort()
    const registration = await runSipp({
      scenario: scenario('register'),
      params: { domain, user: account, password: passwordOf(account), expires: 120 },
      serverPort: sipPort,
      authUri: domain,
      localPort,
    })
    expect(registration.isOk, registration.report).toBe(true)

    const callee = await Sipp.start({ scenario: scenario('uas-call'), localPort })
    const calling = await runSipp(caller('uac-call', account, transport))
    const answering = await callee.finished()
    expect(calling.isOk, calling.report).toBe(true)
    expect(answering.isOk, answering.report).toBe(true)
  })

  it('reaches a phone over the connection it registered on, and the callee may hang up', async () => {
    const callee = await registered('2002', transport)
    const phone = await server.phone('1001', transport)
    const uri = `sip:2002@${server.offhook.domain}`
    const calling = phone.request('INVITE', { uri, body: SDP, headers: ['Content-Type: application/sdp'] })
    const invite = await callee.raw.request('INVITE')
    expect(invite.headers.via).toHaveLength(2)
    expect(invite.headers['proxy-authorization']).toBeUndefined()
    callee.answer(invite, 180, 'Ringing', { tag: 'callee' })
    callee.answer(invite, 200, 'OK', { tag: 'callee', body: SDP })

    const response = await calling
    expect(response.status).toBe(200)
    const dialog = TextPhone.dialogOf(response)
    phone.raw.send(phone.compose('ACK', { ...dialog, cseq: 2 }))
    await callee.raw.request('ACK')

    const bye = {
      uri: /<([^>]*)>/.exec(header(invite, 'contact') ?? '')![1]!,
      headers: (invite.headers['record-route'] ?? []).map(value => `Route: ${value}`),
      from: `${header(invite, 'to')};tag=callee`,
      to: header(invite, 'from')!,
      callId: dialog.callId,
    }
    const hangingUp = callee.send('BYE', bye)
    phone.answer(await phone.raw.request('BYE'), 200, 'OK')
    expect((await hangingUp).status).toBe(200)
    await callee.register(0)
  })

  it('is cancelled by the caller while it rings: CANCEL, 200, 487, ACK (RFC 3665 §3.8)', async () => {
    const callee = await registered('2003', transport)
    const calling = runSipp(caller('uac-cancel', '2003', transport))
    const invite = await callee.raw.request('INVITE')
    callee.answer(invite, 180, 'Ringing', { tag: 'callee' })
    callee.answer(await callee.raw.request('CANCEL'), 200, 'OK', { tag: 'callee' })
    callee.answer(invite, 487, 'Request Terminated', { tag: 'callee' })
    await callee.raw.request('ACK')
    const result = await calling
    expect(result.isOk, result.report).toBe(true)
    await callee.register(0)
  })

  it.each([
    [486, 'Busy Here'],
    [603, 'Decline'],
    [480, 'Temporarily Unavailable'],
  ])('that the callee answers with %i %s ends so for the caller', async (status, reason) => {
    const callee = await registered('2004', transport)
    const calling = runSipp(caller('uac-refused', '2004', transport, status))
    callee.answer(await callee.raw.request('INVITE'), status, reason, { tag: newToken() })
    await callee.raw.request('ACK')
    const result = await calling
    expect(result.isOk, result.report).toBe(true)
    await callee.register(0)
  })

  it('to an account that does not exist ends with 404', async () => {
    const result = await runSipp(caller('uac-refused', '9999', transport, 404))
    expect(result.isOk, result.report).toBe(true)
  })

  it('to an account that is nowhere registered ends with 480', async () => {
    const result = await runSipp(caller('uac-refused', '2003', transport, 480))
    expect(result.isOk, result.report).toBe(true)
  })
})

describe('a callee that never says a word', () => {
  it('ends the call with 408 when Timer B fires', async () => {
    const callee = await registered('2002', 'udp')
    const result = await runSipp({ ...caller('uac-refused', '2002', 'udp', 408), timeoutMs: 60_000 })
    expect(result.isOk, result.report).toBe(true)
    await callee.register(0)
  })
})
