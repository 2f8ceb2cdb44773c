import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import type net from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket, type ClientOptions } from 'ws'
import type { TransportLayerOptions } from '../../../server/sip/transport/transport-layer.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { closeAll, closing, options, testCertificate, testLayer } from './support.ts'

afterEach(closeAll)

async function start(given: Partial<TransportLayerOptions> = {}, secure?: { key: string; cert: string }) {
  const test = testLayer(given)
  const server = closing(secure ? https.createServer(secure) : http.createServer())
  server.on('upgrade', (request, socket, head) => test.layer.handleUpgrade(request, socket, head))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `${secure ? 'wss' : 'ws'}://127.0.0.1:${(server.address() as net.AddressInfo).port}/sip`
  const dial = (protocols: string[] = ['sip'], more: ClientOptions = {}): WebSocket => {
    const ws = new WebSocket(url, protocols, { rejectUnauthorized: false, ...more })
    ws.on('error', () => undefined)
    closing({ close: () => ws.terminate() })
    return ws
  }
  const open = async (...how: Parameters<typeof dial>): Promise<WebSocket> => {
    const ws = dial(...how)
    await once(ws, 'open')
    return ws
  }
  return { ...test, url, dial, open }
}

/** The HTTP status with which the upgrade was refused. */
async function refusal(ws: WebSocket): Promise<number | undefined> {
  const [, response] = (await once(ws, 'unexpected-response')) as [unknown, http.IncomingMessage]
  return response.statusCode
}

const nextFrame = async (ws: WebSocket): Promise<{ bytes: Buffer; isBinary: boolean }> => {
  const [bytes, isBinary] = (await once(ws, 'message')) as [Buffer, boolean]
  return { bytes, isBinary }
}

describe('SIP over WebSocket', () => {
  it('takes a message from each text and binary frame and answers on the socket (RFC 7118 §5)', async () => {
    const { layer, heard, open } = await start()
    const ws = await open()
    expect(ws.protocol).toBe('sip')
    expect(ws.extensions).toBe('')
    const text = options({ body: '\xe2\x98\x8e' })
    ws.send(Buffer.from(text, 'latin1'), { binary: false })
    ws.send(Buffer.from(text, 'latin1'))
    const { message, flow } = await heard.next()
    expect(message.text).toBe(text)
    expect(message.source).toEqual(flow.remote)
    expect((await heard.next()).message.text).toBe(text)
    expect(flow).toMatchObject({ transport: 'ws', reliable: true, isOpen: true })
    expect(layer.find(flow)).toBe(flow)
    expect(layer.flows).toBe(1)
    flow.send(options())
    expect(await nextFrame(ws)).toEqual({ bytes: Buffer.from(options()), isBinary: false })
  })

  it('sends bytes as they are: as text where they are UTF-8, else binary', async () => {
    const { heard, open } = await start()
    const ws = await open()
    ws.send(options())
    const { flow } = await heard.next()
    for (const [text, isBinary] of [
      ['caf\xc3\xa9', false],
      ['caf\xe9', true],
      ['a\0b', false],
    ] as const) {
      flow.send(text)
      expect(await nextFrame(ws)).toEqual({ bytes: Buffer.from(text, 'latin1'), isBinary })
    }
  })

  it('is wss behind TLS', async () => {
    const { heard, open } = await start({}, await testCertificate([{ type: 'dns', value: 'localhost' }]))
    ;(await open()).send(options())
    expect((await heard.next()).flow.transport).toBe('wss')
  })

  it('needs no Content-Length, and takes a wrong one for an error (RFC 7118 §5)', async () => {
    const { heard, open } = await start()
    const ws = await open()
    const text = options({ body: 'abc' })
    ws.send(text.replace(/Content-Length: 3\r\n/, ''))
    ws.send(text.replace('Content-Length: 3', 'Content-Length: 4'))
    expect((await heard.next()).message.body).toBe('abc')
    expect((await heard.next()).message.defect?.status).toBe(400)
  })

  it('answers CRLFCRLF with CRLF and ignores what is no SIP', async () => {
    const { heard, open } = await start()
    const ws = await open()
    ws.send('hello')
    ws.send('\r\n')
    ws.send('')
    ws.send('\r\n\r\n')
    expect((await nextFrame(ws)).bytes.toString()).toBe('\r\n')
    expect(heard.length).toBe(0)
  })

  it('closes with 1007 on text that is no UTF-8', async () => {
    const { open, closed } = await start()
    const ws = await open()
    ws.send(Buffer.from(options({ body: '\xff' }), 'latin1'), { binary: false })
    expect((await once(ws, 'close'))[0]).toBe(1007)
    await closed.next()
  })

  it('tells of the end once, by whoever it was', async () => {
    const { layer, heard, open, closed } = await start()
    const first = await open()
    first.send(options())
    const { flow } = await heard.next()
    first.close()
    expect((await closed.next()).flow).toBe(flow)
    expect(layer.find(flow)).toBeUndefined()
    const second = await open()
    second.send(options())
    const code = once(second, 'close')
    ;(await heard.next()).flow.close('because')
    expect((await closed.next()).why).toBe('because')
    expect((await code)[0]).toBe(1001)
    expect(await new Promise<Error>(resolve => flow.send('x', resolve))).toBeInstanceOf(Error)
    expect(layer.flows).toBe(0)
    expect(closed.length).toBe(0)
  })

  it('is shut down with the layer', async () => {
    const { layer, open, dial } = await start()
    const ws = await open()
    const code = once(ws, 'close')
    await layer.close()
    expect((await code)[0]).toBe(1001)
    expect(await refusal(dial())).toBe(503)
  })
})

describe('the handshake', () => {
  it('is refused with 400 without the sub-protocol sip (RFC 7118 §4.1)', async () => {
    const { dial } = await start()
    expect(await refusal(dial([]))).toBe(400)
    expect(await refusal(dial(['mqtt', 'xmpp']))).toBe(400)
  })

  it('chooses sip among others', async () => {
    const { open } = await start()
    expect((await open(['mqtt', 'sip'])).protocol).toBe('sip')
  })

  it('is refused with 403 to an origin that is not allowed', async () => {
    const { dial, open } = await start({ allowOrigin: origin => origin === 'https://phone.example.com' })
    expect(await refusal(dial(['sip'], { origin: 'https://evil.example.com' }))).toBe(403)
    await open(['sip'], { origin: 'https://phone.example.com' })
  })

  it('is refused with 503 over the limit of connections, until one is gone', async () => {
    const { dial, open, closed } = await start({ limits: { connectionsPerAddress: 2 } })
    const first = await open()
    await open()
    expect(await refusal(dial())).toBe(503)
    first.close()
    await once(first, 'close')
    await closed.next()
    await open()
  })
})

describe('limits of a WebSocket', () => {
  it('gives a message over messageBytes the defect 513, one at it none, and stays open', async () => {
    const { heard, open } = await start({ limits: { messageBytes: options().length } })
    const ws = await open()
    ws.send(options({ body: 'x' }))
    ws.send(options())
    expect((await heard.next()).message.defect?.status).toBe(513)
    expect((await heard.next()).message.defect).toBeUndefined()
  })

  it('closes with 1009 on more than twice of it', async () => {
    const { closed, open, heard } = await start({ limits: { messageBytes: 1_000 } })
    const ws = await open()
    ws.send(options({ body: 'x'.repeat(2_000) }))
    expect((await once(ws, 'close'))[0]).toBe(1009)
    await closed.next()
    expect(heard.length).toBe(0)
  })

  it('closes a peer that does not read once its buffer is full', async () => {
    const { heard, closed, open } = await start({ limits: { sendBufferBytes: 100_000 } })
    const ws = await open()
    ws.send(options())
    const { flow } = await heard.next()
    ws.pause()
    const failure = new Promise<Error>(resolve => {
      for (let i = 0; i < 1_000 && flow.isOpen; i++) flow.send('x'.repeat(50_000), resolve)
    })
    expect(await failure).toBeInstanceOf(Error)
    expect((await closed.next()).why).toBe('peer does not read')
  })
})

describe('pings', () => {
  it('keep a socket that answers, however silent', async () => {
    const clock = new FakeClock()
    const { layer, open } = await start({ clock })
    const ws = await open()
    for (let i = 0; i < 10; i++) {
      const ping = once(ws, 'ping')
      clock.advance(15_000)
      await ping
      // The pong is on its way; a message behind it tells that it has arrived.
      ws.send('\r\n\r\n')
      await nextFrame(ws)
    }
    expect(layer.flows).toBe(1)
  })

  it('end a socket that misses two pongs', async () => {
    const clock = new FakeClock()
    const { layer, closed, heard, open } = await start({ clock })
    const ws = await open(['sip'], { autoPong: false })
    ws.send(options())
    const { flow } = await heard.next()
    clock.advance(44_999)
    expect(flow.isOpen).toBe(true)
    clock.advance(1)
    expect(flow.isOpen).toBe(false)
    expect((await closed.next()).why).toBe('no pong')
    expect(layer.flows).toBe(0)
    expect(clock.pending).toBe(0)
  })

  it('are not sent when the interval is 0', async () => {
    const clock = new FakeClock()
    const { open } = await start({ clock, limits: { pingIntervalMs: 0 } })
    await open()
    expect(clock.pending).toBe(0)
  })
})
