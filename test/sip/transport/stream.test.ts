import net from 'node:net'
import tls from 'node:tls'
import { once } from 'node:events'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Address } from '../../../server/sip/transport/flow.ts'
import type { Log } from '../../../server/lib/log.ts'
import { silentLog } from '../../../server/lib/log.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { closeAll, closing, options, testCertificate, testLayer, Wire } from './support.ts'

afterEach(closeAll)

const loopback = { host: '127.0.0.1', port: 0 }
let certificate: { key: string; cert: string }
beforeAll(async () => {
  certificate = await testCertificate([
    { type: 'dns', value: 'localhost' },
    { type: 'ip', value: '127.0.0.1' },
  ])
})

/** Connects a raw socket and waits until it is through. */
async function dial({ host, port }: Address, secure = false): Promise<Wire> {
  const socket = secure ? tls.connect({ host, port, rejectUnauthorized: false }) : net.connect({ host, port })
  const wire = new Wire(socket)
  await once(socket, secure ? 'secureConnect' : 'connect')
  return wire
}

const start = async (transport: string, given = {}, at: Address = loopback) => {
  const test = testLayer(given)
  const { layer } = test
  const listener = await (transport === 'tcp' ? layer.listenTcp(at) : layer.listenTls(at, certificate))
  return { ...test, listener, dial: () => dial(listener.address, transport === 'tls') }
}

describe.each(['tcp', 'tls'])('%s', transport => {
  it('takes messages wherever they are cut, and answers on the connection', async () => {
    const { layer, heard, dial } = await start(transport)
    const wire = await dial()
    const text = options({ body: 'a\xff\x00' })
    wire.write(text.slice(0, 100))
    wire.write(text.slice(100) + text)
    const { message, flow } = await heard.next()
    expect(message.text).toBe(text)
    expect(message.source).toEqual(flow.remote)
    expect(flow).toMatchObject({ transport, reliable: true, isOpen: true })
    expect((await heard.next()).flow).toBe(flow)
    flow.send('SIP/2.0 200 \xff\x00\r\n\r\n')
    expect(await wire.receives('\r\n\r\n')).toBe('SIP/2.0 200 \xff\x00\r\n\r\n')
    expect(layer.flows).toBe(1)
  })

  it('answers CRLFCRLF with CRLF (RFC 5626 §4.4.1)', async () => {
    const { dial } = await start(transport)
    const wire = await dial()
    wire.write('\r\n\r\n')
    expect(await wire.receives('\n')).toBe('\r\n')
  })

  it('is found again while it is open, and told of once when it is closed', async () => {
    const { layer, heard, closed, dial } = await start(transport)
    const wire = await dial()
    wire.write(options())
    const { flow } = await heard.next()
    const ref = { id: flow.id, transport: flow.transport, local: flow.local, remote: flow.remote }
    expect(layer.find(ref)).toBe(flow)
    flow.send('last words\n')
    flow.close('because')
    flow.close('again')
    expect(flow.isOpen).toBe(false)
    expect(layer.find(ref)).toBeUndefined()
    expect(await closed.next()).toEqual({ flow, why: 'because' })
    expect(await wire.ends()).toBe('last words\n')
    expect(layer.flows).toBe(0)
    expect(await new Promise<Error>(resolve => flow.send('x', resolve))).toBeInstanceOf(Error)
    expect(closed.length).toBe(0)
  })

  it('delivers what cannot be framed with its defect, lets the answer out, then closes', async () => {
    const clock = new FakeClock()
    const { heard, closed, dial } = await start(transport, { clock, limits: { messageBytes: 500 } })
    const wire = await dial()
    wire.write(options({ body: 'x'.repeat(500) }))
    const { message, flow } = await heard.next()
    expect(message.defect).toMatchObject({ status: 513, reason: 'Message Too Large' })
    flow.send('the answer\n')
    await wire.receives('\n')
    wire.write(options())
    clock.advance(1_000)
    expect(await wire.ends()).toBe('the answer\n')
    expect((await closed.next()).why).toBe('Message Too Large')
    expect(heard.length).toBe(0)
    expect(clock.pending).toBe(0)
  })

  it('closes at once on a peer that speaks another protocol', async () => {
    const { closed, dial } = await start(transport)
    const wire = await dial()
    wire.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    expect((await closed.next()).why).toBe('not SIP')
    expect(await wire.ends()).toBe('')
  })

  it('refuses connections over the limit per address, and takes them again when one is gone', async () => {
    const { heard, closed, dial } = await start(transport, { limits: { connectionsPerAddress: 2 } })
    const [first, second] = [await dial(), await dial()]
    first.write(options())
    await heard.next()
    const third = dial()
    if (transport === 'tls') await expect(third).rejects.toThrow()
    else await (await third).ends()
    second.write(options())
    const { flow } = await heard.next()
    flow.close()
    await closed.next()
    await second.ends()
    const fourth = await dial()
    fourth.write(options())
    await heard.next()
  })

  it('closes a peer that does not read once its buffer is full, and tells the sender', async () => {
    const { heard, closed, dial } = await start(transport, { limits: { sendBufferBytes: 100_000 } })
    const wire = await dial()
    wire.write(options())
    const { flow } = await heard.next()
    wire.stopReading()
    const piece = 'x'.repeat(50_000)
    const failure = new Promise<Error>(resolve => {
      for (let i = 0; i < 1_000 && flow.isOpen; i++) flow.send(piece, resolve)
    })
    expect(await failure).toBeInstanceOf(Error)
    expect((await closed.next()).why).toBe('peer does not read')
  })
})

describe('a slow peer', () => {
  const timeout = { messageTimeoutMs: 30_000 }

  it('that never sends a whole message is closed after messageTimeoutMs', async () => {
    const clock = new FakeClock()
    const { layer, closed, dial } = await start('tcp', { clock, limits: timeout })
    const wire = await dial()
    await connections(layer, 1)
    clock.advance(29_999)
    wire.write('\r\n\r\n')
    await wire.receives('\r\n')
    clock.advance(1)
    expect((await closed.next()).why).toBe('no message in time')
    await wire.ends()
  })

  it('that has sent one may be silent for as long as it likes', async () => {
    const clock = new FakeClock()
    const { heard, dial } = await start('tcp', { clock, limits: timeout })
    const wire = await dial()
    wire.write(options())
    const { flow } = await heard.next()
    expect(clock.pending).toBe(0)
    clock.advance(86_400_000)
    expect(flow.isOpen).toBe(true)
  })

  it('that leaves a later message half sent is closed, also when whole ones came before in the same piece', async () => {
    const clock = new FakeClock()
    const { heard, closed, dial } = await start('tcp', { clock, limits: timeout })
    const wire = await dial()
    wire.write(options() + options().slice(0, -10))
    const { flow } = await heard.next()
    await until(() => clock.pending === 1)
    clock.advance(29_999)
    expect(flow.isOpen).toBe(true)
    clock.advance(1)
    expect((await closed.next()).why).toBe('no message in time')
  })
})

describe('refused connections', () => {
  it('are one line in the log, however many there are', async () => {
    const lines: object[] = []
    const log: Log = { ...silentLog, warn: fields => lines.push(fields) }
    const clock = new FakeClock()
    const { layer, dial } = await start('tcp', { log, clock, limits: { connections: 1 } })
    await dial()
    await connections(layer, 1)
    for (let i = 0; i < 5; i++) await (await dial()).ends()
    expect(lines).toEqual([expect.objectContaining({ host: '127.0.0.1', refused: 1 })])
    clock.advance(60_000)
    await (await dial()).ends()
    expect(lines[1]).toMatchObject({ refused: 5 })
  })
})

describe('an outgoing connection', () => {
  it('takes what is sent before it is through, in order, and is reused', async () => {
    const server = await start('tcp')
    const { layer } = testLayer()
    const target = { transport: 'tcp', ...server.listener.address } as const
    const flow = layer.connect(target)!
    expect(flow).toMatchObject({ isOpen: true, reliable: true, remote: server.listener.address })
    flow.send(options({ fields: ['Subject: 1'] }))
    layer.connect(target)!.send(options({ fields: ['Subject: 2'] }))
    const first = await server.heard.next()
    expect(first.message.header('subject')).toBe('1')
    expect((await server.heard.next()).message.header('subject')).toBe('2')
    expect(layer.connect(target)).toBe(flow)
    expect(layer.find(flow)).toBe(flow)
    expect(layer.flows).toBe(1)
    expect(first.flow.remote).toEqual(flow.local)
  })

  it('is made anew after it was closed', async () => {
    const server = await start('tcp')
    const { layer, closed } = testLayer()
    const target = { transport: 'tcp', ...server.listener.address } as const
    const flow = layer.connect(target)!
    flow.send(options())
    ;(await server.heard.next()).flow.close()
    await closed.next()
    const again = layer.connect(target)!
    expect(again.id).not.toBe(flow.id)
    again.send(options())
    await server.heard.next()
  })

  it('fails each send once when nobody listens', async () => {
    const server = await start('tcp')
    await server.layer.close()
    const { layer, closed } = testLayer()
    const flow = layer.connect({ transport: 'tcp', ...server.listener.address })!
    const errors: string[] = []
    await new Promise<void>(resolve => {
      flow.send('1', error => errors.push(error.message))
      flow.send('2', error => {
        errors.push(error.message)
        resolve()
      })
    })
    expect(errors).toEqual([expect.stringContaining('ECONNREFUSED'), expect.stringContaining('ECONNREFUSED')])
    expect((await closed.next()).why).toContain('ECONNREFUSED')
    expect(layer.flows).toBe(0)
  })

  it('fails after connectTimeoutMs', async () => {
    // Accepts TCP and never says a word: a TLS handshake that does not end.
    const silent = closing(net.createServer())
    silent.on('connection', socket => closing({ close: () => socket.destroy() }))
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const clock = new FakeClock()
    const { layer } = testLayer({ clock, limits: { connectTimeoutMs: 5_000 } })
    const { port } = silent.address() as net.AddressInfo
    const flow = layer.connect({ transport: 'tls', host: '127.0.0.1', port })!
    const failed = new Promise<Error>(resolve => flow.send('x', resolve))
    clock.advance(5_000)
    expect((await failed).message).toBe('connect timed out')
  })

  it('is refused to WebSockets, names, broadcast and multicast', () => {
    const { layer } = testLayer()
    const to = (transport: 'tcp' | 'udp' | 'ws' | 'wss', host: string) => layer.connect({ transport, host, port: 5060 })
    expect(to('ws', '127.0.0.1')).toBeUndefined()
    expect(to('wss', '127.0.0.1')).toBeUndefined()
    for (const host of ['example.com', '255.255.255.255', '224.0.1.75', 'ff02::1', '0.0.0.0', '::'])
      expect([to('tcp', host), to('udp', host)]).toEqual([undefined, undefined])
  })

  it('counts against the limit of connections', async () => {
    const server = await start('tcp')
    const { layer } = testLayer({ limits: { connections: 1 } })
    const { address } = server.listener
    expect(layer.connect({ transport: 'tcp', ...address })).toBeDefined()
    expect(layer.connect({ transport: 'tcp', host: '127.0.0.2', port: address.port })).toBeUndefined()
  })
})

describe('TLS', () => {
  const connectTo = (address: Address, serverName: string | undefined, ca: string | undefined) => {
    const { layer, closed } = testLayer({ tlsClient: { ca } })
    return { closed, flow: layer.connect({ transport: 'tls', ...address, serverName })! }
  }

  it('speaks to a server whose certificate is for the domain', async () => {
    const { listener, heard } = await start('tls')
    for (const name of ['localhost', 'LOCALHOST', undefined]) {
      connectTo(listener.address, name, certificate.cert).flow.send(options())
      expect((await heard.next()).flow.transport).toBe('tls')
    }
  })

  it.each([
    ['another name', 'example.com', true],
    ['an authority nobody knows', 'localhost', false],
  ])('sends nothing to a server with %s', async (_, name, isKnown) => {
    const { listener, heard } = await start('tls')
    const { flow, closed } = connectTo(listener.address, name, isKnown ? certificate.cert : undefined)
    expect(await new Promise<Error>(resolve => flow.send(options(), resolve))).toBeInstanceOf(Error)
    await closed.next()
    const marked = options({ fields: ['Subject: the only one'] })
    connectTo(listener.address, 'localhost', certificate.cert).flow.send(marked)
    expect((await heard.next()).message.text).toBe(marked)
  })

  it('shows a new certificate after a reload and keeps what is open', async () => {
    const { layer, heard } = testLayer()
    const listener = await layer.listenTls(loopback, certificate)
    const before = tls.connect({ ...listener.address, rejectUnauthorized: false })
    const wire = new Wire(before)
    await once(before, 'secureConnect')
    const renewed = await testCertificate([{ type: 'dns', value: 'renewed.example.com' }])
    listener.setSecureContext(renewed)
    const after = tls.connect({ ...listener.address, rejectUnauthorized: false })
    new Wire(after)
    await once(after, 'secureConnect')
    expect(after.getPeerCertificate().subjectaltname).toBe('DNS:renewed.example.com')
    wire.write(options())
    expect((await heard.next()).flow.isOpen).toBe(true)
  })

  it('does not wait for a handshake that does not come when it shuts down', async () => {
    const { layer, listener } = await start('tls')
    const silent = await dial(listener.address)
    await layer.close()
    expect(await silent.ends()).toBe('')
  })

  it('survives peers that do not speak TLS', async () => {
    const { listener, dial: dialTls, heard } = await start('tls')
    const plain = await dial(listener.address)
    plain.write(options())
    await plain.ends()
    ;(await dialTls()).write(options())
    await heard.next()
  })
})

describe('the layer', () => {
  it('listens on IPv6 beside IPv4', async () => {
    const { layer, heard } = testLayer()
    const four = await layer.listenTcp({ host: '0.0.0.0', port: 0 })
    const six = await layer.listenTcp({ host: '::', port: four.address.port })
    ;(await dial({ ...six.address, host: '::1' })).write(options())
    expect((await heard.next()).flow.remote.host).toBe('::1')
    ;(await dial({ ...four.address, host: '127.0.0.1' })).write(options())
    expect((await heard.next()).flow.remote.host).toBe('127.0.0.1')
  })

  it('rejects an address that is taken', async () => {
    const { layer } = testLayer()
    const { address } = await layer.listenTcp(loopback)
    await expect(layer.listenTcp(address)).rejects.toThrow('EADDRINUSE')
    const udp = await layer.listenUdp(loopback)
    await expect(layer.listenUdp(udp.address)).rejects.toThrow('EADDRINUSE')
    expect(layer.listeners.map(({ transport }) => transport)).toEqual(['tcp', 'udp'])
  })

  it('leaves connections open when only their listener closes', async () => {
    const { layer, heard, listener, dial } = await start('tcp')
    const wire = await dial()
    wire.write(options())
    const { flow } = await heard.next()
    await listener.close()
    await listener.close()
    expect(layer.listeners).toEqual([])
    await expect(dial()).rejects.toThrow('ECONNREFUSED')
    wire.write(options())
    expect((await heard.next()).flow).toBe(flow)
  })

  it('closes all and everything, twice if asked', async () => {
    const { layer, heard, closed, dial } = await start('tcp')
    await layer.listenUdp(loopback)
    const wire = await dial()
    wire.write(options())
    await heard.next()
    await Promise.all([layer.close(), layer.close()])
    await layer.close()
    expect(await closed.next()).toMatchObject({ why: 'shutting down' })
    expect(layer.flows).toBe(0)
    expect(layer.listeners).toEqual([])
    expect(layer.connect({ transport: 'tcp', host: '127.0.0.1', port: 5060 })).toBeUndefined()
    await expect(layer.listenTcp(loopback)).rejects.toThrow('closed')
    await wire.ends()
  })

  it('survives handlers that throw', async () => {
    let calls = 0
    const events = {
      message: () => {
        calls++
        throw new Error('mistake')
      },
      closed: () => {
        calls++
        throw new Error('mistake')
      },
    }
    const { dial, layer } = await start('tcp', { events })
    const wire = await dial()
    wire.write(options() + options() + '\r\n\r\n')
    await wire.receives('\r\n')
    await layer.close()
    expect(calls).toBe(3)
  })
})

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve))
}

const connections = (layer: { flows: number }, count: number): Promise<void> => until(() => layer.flows === count)
