import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../../server/lib/log.ts'
import { NgClient } from '../../../server/media/ng/ng-client.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** An engine that only listens; the test answers for it. */
class FakeEngine {
  readonly socket: Socket
  readonly #waiting: ((received: Received) => void)[] = []
  readonly #received: Received[] = []

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('message', (datagram, from) => {
      const text = datagram.toString('utf8')
      const space = text.indexOf(' ')
      const command = JSON.parse(text.slice(space + 1)) as Record<string, unknown>
      const received = { cookie: text.slice(0, space), command, from }
      const waiting = this.#waiting.shift()
      if (waiting) waiting(received)
      else this.#received.push(received)
    })
  }

  static async open(): Promise<FakeEngine> {
    const socket = createSocket('udp4').bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return new FakeEngine(socket)
  }

  next(): Promise<Received> {
    const received = this.#received.shift()
    return received ? Promise.resolve(received) : new Promise(resolve => this.#waiting.push(resolve))
  }

  say(text: string | Buffer, { port, address }: RemoteInfo): void {
    this.socket.send(text, port, address)
  }
}

interface Received {
  readonly cookie: string
  readonly command: Record<string, unknown>
  readonly from: RemoteInfo
}

describe('the NG client', () => {
  let clock: FakeClock
  let engine: FakeEngine
  let client: NgClient

  const open = (options = {}) =>
    NgClient.open({ host: '127.0.0.1', port: engine.socket.address().port, clock, log: silentLog, ...options })

  beforeEach(async () => {
    clock = new FakeClock()
    engine = await FakeEngine.open()
    client = await open()
  })
  afterEach(() => {
    client.close()
    engine.socket.close()
    expect(client.pending).toBe(0)
    expect(clock.pending).toBe(0)
  })

  it('sends a command as JSON and resolves with the reply to its cookie', async () => {
    const reply = client.request('offer', { 'call-id': 'a', flags: ['trust-address'] })
    const { cookie, command, from } = await engine.next()
    expect(command).toEqual({ command: 'offer', 'call-id': 'a', flags: ['trust-address'] })
    engine.say(`${cookie} {"result":"ok","sdp":"v=0"}`, from)
    expect(await reply).toEqual({ result: 'ok', sdp: 'v=0' })
  })

  it('gives an SDP back byte for byte, whatever bytes are in it', async () => {
    const sdp = 's=caf\xc3\xa9 \xff\x00\r\n'
    const reply = client.request('offer', { sdp })
    const { cookie, command, from } = await engine.next()
    engine.say(`${cookie} ${JSON.stringify({ result: 'ok', sdp: command.sdp })}`, from)
    expect((await reply).sdp).toBe(sdp)
  })

  it('repeats with the same cookie after 250 ms, then 500 ms, then 1 s, and gives up after 3 s', async () => {
    const failed = expect(client.request('ping')).rejects.toMatchObject({ code: 'NG_TIMEOUT', command: 'ping' })
    const cookies = [(await engine.next()).cookie]
    for (const ms of [250, 500, 1000]) {
      clock.advance(ms - 1)
      expect(clock.next).toBe(1)
      clock.advance(1)
      cookies.push((await engine.next()).cookie)
    }
    expect(new Set(cookies).size).toBe(1)
    expect(clock.next).toBe(1250)
    clock.advance(1250)
    await failed
  })

  it('takes the first reply and ignores the second', async () => {
    const reply = client.request('ping')
    const { cookie, from } = await engine.next()
    engine.say(`${cookie} {"result":"pong"}`, from)
    engine.say(`${cookie} {"result":"error"}`, from)
    expect((await reply).result).toBe('pong')
  })

  it('uses a cookie once, also over several clients', async () => {
    const other = await open()
    const requests = [client, other, client, other].map(one => one.request('ping').catch(() => undefined))
    const cookies = new Set<string>()
    while (cookies.size < 4) cookies.add((await engine.next()).cookie)
    other.close()
    client.close()
    await Promise.all(requests)
    expect(cookies.size).toBe(4)
  })

  it.each([
    '',
    ' ',
    'COOKIE',
    'COOKIE ',
    'COOKIE {',
    'COOKIE null',
    'COOKIE []',
    'COOKIE 7',
    'COOKIE {"result":7}',
    'COOKIE d6:result2:oke',
    'other {"result":"ok"}',
    `${'x'.repeat(200)} {"result":"ok"}`,
    'COOKIE {"__proto__":{"result":"ok"}}',
  ])('counts the garbled reply %j as lost', async garbled => {
    const reply = client.request('ping')
    const { cookie, from } = await engine.next()
    engine.say(garbled.replace('COOKIE', cookie), from)
    engine.say(`${cookie} {"result":"pong"}`, from)
    expect((await reply).result).toBe('pong')
  })

  it('listens to nobody but its engine', async () => {
    const stranger = createSocket('udp4')
    const reply = client.request('ping')
    const { cookie, from } = await engine.next()
    await new Promise(resolve => stranger.send(`${cookie} {"result":"forged"}`, from.port, from.address, resolve))
    engine.say(`${cookie} {"result":"pong"}`, from)
    expect((await reply).result).toBe('pong')
    stranger.close()
  })

  it.each([
    ['{"result":"error","error-reason":"Unknown call-id"}', 'Unknown call-id'],
    ['{"result":"load limit","message":"too much"}', 'too much'],
    ['{"result":"error","error-reason":{}}', 'error'],
  ])('rejects when the engine says %s', async (reply, reason) => {
    const failed = expect(client.request('query')).rejects.toMatchObject({
      code: 'NG_REFUSED',
      message: expect.stringContaining(reason) as string,
    })
    const { cookie, from } = await engine.next()
    engine.say(`${cookie} ${reply}`, from)
    await failed
  })

  it('rejects what is waiting when it is closed, and everything after', async () => {
    const waiting = expect(client.request('ping')).rejects.toMatchObject({ code: 'NG_CLOSED' })
    client.close()
    client.close()
    await waiting
    await expect(client.request('ping')).rejects.toMatchObject({ code: 'NG_CLOSED' })
  })

  it('refuses one command too many, and takes one again when another is answered', async () => {
    const small = await open({ maxPending: 1 })
    const first = small.request('ping')
    await expect(small.request('ping')).rejects.toMatchObject({ code: 'NG_BUSY' })
    const { cookie, from } = await engine.next()
    engine.say(`${cookie} {"result":"pong"}`, from)
    await first
    const second = expect(small.request('ping')).rejects.toMatchObject({ code: 'NG_CLOSED' })
    small.close()
    await second
  })

  it('refuses a command that no datagram holds', async () => {
    await expect(client.request('offer', { sdp: 'x'.repeat(65_507) })).rejects.toMatchObject({ code: 'NG_TOO_LARGE' })
  })

  it('times out, and does not throw, when nobody listens', async () => {
    engine.socket.close()
    const failed = expect(client.request('ping')).rejects.toMatchObject({ code: 'NG_TIMEOUT' })
    // The ICMP error of the first datagram arrives with the next turns.
    for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setImmediate(resolve))
    clock.advance(3000)
    await failed
    engine = await FakeEngine.open()
  })

  it('knows the two addresses of its way to the engine', () => {
    expect([client.localHost, client.remoteHost]).toEqual(['127.0.0.1', '127.0.0.1'])
  })

  it('rejects when the name of the engine does not resolve', async () => {
    await expect(open({ host: 'nowhere.invalid' })).rejects.toThrow()
  })
})
