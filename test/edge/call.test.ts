import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EdgeLab, type Peer } from '../support/edge-lab.ts'

let lab: EdgeLab
beforeEach(async () => {
  lab = await EdgeLab.create()
})
afterEach(() => {
  expect(lab.drain().transactions).toBe(0)
})

/** A request of the caller within the dialog of his call, along the route set that the 200 gave him (§12.2.1.1). */
function inDialog(caller: Peer, method: string, cseq: number): string {
  const { response } = caller
  return [
    `${method} ${response.nameAddrs('contact')[0]!.uriText} SIP/2.0`,
    `Via: SIP/2.0/UDP ${caller.remote.host};branch=z9hG4bK${method}${cseq}`,
    'Max-Forwards: 70',
    ...response
      .list('record-route')
      .reverse()
      .map(route => `Route: ${route}`),
    `From: ${response.header('from')!}`,
    `To: ${response.header('to')!}`,
    `Call-ID: ${response.callId}`,
    `CSeq: ${cseq} ${method}`,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n')
}

describe('a call', () => {
  it('goes through: 100 from us, 180 and 200 from the callee, ACK and BYE along the route set', async () => {
    const caller = await lab.phone('1001', 'udp', '192.0.2.7')
    const callee = await lab.phone('1002', 'udp', '192.0.2.9')
    await lab.send(caller, 'INVITE', { from: '1001', to: '1002' })
    expect(caller.statuses).toEqual([100])
    expect(callee.request.uriText).toBe('sip:1002@192.0.2.9')
    expect(callee.request.has('proxy-authorization')).toBe(false)
    expect(callee.request.maxForwards).toBe(69)
    await callee.answers(180)
    await callee.answers(200)
    expect(caller.statuses).toEqual([100, 180, 200])
    const ack = inDialog(caller, 'ACK', 2)
    const bye = inDialog(caller, 'BYE', 3)
    await caller.says(ack)
    expect(callee.request.method).toBe('ACK')
    expect(callee.request.has('route')).toBe(false)
    await caller.says(bye)
    expect(callee.request.method).toBe('BYE')
    await callee.answers(200)
    expect(caller.response.status).toBe(200)
  })

  describe('keeps credentials for us from the callee, and lets those for others through', () => {
    const digest = (realm: string) =>
      `Digest username="1001", realm="${realm}", nonce="n", uri="sip:1002@example.com", response="r"`
    const given = ['Authorization', 'Proxy-Authorization'].flatMap(name =>
      [digest('example.com'), digest('EXAMPLE.com'), digest('other.example'), 'Digest opaque="broken'].map(
        value => `${name}: ${value}`,
      ),
    )
    const expectTheirs = ({ request }: Peer) => {
      for (const name of ['authorization', 'proxy-authorization'])
        expect(request.headers(name)).toEqual([digest('other.example')])
    }

    it('when the call begins', async () => {
      const caller = await lab.phone('1001', 'udp', '192.0.2.7')
      const callee = await lab.phone('1002', 'udp', '192.0.2.9')
      const lines = given.filter(line => !line.startsWith('Proxy-Authorization: Digest opaque'))
      await lab.send(caller, 'INVITE', { from: '1001', to: '1002', lines })
      expectTheirs(callee)
      await callee.answers(486)
    })

    it('and within the dialog, whatever the callee asks for', async () => {
      const caller = await lab.phone('1001', 'udp', '192.0.2.7')
      const callee = await lab.phone('1002', 'udp', '192.0.2.9')
      await lab.send(caller, 'INVITE', { from: '1001', to: '1002' })
      await callee.answers(200)
      await caller.says(inDialog(caller, 'ACK', 2).replace('Content-Length', `${given.join('\r\n')}\r\nContent-Length`))
      expectTheirs(callee)
    })
  })

  it.each([
    [200, ['ACK', 'BYE']],
    [486, ['ACK']],
  ])(
    'that the callee answers %d without the caller’s Via is 502, not a call that never ends',
    async (status, methods) => {
      const caller = await lab.phone('1001', 'udp', '192.0.2.7')
      const callee = await lab.phone('1002', 'udp', '192.0.2.9')
      await lab.send(caller, 'INVITE', { from: '1001', to: '1002' })
      const { request } = callee
      const fields = ['From', 'To', 'Call-ID', 'CSeq'].map(name => `${name}: ${request.header(name.toLowerCase())!}`)
      await callee.says([`SIP/2.0 ${status} X`, `Via: ${request.list('via')[0]!}`, ...fields, '', ''].join('\r\n'))
      expect(caller.response.status).toBe(502)
      expect(callee.methods).toEqual(methods)
    },
  )

  it('is hung up by the callee, over the Record-Route that it got', async () => {
    const caller = await lab.phone('1001', 'udp', '192.0.2.7')
    const callee = await lab.phone('1002', 'udp', '192.0.2.9')
    await lab.send(caller, 'INVITE', { from: '1001', to: '1002' })
    const asked = callee.request
    await callee.answers(200, { tag: 'callee' })
    await callee.says(
      [
        'BYE sip:1001@192.0.2.7:5060 SIP/2.0',
        'Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKbye',
        'Max-Forwards: 70',
        `Route: ${asked.list('record-route').join(', ')}`,
        `From: ${asked.header('to')!};tag=callee`,
        `To: ${asked.header('from')!}`,
        `Call-ID: ${asked.callId}`,
        'CSeq: 1 BYE',
        'Content-Length: 0',
        '',
        '',
      ].join('\r\n'),
    )
    expect(caller.request.method).toBe('BYE')
    await caller.answers(200)
    expect(callee.response.status).toBe(200)
  })

  it('to a busy phone ends with its 486, acknowledged hop by hop', async () => {
    const caller = await lab.phone('1001', 'udp', '192.0.2.7')
    const callee = await lab.phone('1002', 'udp', '192.0.2.9')
    await lab.send(caller, 'INVITE', { from: '1001', to: '1002' })
    await callee.answers(486)
    expect(callee.methods).toEqual(['INVITE', 'ACK'])
    expect(caller.response.status).toBe(486)
  })

  it('that the caller gives up is cancelled at the callee', async () => {
    const caller = await lab.phone('1001', 'udp', '192.0.2.7')
    const callee = await lab.phone('1002', 'udp', '192.0.2.9')
    await lab.send(caller, 'INVITE', { from: '1001', to: '1002' })
    const invite = callee.request
    await callee.answers(180)
    await caller.says(
      [
        'CANCEL sip:1002@example.com SIP/2.0',
        `Via: ${invite
          .list('via')[1]!
          .replace(/;rport=\d+/, ';rport')
          .replace(/;received=[^;]+/, '')}`,
        'Max-Forwards: 70',
        `From: ${invite.header('from')!}`,
        `To: ${invite.header('to')!}`,
        `Call-ID: ${invite.callId}`,
        `CSeq: ${invite.cseq.number} CANCEL`,
        'Content-Length: 0',
        '',
        '',
      ].join('\r\n'),
    )
    expect(caller.response.status).toBe(200)
    expect(callee.request.method).toBe('CANCEL')
    expect(callee.request.list('via')).toEqual([invite.list('via')[0]])
    await callee.answers(200)
    await callee.answers(487, { method: 'INVITE' })
    expect(caller.response.status).toBe(487)
  })

  it('that nobody answers ends with 408 after timer B, and a CANCEL without an INVITE is 481', async () => {
    const caller = await lab.phone('1001', 'udp', '192.0.2.7')
    await lab.phone('1002', 'udp', '192.0.2.9')
    await lab.send(caller, 'INVITE', { from: '1001', to: '1002' })
    lab.clock.advance(31_999)
    expect(caller.statuses).toEqual([100])
    lab.clock.advance(1)
    expect(caller.response.status).toBe(408)
    await caller.says(`
      CANCEL sip:1002@example.com SIP/2.0
      Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKnone
      Max-Forwards: 70
      From: <sip:1001@example.com>;tag=1
      To: <sip:1002@example.com>
      Call-ID: nothing
      CSeq: 1 CANCEL
      Content-Length: 0
    `)
    expect(caller.response.status).toBe(481)
  })

  it('that rings for ever is cancelled by timer C (§16.8)', async () => {
    const caller = await lab.phone('1001', 'udp', '192.0.2.7')
    const callee = await lab.phone('1002', 'udp', '192.0.2.9')
    await lab.send(caller, 'INVITE', { from: '1001', to: '1002' })
    await callee.answers(180)
    lab.clock.advance(100_000)
    await callee.answers(180)
    lab.clock.advance(180_999)
    expect(callee.methods).not.toContain('CANCEL')
    lab.clock.advance(1)
    expect(callee.methods).toContain('CANCEL')
    await callee.answers(487, { method: 'INVITE' })
    expect(caller.response.status).toBe(487)
  })
})

describe('a call to two phones', () => {
  const ringTwo = async (first?: string, second?: string) => {
    const caller = await lab.phone('1001', 'udp', '192.0.2.7')
    const one = await lab.phone('1002', 'udp', '192.0.2.9', first)
    const two = await lab.phone('1002', 'udp', '192.0.2.10', second)
    await lab.send(caller, 'INVITE', { from: '1001', to: '1002' })
    return { caller, one, two }
  }

  it('of the same q rings both at once; who answers first has it and the other is cancelled', async () => {
    const { caller, one, two } = await ringTwo()
    await one.answers(180)
    await two.answers(180)
    await two.answers(200)
    expect(caller.statuses).toEqual([100, 180, 180, 200])
    expect(one.methods).toEqual(['INVITE', 'CANCEL'])
    expect(one.request.header('reason')).toContain('cause=200')
    await one.answers(200, { method: 'CANCEL' })
    await one.answers(487, { method: 'INVITE' })
    expect(caller.statuses).toEqual([100, 180, 180, 200])
  })

  it('of different q rings the second when the first has failed', async () => {
    const { caller, one, two } = await ringTwo('1.0', '0.5')
    expect(two.methods).toEqual([])
    await one.answers(486)
    expect(two.methods).toEqual(['INVITE'])
    await two.answers(200)
    expect(caller.statuses).toEqual([100, 200])
  })

  it('where one declines for everybody (6xx) stops ringing the other', async () => {
    const { caller, one, two } = await ringTwo()
    await one.answers(180)
    await two.answers(180)
    await one.answers(603)
    expect(two.methods).toEqual(['INVITE', 'CANCEL'])
    expect(caller.statuses).not.toContain(603)
    await two.answers(487, { method: 'INVITE' })
    expect(caller.response.status).toBe(603)
  })

  it('gets the best of both failures: a phone’s word before our time-out, and no 503', async () => {
    const { caller, one } = await ringTwo()
    await one.answers(486)
    lab.clock.advance(32_000)
    expect(caller.response.status).toBe(486)
    const other = await lab.phone('1003', 'udp', '192.0.2.33')
    await lab.send(caller, 'INVITE', { from: '1001', to: '1003' })
    await other.answers(503)
    expect(caller.response.status).toBe(500)
  })

  it('MUST merge the challenges of both (§16.7 step 7)', async () => {
    const { caller, one, two } = await ringTwo()
    await one.answers(401, { headers: ['WWW-Authenticate: Digest realm="one", nonce="1"'] })
    await two.answers(407, { headers: ['Proxy-Authenticate: Digest realm="two", nonce="2"'] })
    expect([401, 407]).toContain(caller.response.status)
    expect(caller.response.headers('www-authenticate')).toEqual(['Digest realm="one", nonce="1"'])
    expect(caller.response.headers('proxy-authenticate')).toEqual(['Digest realm="two", nonce="2"'])
  })

  it('passes both 2xx to a phone that called, and ends the second one itself for a browser', async () => {
    const { caller, one, two } = await ringTwo()
    await one.answers(200)
    await two.answers(200)
    expect(caller.statuses).toEqual([100, 200, 200])

    const browser = await lab.phone('1003', 'ws', '192.0.2.70')
    one.received.length = two.received.length = 0
    await lab.send(browser, 'INVITE', { from: '1003', to: '1002' })
    await one.answers(200)
    await two.answers(200)
    expect(browser.statuses).toEqual([100, 200])
    expect(one.methods).toEqual(['INVITE'])
    expect(two.methods).toEqual(['INVITE', 'ACK', 'BYE'])
    expect(two.request.to.tag).toBe('udp19202105060')
    await two.answers(200, { method: 'BYE' })
  })

  it('repeats a 2xx that the callee repeats, to a browser too', async () => {
    const browser = await lab.phone('1003', 'ws', '192.0.2.70')
    const callee = await lab.phone('1002', 'udp', '192.0.2.9')
    await lab.send(browser, 'INVITE', { from: '1003', to: '1002' })
    await callee.answers(200)
    await callee.answers(200)
    expect(browser.statuses).toEqual([100, 200, 200])
    expect(callee.methods).toEqual(['INVITE'])
  })
})

describe('a browser that is called', () => {
  it('gets no 100rel, which JsSIP does not know; where it is required the caller gets 420', async () => {
    const caller = await lab.phone('1001', 'udp', '192.0.2.7')
    const browser = await lab.phone('1003', 'ws', '192.0.2.70')
    await lab.send(caller, 'INVITE', { from: '1001', to: '1003', lines: ['Supported: timer, 100rel, replaces'] })
    expect(browser.request.list('supported')).toEqual(['timer', 'replaces'])
    await browser.answers(486)
    await lab.send(caller, 'INVITE', { from: '1001', to: '1003', lines: ['Require: 100rel'] })
    expect(caller.response.status).toBe(420)
  })

  it('is reached over the socket it came back on, in dialogs from before too (design decision 3)', async () => {
    const caller = await lab.phone('1001', 'udp', '192.0.2.7')
    const register = {
      from: '1003',
      to: '1003',
      uri: 'sip:example.com',
      lines: ['Contact: <sip:x@x.invalid;transport=ws>;reg-id=1;+sip.instance="<urn:uuid:1>"'],
    }
    const before = lab.peer('ws', '192.0.2.70', 1111)
    await lab.send(before, 'REGISTER', register)
    await lab.send(caller, 'INVITE', { from: '1001', to: '1003' })
    await before.answers(200)
    const bye = inDialog(caller, 'BYE', 9)
    before.close()
    const after = lab.peer('ws', '192.0.2.70', 2222)
    await lab.send(after, 'REGISTER', register)
    await caller.says(bye)
    expect(after.request.method).toBe('BYE')
    await after.answers(200)
    expect(caller.response.status).toBe(200)
  })

  it('whose socket is closed is 480', async () => {
    const caller = await lab.phone('1001', 'udp', '192.0.2.7')
    const browser = await lab.phone('1003', 'ws', '192.0.2.70')
    browser.close()
    await lab.send(caller, 'INVITE', { from: '1001', to: '1003' })
    expect(caller.response.status).toBe(480)
  })
})

describe('other requests', () => {
  it('a MESSAGE is forwarded without Record-Route, and answered by the first who accepts', async () => {
    const caller = await lab.phone('1001', 'udp', '192.0.2.7')
    const callee = await lab.phone('1002', 'udp', '192.0.2.9')
    await lab.send(caller, 'MESSAGE', { from: '1001', to: '1002' })
    expect(callee.request.has('record-route')).toBe(false)
    await callee.answers(200)
    expect(caller.statuses).toEqual([407, 200].slice(-1))
  })

  it('a non-INVITE that nobody answers gets no 408 (RFC 4320 §4.2)', async () => {
    const caller = await lab.phone('1001', 'udp', '192.0.2.7')
    await lab.phone('1002', 'udp', '192.0.2.9')
    await lab.send(caller, 'MESSAGE', { from: '1001', to: '1002' })
    lab.clock.advance(60_000)
    expect(caller.statuses).not.toContain(408)
  })
})
