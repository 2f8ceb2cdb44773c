import { createSocket, Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EchoApp, type EchoAppOptions } from '../../../server/apps/echo/echo-app.ts'
import { silentLog } from '../../../server/lib/log.ts'
import { Request, Response, type Message } from '../../../server/sip/message/message.ts'
import { parseMessage } from '../../../server/sip/message/parse.ts'
import { parseSdp } from '../../../server/sip/sdp/sdp.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const offer =
  'v=0\r\no=- 7 3 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n' +
  'm=audio 4000 RTP/AVP 111 0 126\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10\r\n' +
  'a=rtpmap:126 telephone-event/8000\r\na=ptime:20\r\na=candidate:1 1 udp 1 10.0.0.1 9 typ host\r\n' +
  'm=video 4002 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n'

interface Shape {
  readonly body?: string
  readonly type?: string
  readonly callId?: string
  readonly toTag?: string
  readonly fromTag?: string
  readonly cseq?: number
  readonly branch?: string
  readonly extra?: string
}

function sip(method: string, shape: Shape = {}): Request {
  const { body = '', type = 'application/sdp', callId = 'c1', toTag, fromTag = 'f1', cseq = 1, branch = 'b1' } = shape
  const message = parseMessage(
    `${method} sip:*43@example.com SIP/2.0\r\n` +
      `Via: SIP/2.0/WSS edge.example.com;branch=z9hG4bK${branch}\r\n` +
      'Record-Route: <sip:edge.example.com;lr;t=abc>\r\n' +
      `From: <sip:alice@example.com>;tag=${fromTag}\r\n` +
      `To: <sip:*43@example.com>${toTag === undefined ? '' : `;tag=${toTag}`}\r\n` +
      `Call-ID: ${callId}\r\nCSeq: ${cseq} ${method}\r\nContact: <sip:alice@x.invalid;transport=ws>\r\n` +
      `Max-Forwards: 70\r\n${shape.extra ?? ''}` +
      (body ? `Content-Type: ${type}\r\n` : '') +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  )
  if (!(message instanceof Request)) throw new Error('no request')
  return message
}

describe('the echo test', () => {
  let clock: FakeClock
  let app: EchoApp
  let sent: Message[]
  let arrived: () => void
  const sockets: Socket[] = []

  const start = (options: Partial<EchoAppOptions> = {}) =>
    new EchoApp({
      send: text => {
        sent.push(parseMessage(text)!)
        arrived()
      },
      mediaAddress: () => '127.0.0.1',
      contactHost: 'phone.example.com',
      clock,
      log: silentLog,
      ...options,
    })

  /** What the app sends next, or has sent already. */
  const next = async (): Promise<Message> => {
    while (sent.length === 0) await new Promise<void>(resolve => (arrived = resolve))
    return sent.shift()!
  }
  const nextResponse = async (): Promise<Response> => {
    const message = await next()
    if (!(message instanceof Response)) throw new Error(`no response: ${message.text}`)
    return message
  }
  const nextRequest = async (): Promise<Request> => {
    const message = await next()
    if (!(message instanceof Request)) throw new Error(`no request: ${message.text}`)
    return message
  }
  const ask = (request: Request): Promise<Response> => {
    app.receive(request)
    return nextResponse()
  }
  const call = async (shape: Shape = {}) => {
    const answer = await ask(sip('INVITE', { body: offer, ...shape }))
    expect(answer.status).toBe(200)
    const toTag = answer.to.tag!
    app.receive(sip('ACK', { ...shape, body: '', toTag }))
    return { answer, toTag, sdp: parseSdp(answer.body)! }
  }
  const openSocket = async (address = '127.0.0.1') => {
    const socket = createSocket('udp4').bind(0, address)
    await once(socket, 'listening')
    sockets.push(socket)
    return socket
  }

  beforeEach(() => {
    clock = new FakeClock()
    sent = []
    arrived = () => undefined
    app = start()
  })
  afterEach(() => {
    app.close()
    for (const socket of sockets.splice(0)) socket.close()
    expect(app.calls).toBe(0)
    expect(clock.pending).toBe(0)
  })

  it('accepts the audio of an offer with its payload types and refuses the rest', async () => {
    const { answer, sdp } = await call()
    expect(answer.nameAddrs('contact')[0]!.uriText).toBe('sip:echo@phone.example.com')
    expect(answer.header('record-route')).toBe('<sip:edge.example.com;lr;t=abc>')
    const port = sdp.media[0]!.port
    expect(port).toBeGreaterThan(0)
    expect(answer.body.slice(answer.body.indexOf('m='))).toBe(
      `m=audio ${port} RTP/AVP 111 0 126\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10\r\n` +
        'a=rtpmap:126 telephone-event/8000\r\na=ptime:20\r\na=sendrecv\r\nm=video 0 RTP/AVP 96\r\n',
    )
  })

  it('offers G.711 where the INVITE has no offer, and takes the answer out of the ACK', async () => {
    const answer = await ask(sip('INVITE'))
    const sdp = parseSdp(answer.body)!
    expect(sdp.media[0]!.formats).toEqual(['0', '8', '101'])
    const caller = await openSocket()
    const body = offer.replace('m=audio 4000', `m=audio ${caller.address().port}`)
    app.receive(sip('ACK', { toTag: answer.to.tag, body }))
    expect(await echo(caller, sdp.media[0]!.port, rtp(1))).toBeDefined()
  })

  it('sends back what it hears, as a source of its own', async () => {
    const { sdp } = await call()
    const caller = await openSocket()
    const packet = rtp(7)
    const back = await echo(caller, sdp.media[0]!.port, packet)
    expect(back.subarray(0, 8)).toEqual(packet.subarray(0, 8))
    expect(back.subarray(12)).toEqual(packet.subarray(12))
    expect(back.readUInt32BE(8)).not.toBe(packet.readUInt32BE(8))
  })

  it('takes no notice of a packet from port 0, to which it could not answer', async () => {
    const bound = vi.spyOn(Socket.prototype, 'bind')
    const { sdp } = await call()
    const packet = rtp(1)
    const from = { address: '127.0.0.1', port: 0, family: 'IPv4', size: packet.length }
    const socket = bound.mock.instances[0] as Socket
    expect(() => socket.emit('message', packet, from)).not.toThrow()
    bound.mockRestore()
    expect(await echo(await openSocket(), sdp.media[0]!.port, rtp(2))).toBeDefined()
  })

  it('stays with its first sender, and echoes neither RTCP nor what is no RTP', async () => {
    const { sdp } = await call()
    const [caller, stranger] = [await openSocket(), await openSocket()]
    const { port } = sdp.media[0]!
    await echo(caller, port, rtp(1))
    const heard: Buffer[] = []
    stranger.on('message', packet => heard.push(packet))
    caller.on('message', packet => heard.push(packet))
    stranger.send(rtp(2), port, '127.0.0.1')
    caller.send(Buffer.from([0x80, 200, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]), port, '127.0.0.1')
    caller.send(Buffer.from('hello, is there anybody'), port, '127.0.0.1')
    caller.send(Buffer.concat([rtp(3), Buffer.alloc(1500)]), port, '127.0.0.1')
    caller.send(rtp(4), port, '127.0.0.1')
    await once(caller, 'message')
    expect(heard.map(packet => packet.readUInt16BE(2))).toEqual([4])
  })

  it('follows media that a re-INVITE has moved', async () => {
    const { sdp, toTag } = await call()
    const [caller, other] = [await openSocket(), await openSocket()]
    const { port } = sdp.media[0]!
    await echo(caller, port, rtp(1))
    const again = await ask(sip('INVITE', { toTag, cseq: 2, body: offer.replace('4000', '4400') }))
    expect(again.status).toBe(200)
    expect(parseSdp(again.body)!.media[0]!.port).toBe(port)
    expect(again.body).toMatch(/^v=0\r\no=echo \d+ 2 /)
    expect(await echo(other, port, rtp(2))).toBeDefined()
  })

  it('listens in silence while it is held', async () => {
    const { sdp, toTag } = await call()
    const caller = await openSocket()
    const { port } = sdp.media[0]!
    const held = await ask(sip('INVITE', { toTag, cseq: 2, body: offer.replace('a=ptime', 'a=sendonly\r\na=ptime') }))
    expect(held.body).toContain('a=recvonly\r\n')
    await delivered(caller, port, rtp(1))
    await ask(sip('INVITE', { toTag, cseq: 3, body: offer }))
    expect((await echo(caller, port, rtp(2))).readUInt16BE(2)).toBe(2)
  })

  it('ends with a BYE', async () => {
    const { toTag } = await call()
    expect((await ask(sip('BYE', { toTag, cseq: 2 }))).status).toBe(200)
    expect(app.calls).toBe(0)
    expect((await ask(sip('BYE', { toTag, cseq: 3 }))).status).toBe(481)
  })

  it('answers 487 to an INVITE that is cancelled before it is answered', async () => {
    app.receive(sip('INVITE', { body: offer }))
    app.receive(sip('CANCEL'))
    expect([(await nextResponse()).status, (await nextResponse()).status]).toEqual([200, 487])
    expect(app.calls).toBe(0)
  })

  it('lets a CANCEL that comes after the answer have no effect', async () => {
    await call()
    expect((await ask(sip('CANCEL'))).status).toBe(200)
    expect(app.calls).toBe(1)
  })

  it('hangs up along the route set', async () => {
    const { toTag } = await call()
    app.close()
    const bye = await nextRequest()
    expect(bye.method).toBe('BYE')
    expect(bye.uriText).toBe('sip:alice@x.invalid;transport=ws')
    expect(bye.header('route')).toBe('<sip:edge.example.com;lr;t=abc>')
    expect(bye.from.tag).toBe(toTag)
    expect(bye.to.tag).toBe('f1')
    expect(bye.callId).toBe('c1')
  })

  it.each([
    ['after ten minutes', { inactivityMs: 3_600_000 }, 600_000],
    ['after a minute without media', {}, 60_000],
  ])('hangs up %s', async (_, options, ms) => {
    app = start(options)
    await call()
    clock.advance(ms - 1)
    expect(app.calls).toBe(1)
    clock.advance(1)
    expect((await nextRequest()).method).toBe('BYE')
    expect(app.calls).toBe(0)
  })

  it('does not take a hold for a call without media', async () => {
    const { toTag } = await call()
    await ask(sip('INVITE', { toTag, cseq: 2, body: offer.replace('a=ptime', 'a=inactive\r\na=ptime') }))
    clock.advance(300_000)
    expect(app.calls).toBe(1)
  })

  it('hangs up when the ACK does not come (RFC 3261 §13.3.1.4)', async () => {
    await ask(sip('INVITE', { body: offer }))
    clock.advance(32_000)
    expect((await nextRequest()).method).toBe('BYE')
  })

  it('is busy for one call too many, and free again after it', async () => {
    app = start({ maxCalls: 2 })
    await call({ callId: 'c1' })
    const { toTag } = await call({ callId: 'c2' })
    expect((await ask(sip('INVITE', { body: offer, callId: 'c3' }))).status).toBe(486)
    await ask(sip('BYE', { callId: 'c2', toTag, cseq: 2 }))
    await call({ callId: 'c4' })
  })

  it.each([
    [415, { body: 'hello', type: 'text/plain' }],
    [400, { body: 'hello' }],
    [488, { body: offer.replace('RTP/AVP 111', 'UDP/TLS/RTP/SAVPF 111') }],
    [488, { body: offer.replace('m=audio 4000', 'm=audio 0') }],
    [420, { body: offer, extra: 'Require: 100rel\r\n' }],
  ])('answers %i to an INVITE that it cannot accept', async (status, shape) => {
    expect((await ask(sip('INVITE', shape))).status).toBe(status)
    expect(app.calls).toBe(0)
  })

  it('answers 503 when there is nowhere to put its port', async () => {
    const addresses: [() => string][] = [
      [
        () => {
          throw new Error('no engine')
        },
      ],
      [() => '192.0.2.77'],
    ]
    for (const [mediaAddress] of addresses) {
      app = start({ mediaAddress })
      expect((await ask(sip('INVITE', { body: offer }))).status).toBe(503)
      expect(app.calls).toBe(0)
    }
  })

  it('answers OPTIONS and INFO, an UPDATE with and without SDP, and 405 to the rest', async () => {
    expect((await ask(sip('OPTIONS', { callId: 'x' }))).header('accept')).toBe('application/sdp')
    const { toTag } = await call()
    expect((await ask(sip('INFO', { toTag, cseq: 2 }))).status).toBe(200)
    const refresh = await ask(sip('UPDATE', { toTag, cseq: 3 }))
    expect([refresh.status, refresh.body]).toEqual([200, ''])
    expect((await ask(sip('UPDATE', { toTag, cseq: 4, body: offer }))).body).toContain('m=audio')
    const refused = await ask(sip('SUBSCRIBE', { toTag, cseq: 5 }))
    expect([refused.status, refused.header('allow')]).toEqual([405, expect.stringContaining('INVITE')])
  })

  it('answers 481 outside its dialogs and 500 out of order', async () => {
    const { toTag } = await call({ cseq: 5 })
    expect((await ask(sip('BYE', { toTag: 'other', cseq: 6 }))).status).toBe(481)
    expect((await ask(sip('BYE', { toTag, fromTag: 'other', cseq: 6 }))).status).toBe(481)
    expect((await ask(sip('INFO', { toTag, cseq: 4 }))).status).toBe(500)
    app.receive(sip('ACK', { toTag: 'other' }))
    expect(sent).toEqual([])
  })

  it('accepts nothing once it is closed', async () => {
    app.close()
    expect((await ask(sip('INVITE', { body: offer }))).status).toBe(503)
  })
})

function rtp(sequence: number): Buffer {
  const header = Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 160, 1, 2, 3, 4])
  header.writeUInt16BE(sequence, 2)
  return Buffer.concat([header, Buffer.alloc(20, sequence)])
}

/** Resolves when the packet has been read from the other socket of this process: a turn of the event loop after it was sent. */
async function delivered(socket: Socket, port: number, packet: Buffer): Promise<void> {
  await new Promise(resolve => socket.send(packet, port, '127.0.0.1', resolve))
  for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve))
}

async function echo(socket: Socket, port: number, packet: Buffer): Promise<Buffer> {
  socket.send(packet, port, '127.0.0.1')
  const [back] = (await once(socket, 'message')) as [Buffer]
  return back
}
