import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../server/lib/log.ts'
import { parseEngineAddress } from '../../server/media/engine.ts'
import { Engines, NoEngineError } from '../../server/media/engines.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { phoneSdp } from './support/engine.ts'

const from = { id: 'a', profile: 'rtp' } as const
const to = { id: 'b', profile: 'rtp' } as const

describe('the engines', () => {
  let clock: FakeClock
  let socket: Socket
  let engines: Engines
  /** Commands in the order in which they came. */
  let commands: string[]
  /** What to answer; undefined: nothing. */
  let answer: (command: string) => object | undefined
  let arrived: () => void

  const commandsReach = async (count: number) => {
    while (commands.length < count) await new Promise<void>(resolve => (arrived = resolve))
  }

  beforeEach(async () => {
    clock = new FakeClock()
    commands = []
    arrived = () => undefined
    answer = command => (command === 'ping' ? { result: 'pong' } : { result: 'ok', sdp: phoneSdp(5000) })
    socket = createSocket('udp4').bind(0, '127.0.0.1')
    await once(socket, 'listening')
    socket.on('message', (datagram, { port, address }) => {
      const text = datagram.toString()
      const space = text.indexOf(' ')
      const { command } = JSON.parse(text.slice(space + 1)) as { command: string }
      const reply = answer(command)
      commands.push(command)
      if (reply) socket.send(`${text.slice(0, space)} ${JSON.stringify(reply)}`, port, address)
      arrived()
    })
    engines = new Engines({
      engines: [{ id: 'e1', address: `udp:127.0.0.1:${socket.address().port}` }],
      clock,
      log: silentLog,
    })
  })
  afterEach(() => {
    engines.close()
    socket.close()
    expect(clock.pending).toBe(0)
  })

  it('open a session on an engine that answers', async () => {
    await engines.start()
    const session = engines.open()
    expect(session.engineId).toBe('e1')
    expect(engines.open().id).not.toBe(session.id)
    expect([engines.localAddress(), engines.localAddress('e1'), engines.remoteAddress()]).toEqual(
      Array(3).fill('127.0.0.1'),
    )
  })

  it('refuse with 503 when there is none, none that answers, or none of that name', async () => {
    const none = new Engines({ engines: [], clock, log: silentLog })
    await none.start()
    expect(() => none.open()).toThrow(NoEngineError)
    expect(() => none.localAddress()).toThrow(NoEngineError)
    expect(() => engines.open()).toThrow(expect.objectContaining({ status: 503, reason: 'Media Engine Down' }))
    expect(() => engines.localAddress()).toThrow(NoEngineError)
    expect(() => engines.attach('e2', 'x')).toThrow(NoEngineError)
  })

  it('start without an engine, and take it when it comes', async () => {
    answer = () => undefined
    const started = engines.start()
    await commandsReach(1)
    clock.advance(3000)
    await started
    expect(engines.health).toEqual([{ id: 'e1', isUp: false }])
    answer = () => ({ result: 'pong' })
    const seen = commands.length
    clock.advance(1000)
    await commandsReach(seen + 1)
    await settled(() => engines.health[0]!.isUp)
    expect(engines.open().engineId).toBe('e1')
  })

  it('take an engine that does not answer for down, from the command on that timed out', async () => {
    await engines.start()
    const session = engines.open()
    answer = () => undefined
    const failed = expect(session.offer({ sdp: phoneSdp(4000), from, to })).rejects.toMatchObject({
      code: 'NG_TIMEOUT',
    })
    await commandsReach(2)
    clock.advance(3000)
    await failed
    expect(() => engines.open()).toThrow(NoEngineError)
  })

  it('send the commands of a session one after the other, so that a delete never overtakes its offer', async () => {
    await engines.start()
    const session = engines.open()
    const offered = session.offer({ sdp: phoneSdp(4000), from, to })
    const deleted = session.delete()
    await commandsReach(2)
    expect(commands).toEqual(['ping', 'offer'])
    await Promise.all([offered, deleted])
    expect(commands).toEqual(['ping', 'offer', 'delete'])
  })

  it('do not let a failed command stop those behind it', async () => {
    await engines.start()
    const session = engines.open()
    answer = command => (command === 'offer' ? { result: 'error' } : { result: 'ok' })
    const failed = expect(session.offer({ sdp: 'x', from, to })).rejects.toMatchObject({ code: 'NG_REFUSED' })
    await session.delete()
    await failed
  })

  it.each([{ result: 'ok' }, { result: 'ok', sdp: 7 }, { result: 'ok', sdp: 'v=0\u20ac' }])(
    'take the reply %j for a refusal',
    async reply => {
      await engines.start()
      answer = () => reply
      await expect(engines.open().offer({ sdp: phoneSdp(4000), from, to })).rejects.toMatchObject({
        code: 'NG_REFUSED',
      })
    },
  )

  it('never reject a delete', async () => {
    await engines.start()
    answer = () => ({ result: 'error' })
    await engines.open().delete()
    engines.close()
    await engines.attach('e1', 'x').delete()
  })

  it('read figures out of whatever the engine replies', async () => {
    await engines.start()
    for (const reply of [{}, { tags: 7 }, { tags: { a: null } }, { tags: { a: { medias: [{ streams: [7] }] } } }]) {
      answer = () => ({ result: 'ok', ...reply })
      const { legs } = await engines.open().query()
      for (const leg of legs) expect(leg.packets).toBe(0)
    }
  })
})

describe('the address of an engine', () => {
  it.each([
    ['udp:127.0.0.1:2223', { host: '127.0.0.1', port: 2223 }],
    ['udp:[::1]:2223', { host: '::1', port: 2223 }],
    ['udp:rtpengine.internal:2223', { host: 'rtpengine.internal', port: 2223 }],
  ])('%s is one', (text, address) => {
    expect(parseEngineAddress(text)).toEqual(address)
  })

  it.each([
    '',
    '127.0.0.1:2223',
    'tcp:127.0.0.1:2223',
    'udp:127.0.0.1',
    'udp:127.0.0.1:0',
    'udp:h:99999',
    'udp:::1:2223',
  ])('%j is none', text => {
    expect(() => parseEngineAddress(text)).toThrow(TypeError)
  })
})

/** Lets the event loop turn until it is so. */
async function settled(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(resolve => setImmediate(resolve))
}
