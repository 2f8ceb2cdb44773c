import dgram from 'node:dgram'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { Request } from '../../../server/sip/message/message.ts'
import type { Address } from '../../../server/sip/transport/flow.ts'
import { closeAll, closing, options, testLayer } from './support.ts'

afterEach(closeAll)

async function phone(host = '127.0.0.1'): Promise<{ socket: dgram.Socket; address: Address }> {
  const socket = closing(dgram.createSocket(host.includes(':') ? 'udp6' : 'udp4'))
  await new Promise<void>(resolve => socket.bind(0, host, resolve))
  return { socket, address: { host, port: socket.address().port } }
}

const received = async (socket: dgram.Socket): Promise<string> =>
  ((await once(socket, 'message')) as [Buffer])[0].toString('latin1')

describe.each(['127.0.0.1', '::1'])('UDP on %s', host => {
  it('takes a message with its source and answers from the port that was asked', async () => {
    const { layer, heard } = testLayer()
    const { address } = await layer.listenUdp({ host, port: 0 })
    const { socket, address: mine } = await phone(host)
    socket.send(Buffer.from(options({ body: '\xe2\x98\x8e\x00\xff' }), 'latin1'), address.port, host)
    const { message, flow } = await heard.next()
    expect(message.body).toBe('\xe2\x98\x8e\x00\xff')
    expect(message.source).toEqual(mine)
    expect(flow).toMatchObject({ transport: 'udp', reliable: false, isOpen: true, local: address, remote: mine })
    flow.send('SIP/2.0 200 \xff\r\n\r\n')
    const [bytes, from] = (await once(socket, 'message')) as [Buffer, dgram.RemoteInfo]
    expect(bytes.toString('latin1')).toBe('SIP/2.0 200 \xff\r\n\r\n')
    expect(from.port).toBe(address.port)
  })

  it('opens a flow towards somebody who did not contact us', async () => {
    const { layer } = testLayer()
    await layer.listenUdp({ host, port: 0 })
    const { socket, address } = await phone(host)
    layer.connect({ transport: 'udp', ...address })!.send('x')
    expect(await received(socket)).toBe('x')
  })
})

describe('UDP', () => {
  it('ignores keep-alives and what is no SIP', async () => {
    const { layer, heard } = testLayer()
    const { address } = await layer.listenUdp({ host: '127.0.0.1', port: 0 })
    const { socket } = await phone()
    for (const noise of ['\r\n', '\0', ' ', '', '\r\n\r\n', 'hello', '\x00\x01\x00\x00\x21\x12\xa4\x42', options()])
      socket.send(Buffer.from(noise, 'latin1'), address.port, address.host)
    expect(((await heard.next()).message as Request).method).toBe('OPTIONS')
    expect(heard.length).toBe(0)
  })

  it('gives a datagram over the limit the defect 513, one at the limit none, and goes on', async () => {
    const { layer, heard } = testLayer({ limits: { messageBytes: options().length } })
    const { address } = await layer.listenUdp({ host: '127.0.0.1', port: 0 })
    const { socket } = await phone()
    for (const body of ['x'.repeat(1), '']) socket.send(options({ body }), address.port, address.host)
    expect((await heard.next()).message.defect?.status).toBe(513)
    expect((await heard.next()).message.defect).toBeUndefined()
  })

  it('takes the largest datagram there is', async () => {
    const { layer, heard } = testLayer()
    const { address } = await layer.listenUdp({ host: '127.0.0.1', port: 0 })
    const { socket } = await phone()
    const bare = options({ body: 'x'.repeat(60_000) }).length - 60_000
    socket.send(options({ body: 'x'.repeat(65_507 - bare) }), address.port, address.host)
    const { message } = await heard.next()
    expect(message.defect).toBeUndefined()
    expect(message.text).toHaveLength(65_507)
  })

  it('calls failed, once, when a datagram cannot be sent', async () => {
    const { layer } = testLayer()
    await layer.listenUdp({ host: '127.0.0.1', port: 0 })
    const flow = layer.connect({ transport: 'udp', host: '127.0.0.1', port: 9 })!
    const error = await new Promise<Error>(resolve => flow.send('x'.repeat(70_000), resolve))
    expect(error.message).toContain('EMSGSIZE')
    await layer.close()
    expect(flow.isOpen).toBe(false)
    expect(await new Promise<Error>(resolve => flow.send('x', resolve))).toBeInstanceOf(Error)
    flow.send('nobody asks')
  })

  it('has one identity for one pair of addresses', async () => {
    const { layer } = testLayer()
    await layer.listenUdp({ host: '127.0.0.1', port: 0 })
    const flow = (port: number) => layer.connect({ transport: 'udp', host: '127.0.0.1', port })!
    expect(flow(5000).id).toBe(flow(5000).id)
    expect(flow(5000).id).not.toBe(flow(5001).id)
  })
})

describe('finding a UDP flow again', () => {
  it('gives the one of the same listener', async () => {
    const { layer } = testLayer()
    await layer.listenUdp({ host: '127.0.0.1', port: 0 })
    const second = await layer.listenUdp({ host: '127.0.0.1', port: 0 })
    const remote = { host: '127.0.0.1', port: 5000 }
    const found = layer.find({ id: 'any', transport: 'udp', local: second.address, remote })
    expect(found).toMatchObject({ local: second.address, remote })
    expect(layer.find(found!)?.id).toBe(found!.id)
  })

  it('gives one that can reach the peer when that listener is gone, and none of the other family', async () => {
    const { layer } = testLayer()
    const { address } = await layer.listenUdp({ host: '127.0.0.1', port: 0 })
    const ref = { id: 'any', transport: 'udp', local: { host: '127.0.0.1', port: 1 } } as const
    expect(layer.find({ ...ref, remote: { host: '127.0.0.1', port: 5000 } })?.local).toEqual(address)
    expect(layer.find({ ...ref, remote: { host: '::1', port: 5000 } })).toBeUndefined()
  })
})

describe('where a response over UDP goes', () => {
  const answerTo = async (via: string) => {
    const { layer, heard } = testLayer()
    const { address } = await layer.listenUdp({ host: '127.0.0.1', port: 0 })
    const { socket, address: mine } = await phone()
    socket.send(options({ via }), address.port, address.host)
    const { message, flow } = await heard.next()
    return { mine, flow, answer: layer.responseFlow(message as Request, flow) }
  }

  it('is the port of the request when the Via has rport (RFC 3581 §4)', async () => {
    const { flow, answer } = await answerTo('SIP/2.0/UDP 192.0.2.1:7000;branch=z9hG4bKa;rport')
    expect(answer.id).toBe(flow.id)
  })

  it('is the port of the Via without rport, from the same socket (RFC 3261 §18.2.2)', async () => {
    const { flow, answer } = await answerTo('SIP/2.0/UDP 192.0.2.1:7000;branch=z9hG4bKa')
    expect(answer).toMatchObject({ local: flow.local, remote: { host: '127.0.0.1', port: 7000 } })
  })

  it('is 5060 when the Via names none', async () => {
    expect((await answerTo('SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa')).answer.remote.port).toBe(5060)
  })

  it('is never a maddr, which would aim our answers at anybody', async () => {
    const { answer } = await answerTo('SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa;maddr=255.255.255.255')
    expect(answer.remote.host).toBe('127.0.0.1')
  })
})
