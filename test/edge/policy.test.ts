import { beforeEach, describe, expect, it } from 'vitest'
import { credentials, EdgeLab, type Peer } from '../support/edge-lab.ts'

let lab: EdgeLab
beforeEach(async () => {
  lab = await EdgeLab.create()
})

const invite = (peer: Peer, changes: Record<string, string> = {}) => {
  const fields: Record<string, string> = {
    Via: `SIP/2.0/UDP ${peer.remote.host};branch=z9hG4bKone`,
    'Max-Forwards': '70',
    From: '<sip:1001@example.com>;tag=f',
    To: '<sip:1002@example.com>',
    'Call-ID': 'c1',
    CSeq: '1 INVITE',
    'Content-Length': '0',
    ...changes,
  }
  const start = fields.start ?? 'INVITE sip:1002@example.com SIP/2.0'
  delete fields.start
  const lines = Object.entries(fields).filter(([, value]) => value !== '')
  return `${start}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

describe('sanity (RFC 3261 §16.3)', () => {
  it.each([
    ['a malformed Request-URI is 400', { start: 'INVITE <sip:1002@example.com> SIP/2.0' }, 400, 'Malformed URI'],
    ['a missing To is 400 and named', { To: '' }, 400, 'Missing to Header Field'],
    ['another version is 505', { start: 'INVITE sip:1002@example.com SIP/7.0' }, 505, 'Version Not Supported'],
    ['a scheme we cannot route is 416', { start: 'INVITE soap.beep://1002 SIP/2.0' }, 416, 'Unsupported URI Scheme'],
    ['Max-Forwards 0 is 483', { 'Max-Forwards': '0' }, 483, 'Too Many Hops'],
    ['a method that is not the one of CSeq is 400', { CSeq: '1 OPTIONS' }, 400, 'CSeq Method Mismatch'],
  ])('%s', async (_, changes, status, reason) => {
    const peer = lab.peer('udp', '192.0.2.7')
    await peer.says(invite(peer, changes))
    expect(peer.response.status).toBe(status)
    expect(peer.response.reason).toBe(reason)
    expect(lab.transactions.size).toBe(0)
  })

  it('Proxy-Require is 420 with what is unsupported', async () => {
    const peer = lab.peer('udp', '192.0.2.7')
    await peer.says(invite(peer, { 'Proxy-Require': 'privacy, foo' }))
    expect(peer.response.status).toBe(420)
    expect(peer.response.header('unsupported')).toBe('privacy, foo')
  })

  it('a message above the limit is 513, one at the limit is not', async () => {
    const peer = lab.peer('udp', '192.0.2.7')
    const pad = (length: number) => {
      const rest = invite(peer, { 'X-Pad': 'x' }).length - 1
      return invite(peer, { 'X-Pad': 'x'.repeat(length - rest) })
    }
    await peer.says(pad(65_536))
    expect(peer.response.status).toBe(407)
    await peer.says(pad(65_537))
    expect(peer.response.status).toBe(513)
  })

  it('what has no Via is dropped: nobody could match the answer', async () => {
    const peer = lab.peer('udp', '192.0.2.7')
    await peer.says(invite(peer, { Via: '' }))
    expect(peer.received).toEqual([])
    expect(lab.errors).toEqual([])
  })

  it.each(['junk', 'SIP/2.0/UDP 192.0.2.7;;branch=z9hG4bKx'])('a Via like %s is answered 400', async via => {
    const peer = lab.peer('udp', '192.0.2.7')
    await peer.says(invite(peer, { Via: via }))
    expect(peer.response.status).toBe(400)
    expect(lab.errors).toEqual([])
  })

  it('a malformed ACK is dropped silently', async () => {
    const peer = lab.peer('udp', '192.0.2.7')
    await peer.says(invite(peer, { start: 'ACK sip:1002@example.com SIP/2.0', CSeq: '1 INVITE' }))
    expect(peer.received).toEqual([])
  })
})

describe('who may do what', () => {
  it('REGISTER is challenged 401 and the rest 407, without keeping state', async () => {
    const peer = lab.peer('udp', '192.0.2.7')
    await peer.says(invite(peer))
    expect(peer.response.status).toBe(407)
    expect(peer.response.headers('proxy-authenticate')).toHaveLength(1)
    await peer.says(
      invite(peer, { start: 'REGISTER sip:example.com SIP/2.0', CSeq: '1 REGISTER', To: '<sip:1001@example.com>' }),
    )
    expect(peer.response.status).toBe(401)
    expect(peer.response.headers('www-authenticate')).toHaveLength(1)
    expect(lab.transactions.size).toBe(0)
  })

  it.each([
    [
      'a client that reads several challenges gets the strongest first and MD5 last',
      'JsSIP 3.13.8',
      ['SHA-256', 'MD5'],
    ],
    ['baresip 1 gives up at SHA-256 and gets MD5 alone', 'baresip v1.0.0 (x86_64/linux)', ['MD5']],
    ['baresip 3 gets both', 'baresip v3.9.0 (x86_64/Linux)', ['SHA-256', 'MD5']],
    ['a client of which nothing is known gets MD5 alone', '', ['MD5']],
  ])('%s', async (_, userAgent, expected) => {
    const peer = lab.peer('udp', '192.0.2.7')
    await peer.says(invite(peer, { 'User-Agent': userAgent }))
    const algorithms = peer.response.headers('proxy-authenticate').map(value => /algorithm=(\S+)/.exec(value)![1])
    expect(algorithms).toEqual(expected)
  })

  it('an unknown user and a wrong password look alike', async () => {
    const peer = lab.peer('udp', '192.0.2.7')
    const answers: string[] = []
    for (const user of ['1001', '7777']) {
      const from = { From: `<sip:${user}@example.com>;tag=f` }
      await peer.says(invite(peer, from))
      const line = credentials(peer.response, user, 'INVITE', 'sip:1002@example.com', 'wrong')
      await peer.says(
        invite(peer, { ...from, Via: 'SIP/2.0/UDP h;branch=z9hG4bKtwo', 'Proxy-Authorization': line.slice(21) }),
      )
      answers.push(
        peer.response.text
          .replace(/nonce="[^"]*"/g, '')
          .replaceAll(user, 'U')
          .replace(/tag=\w+/g, ''),
      )
    }
    expect(answers[0]).toContain('407')
    expect(answers[0]).toBe(answers[1])
  })

  it('From must be the authenticated account: 403 use From=ID', async () => {
    const peer = lab.peer('udp', '192.0.2.7')
    await peer.says(invite(peer))
    const line = credentials(peer.response, '1003', 'INVITE', 'sip:1002@example.com')
    await peer.says(invite(peer, { Via: 'SIP/2.0/UDP h;branch=z9hG4bKtwo', 'Proxy-Authorization': line.slice(21) }))
    expect(peer.response.status).toBe(403)
    expect(peer.response.reason).toBe('use From=ID')
  })

  it('what somebody asserts of himself beside From is taken off (RFC 3325 §5)', async () => {
    const peer = lab.peer('udp', '192.0.2.7')
    const callee = await lab.phone('1002', 'udp', '192.0.2.9')
    const lines = ['P-Asserted-Identity: <sip:boss@example.com>', 'Remote-Party-ID: <sip:boss@example.com>']
    await lab.send(peer, 'INVITE', { from: '1001', to: '1002', lines })
    expect(callee.request.text).not.toContain('boss')
  })

  it('To of a REGISTER must be the authenticated account', async () => {
    const peer = lab.peer('udp', '192.0.2.7')
    const register = {
      start: 'REGISTER sip:example.com SIP/2.0',
      CSeq: '1 REGISTER',
      To: '<sip:1001@example.com>',
      Contact: '<sip:1001@192.0.2.7>',
    }
    await peer.says(invite(peer, register))
    const line = credentials(peer.response, '1003', 'REGISTER', 'sip:example.com')
    await peer.says(
      invite(peer, { ...register, Via: 'SIP/2.0/UDP h;branch=z9hG4bKtwo', Authorization: line.slice(15) }),
    )
    expect(peer.response.status).toBe(403)
    expect(peer.response.reason).toBe('use From=ID')
  })

  it('outside → outside is 403: never an open relay', async () => {
    const peer = lab.peer('udp', '203.0.113.9')
    const from = { From: '<sip:x@evil.example>;tag=f' }
    await peer.says(
      invite(peer, { ...from, start: 'INVITE sip:y@victim.example SIP/2.0', To: '<sip:y@victim.example>' }),
    )
    expect(peer.response.status).toBe(403)
  })

  it('REGISTER for a foreign registrar is 403, for a foreign address 404', async () => {
    const peer = lab.peer('udp', '203.0.113.9')
    const register = { start: 'REGISTER sip:other.example SIP/2.0', CSeq: '1 REGISTER' }
    await peer.says(invite(peer, register))
    expect(peer.response.status).toBe(403)
    const foreign = { start: 'REGISTER sip:example.com SIP/2.0', CSeq: '1 REGISTER', To: '<sip:a@other.example>' }
    await peer.says(invite(peer, foreign))
    expect(peer.response.status).toBe(404)
  })

  it('a preloaded Route that leads elsewhere is 403, one that names us is taken off', async () => {
    const peer = lab.peer('udp', '192.0.2.7')
    await peer.says(invite(peer, { Route: '<sip:192.0.2.1;lr>, <sip:victim.example;lr>' }))
    expect(peer.response.status).toBe(403)
    const callee = await lab.phone('1002', 'udp', '192.0.2.9')
    await lab.send(peer, 'INVITE', { from: '1001', to: '1002', lines: ['Route: <sip:192.0.2.1:5060;lr>'] })
    expect(callee.request.has('route')).toBe(false)
  })

  it('outside → inside reaches the account, unless that is switched off', async () => {
    const callee = await lab.phone('1002', 'udp', '192.0.2.9')
    const outside = lab.peer('udp', '203.0.113.9')
    await outside.says(invite(outside, { From: '<sip:x@other.example>;tag=f' }))
    expect(callee.methods).toEqual(['INVITE'])
    callee.received.length = 0
    for (const from of ['sip:1001@example.com:5070', 'sip:1001@example.com.', 'sip:1001@[::ffff:192.0.2.1]']) {
      await outside.says(invite(outside, { Via: `SIP/2.0/UDP x;branch=z9hG4bK${from}`, From: `<${from}>;tag=f` }))
      expect([from, outside.response.status]).toEqual([from, 407])
    }
    expect(callee.methods).toEqual([])
    const closed = await EdgeLab.create({ acceptOutside: false })
    const stranger = closed.peer('udp', '203.0.113.9')
    await stranger.says(invite(stranger, { From: '<sip:x@other.example>;tag=f' }))
    expect(stranger.response.status).toBe(403)
  })
})

describe('where a call goes (R4.5)', () => {
  it.each([
    ['no user part is 484', 'sip:example.com', 484],
    ['an unknown user is 404', 'sip:7777@example.com', 404],
    ['a known one who is nowhere registered is 480', 'sip:1002@example.com', 480],
    ['the machine’s own address is the default domain', 'sip:1002@192.0.2.1', 480],
    ['one of our ports is us', 'sip:1002@192.0.2.1:8080', 480],
  ])('%s', async (_, uri, status) => {
    const peer = lab.peer('udp', '192.0.2.7')
    await lab.send(peer, 'INVITE', { from: '1001', to: '1002', uri })
    expect(peer.response.status).toBe(status)
  })

  it('our address with a port that is not ours is somebody else: an account may call there', async () => {
    const gone = lab.peer('udp', '192.0.2.99')
    const open = await EdgeLab.create({
      nextHops: made => [{ uri: 'sip:1002@192.0.2.1:9999', flow: made.peer('udp', '192.0.2.55') }],
    })
    const peer = open.peer('udp', '192.0.2.7')
    await open.send(peer, 'INVITE', { from: '1001', to: '1002', uri: 'sip:1002@192.0.2.1:9999' })
    expect(open.peers.find(({ remote }) => remote.host === '192.0.2.55')!.methods).toEqual(['INVITE'])
    expect(gone.received).toEqual([])
  })

  it.each([
    ['203.0.113.9', '127.0.0.1', false],
    ['203.0.113.9', '10.0.0.9', false],
    ['203.0.113.9', '198.51.100.7', true],
    ['10.0.0.7', '127.0.0.1', false],
    ['10.0.0.7', '::ffff:127.0.0.1', false],
    ['10.0.0.7', '192.168.1.9', true],
    ['10.0.0.7', '198.51.100.7', true],
    ['127.0.0.1', '127.0.0.1', true],
  ])(
    'an account at %s that calls somebody at %s: %s, for nobody reaches more through us than himself',
    async (from, to, reaches) => {
      const open = await EdgeLab.create({
        nextHops: made => [{ uri: 'sip:x@there.example', flow: made.peer('tcp', to) }],
      })
      const peer = open.peer('udp', from)
      await open.send(peer, 'INVITE', { from: '1001', to: '1002', uri: 'sip:x@there.example' })
      expect(open.peers.some(other => other !== peer && other.methods.includes('INVITE'))).toBe(reaches)
      if (!reaches) expect(peer.response.status).toBe(404)
    },
  )

  it('PUBLISH and SUBSCRIBE are 405 until there is presence', async () => {
    const peer = lab.peer('udp', '192.0.2.7')
    for (const method of ['PUBLISH', 'SUBSCRIBE']) {
      await lab.send(peer, method, { from: '1001', to: '1002' })
      expect(peer.response.status).toBe(405)
      expect(peer.response.header('allow')).toContain('INVITE')
    }
  })

  it('OPTIONS to the server is 200 and says what it takes', async () => {
    const peer = lab.peer('udp', '203.0.113.9')
    await peer.says(invite(peer, { start: 'OPTIONS sip:example.com SIP/2.0', CSeq: '1 OPTIONS' }))
    expect(peer.response.status).toBe(200)
    expect(peer.response.header('allow')).toContain('REGISTER')
  })
})

describe('within a dialog', () => {
  it('without our Route: an ACK is dropped, all else 404 Not here', async () => {
    const peer = lab.peer('udp', '192.0.2.7')
    const to = { To: '<sip:1002@example.com>;tag=t' }
    await peer.says(invite(peer, { ...to, start: 'BYE sip:1002@example.com SIP/2.0', CSeq: '2 BYE' }))
    expect(peer.response.status).toBe(404)
    expect(peer.response.reason).toBe('Not here')
    await peer.says(invite(peer, { ...to, start: 'ACK sip:1002@example.com SIP/2.0', CSeq: '1 ACK' }))
    expect(peer.received).toEqual([])
  })

  it('a token that was changed, made up, or given out for another call is none of ours', async () => {
    const peer = lab.peer('udp', '192.0.2.7')
    const callee = await lab.phone('1002', 'udp', '192.0.2.9')
    await lab.send(peer, 'INVITE', { from: '1001', to: '1002', callId: 'c1' })
    const routes = callee.request.list('record-route')
    expect(routes).toHaveLength(2)
    const bye = { start: 'BYE sip:1002@192.0.2.9 SIP/2.0', CSeq: '2 BYE', To: '<sip:1002@example.com>;tag=t' }
    const forged = [...routes]
      .reverse()
      .map(route => route.replace(/\.(\w)/, (_, c: string) => `.${c === 'a' ? 'b' : 'a'}`))
    await peer.says(invite(peer, { ...bye, Via: 'SIP/2.0/UDP h;branch=z9hG4bKb1', Route: forged.join(', ') }))
    expect(peer.response.status).toBe(404)
    const Route = [...routes].reverse().join(', ')
    const other = { ...bye, 'Call-ID': 'c2', start: 'INVITE sip:1002@192.0.2.9 SIP/2.0', CSeq: '2 INVITE' }
    await peer.says(invite(peer, { ...other, Via: 'SIP/2.0/UDP h;branch=z9hG4bKb2', Route }))
    expect(peer.response.status).toBe(404)
    await peer.says(invite(peer, { ...bye, Via: 'SIP/2.0/UDP h;branch=z9hG4bKb3', Route }))
    expect(callee.request.method).toBe('BYE')
  })
})

describe('when something of ours fails', () => {
  it('the request is answered 500 and the next one is served', async () => {
    const peer = lab.peer('udp', '192.0.2.7')
    const lookup = lab.location.lookup.bind(lab.location)
    lab.location.lookup = () => {
      throw new Error('disk on fire')
    }
    await lab.send(peer, 'INVITE', { from: '1001', to: '1002' })
    expect(peer.response.status).toBe(500)
    expect(peer.response.text).not.toContain('fire')
    lab.location.lookup = lookup
    await lab.send(peer, 'INVITE', { from: '1001', to: '1002' })
    expect(peer.response.status).toBe(480)
  })
})
