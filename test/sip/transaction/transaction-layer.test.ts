import { describe, expect, it } from 'vitest'
import { defaultTransactionLimits, TransactionLayer } from '../../../server/sip/transaction/transaction-layer.ts'
import type { Peer } from '../../../server/sip/transaction/peer.ts'
import { answer, expectNothingLeft, FakePeer, FakeUser, incoming, layerWith, outgoing, reply } from './harness.ts'

describe('several 2xx to one INVITE (RFC 6026)', () => {
  it('all go up until timer M, from whichever fork they come', () => {
    const scene = layerWith()
    const { clock, layer, udp, user } = scene
    const client = layer.createClient(outgoing(), udp, user)
    layer.receiveResponse(answer(200, { toTag: 'one' }))
    clock.advance(10_000)
    layer.receiveResponse(answer(200, { toTag: 'two' }))
    layer.receiveResponse(answer(200, { toTag: 'one' }))
    expect(user.responses.map(({ to }) => to.tag)).toEqual(['one', 'two', 'one'])
    expect(client.state).toBe('accepted')
    expect(udp.summary).toEqual(['INVITE'])
    clock.advance(22_000)
    // From now on nobody knows it: it is dropped.
    expect(layer.receiveResponse(answer(200, { toTag: 'one' }))).toBe(false)
    expectNothingLeft(scene)
  })

  it('nothing else goes up after a 2xx', () => {
    const scene = layerWith()
    scene.layer.createClient(outgoing(), scene.udp, scene.user)
    scene.layer.receiveResponse(answer(200))
    expect(scene.layer.receiveResponse(answer(180))).toBe(true)
    expect(scene.layer.receiveResponse(answer(486))).toBe(true)
    expect(scene.user.heard).toEqual(['200'])
    scene.clock.advance(32_000)
    expectNothingLeft(scene)
  })

  it('the server transaction sends each, absorbs the INVITE, and takes no other final response', () => {
    const scene = layerWith()
    const { clock, layer, udp, user } = scene
    const server = layer.createServer(incoming(), udp, user)!
    server.respond(reply(200, 'one'), 200)
    server.respond(reply(202, 'two'), 202)
    server.respond(reply(486), 486)
    server.respond(reply(180), 180)
    expect(layer.absorb(incoming(), udp)).toBe(true)
    expect(udp.summary).toEqual(['200', '202'])
    expect(server.finalStatus).toBe(200)
    clock.advance(32_000)
    expectNothingLeft(scene)
  })
})

describe('a server transaction', () => {
  it('answers retransmissions of the INVITE with the last response', () => {
    const scene = layerWith()
    const { layer, udp, user, clock } = scene
    const server = layer.createServer(incoming(), udp, user)!
    expect(layer.absorb(incoming(), udp)).toBe(true)
    server.respond(reply(100), 100)
    layer.absorb(incoming(), udp)
    server.respond(reply(183), 183)
    layer.absorb(incoming(), udp)
    server.respond(reply(404), 404)
    layer.absorb(incoming(), udp)
    expect(udp.summary).toEqual(['100', '100', '183', '183', '404', '404'])
    layer.absorb(incoming({ method: 'ACK', toTag: 'z1' }), udp)
    layer.absorb(incoming(), udp)
    expect(udp.sent.length).toBe(6)
    clock.advance(5000)
    expectNothingLeft(scene)
  })

  it('sends one final response; a second one is ignored', () => {
    const scene = layerWith()
    const server = scene.layer.createServer(incoming(), scene.udp, scene.user)!
    server.respond(reply(486), 486)
    server.respond(reply(200), 200)
    server.respond(reply(603), 603)
    expect(scene.udp.summary).toEqual(['486'])
    expect(server.finalStatus).toBe(486)
    scene.layer.absorb(incoming({ method: 'ACK', toTag: 'z1' }), scene.udp)
    scene.clock.advance(5000)
    server.respond(reply(200), 200)
    expect(scene.udp.summary).toEqual(['486'])
    expectNothingLeft(scene)
  })

  it('answers on the peer of the first request, though the retransmission came by another', () => {
    const { clock, layer, udp, user } = layerWith()
    const other = new FakePeer(clock)
    const server = layer.createServer(incoming(), udp, user)!
    server.respond(reply(180), 180)
    layer.absorb(incoming(), other)
    expect([udp.summary, other.summary]).toEqual([['180', '180'], []])
    expect(server.peer).toBe(udp)
    layer.close()
  })

  it('moves to the peer of the retransmission when its own is closed', () => {
    const { clock, layer, tcp, user } = layerWith()
    const other = new FakePeer(clock, true)
    const server = layer.createServer(incoming(), tcp, user)!
    server.respond(reply(180), 180)
    tcp.isOpen = false
    layer.absorb(incoming(), other)
    server.respond(reply(200), 200)
    expect([tcp.summary, other.summary]).toEqual([['180'], ['180', '200']])
    expect(server.peer).toBe(other)
    layer.close()
  })

  it('stays with a peer that does not say whether it is open', () => {
    const { layer, udp, user } = layerWith()
    const sent: string[] = []
    const silent: Peer = { reliable: false, send: text => void sent.push(text) }
    layer.createServer(incoming(), silent, user)!.respond(reply(180), 180)
    layer.absorb(incoming(), udp)
    expect(sent.length).toBe(2)
    layer.close()
  })

  it('of an INVITE tells the TU of a transport error and goes on (RFC 6026 §7.1)', () => {
    const scene = layerWith()
    const { clock, layer, udp, user } = scene
    const server = layer.createServer(incoming(), udp, user)!
    udp.failure = new Error('no route')
    server.respond(reply(180), 180)
    expect(user.heard).toEqual([])
    clock.advance(0)
    expect(user.heard).toEqual(['failed: no route'])
    udp.failure = undefined
    server.respond(reply(200), 200)
    expect(udp.summary).toEqual(['180', '200'])
    clock.advance(32_000)
    expectNothingLeft(scene)
  })

  it('that is no INVITE ends with a transport error', () => {
    const scene = layerWith()
    scene.udp.failure = new Error('no route')
    scene.layer.createServer(incoming({ method: 'BYE' }), scene.udp, scene.user)!.respond(reply(200), 200)
    scene.clock.advance(0)
    expect(scene.user.heard).toEqual(['failed: no route', 'terminated'])
    expectNothingLeft(scene)
  })

  it('that has ended does not care for a transport error any more', () => {
    const scene = layerWith()
    let fail: ((error: Error) => void) | undefined
    const slow: Peer = { reliable: true, send: (_text, failed) => void (fail = failed) }
    scene.layer.createServer(incoming({ method: 'BYE' }), slow, scene.user)!.respond(reply(200), 200)
    expect(scene.user.heard).toEqual(['terminated'])
    fail?.(new Error('reset'))
    expectNothingLeft(scene)
    expect(scene.user.heard).toEqual(['terminated'])
  })
})

describe('a client transaction', () => {
  it('acknowledges every retransmission of a non-2xx with the same ACK, and passes it up once', () => {
    const scene = layerWith()
    const { clock, layer, udp, user } = scene
    layer.createClient(outgoing(), udp, user)
    for (const toTag of ['one', 'one', 'two']) layer.receiveResponse(answer(486, { toTag }))
    expect(udp.summary).toEqual(['INVITE', 'ACK', 'ACK', 'ACK'])
    expect(new Set(udp.sent.slice(1)).size).toBe(1)
    expect(user.heard).toEqual(['486'])
    clock.advance(32_000)
    expect(user.heard).toEqual(['486', 'terminated'])
    expectNothingLeft(scene)
  })

  it('over a reliable transport is gone with the non-2xx', () => {
    const scene = layerWith()
    scene.layer.createClient(outgoing(), scene.tcp, scene.user)
    scene.layer.receiveResponse(answer(486))
    expect(scene.tcp.summary).toEqual(['INVITE', 'ACK'])
    expect(scene.user.heard).toEqual(['486', 'terminated'])
    expectNothingLeft(scene)
  })

  for (const method of ['INVITE', 'OPTIONS'])
    it(`of ${method} ends with a transport error, but not before its maker has it`, () => {
      const scene = layerWith()
      scene.udp.failure = new Error('no route')
      const client = scene.layer.createClient(outgoing(method), scene.udp, scene.user)
      expect(scene.user.heard).toEqual([])
      scene.clock.advance(0)
      expect(scene.user.heard).toEqual(['failed: no route', 'terminated'])
      expect(client.state).toBe('terminated')
      expectNothingLeft(scene)
    })

  it('forgets a failed send when an answer came all the same', () => {
    const scene = layerWith()
    scene.tcp.failure = new Error('reset')
    scene.layer.createClient(outgoing('OPTIONS'), scene.tcp, scene.user)
    scene.layer.receiveResponse(answer(200, { method: 'OPTIONS' }))
    expect(scene.user.heard).toEqual(['200', 'terminated'])
    expectNothingLeft(scene)
  })

  it('takes a response that comes while its request is being sent', () => {
    const scene = layerWith()
    const { layer, user } = scene
    const loop: Peer = {
      reliable: true,
      send: () => void layer.receiveResponse(answer(200, { method: 'OPTIONS' })),
    }
    layer.createClient(outgoing('OPTIONS'), loop, user)
    expect(user.heard).toEqual(['200', 'terminated'])
    expectNothingLeft(scene)
  })

  it('has a branch that nobody else has', () => {
    const { layer, udp, user } = layerWith()
    layer.createClient(outgoing(), udp, user)
    expect(() => layer.createClient(outgoing(), udp, user)).toThrow(TypeError)
    layer.close()
  })
})

describe('cancelling (RFC 3261 §9.1)', () => {
  it('sends CANCEL at once when a provisional response has come, retransmits it, and takes the 487', () => {
    const scene = layerWith()
    const { clock, layer, udp, user } = scene
    const client = layer.createClient(outgoing(), udp, user)
    layer.receiveResponse(answer(180))
    client.cancel('SIP;cause=200')
    clock.advance(500)
    expect(udp.summary).toEqual(['INVITE', 'CANCEL', 'CANCEL'])
    expect(udp.sent[1]).toContain('\r\nReason: SIP;cause=200\r\n')
    layer.receiveResponse(answer(200, { method: 'CANCEL' }))
    layer.receiveResponse(answer(487))
    clock.advance(32_000)
    expect(udp.summary).toEqual(['INVITE', 'CANCEL', 'CANCEL', 'ACK'])
    expect(user.heard).toEqual(['180', '487', 'terminated'])
    expectNothingLeft(scene)
  })

  it('MUST wait for a provisional response', () => {
    const scene = layerWith()
    const { clock, layer, udp, user } = scene
    const client = layer.createClient(outgoing(), udp, user)
    client.cancel()
    clock.advance(500)
    expect(udp.summary).toEqual(['INVITE', 'INVITE'])
    layer.receiveResponse(answer(100))
    expect(udp.summary).toEqual(['INVITE', 'INVITE', 'CANCEL'])
    layer.receiveResponse(answer(487))
    clock.advance(32_000)
    expect(user.heard).toEqual(['100', '487', 'terminated'])
    expectNothingLeft(scene)
  })

  it('sends nothing when the final response is first', () => {
    const scene = layerWith()
    const client = scene.layer.createClient(outgoing(), scene.tcp, scene.user)
    client.cancel()
    scene.layer.receiveResponse(answer(486))
    client.cancel()
    expect(scene.tcp.summary).toEqual(['INVITE', 'ACK'])
    expectNothingLeft(scene)
  })

  it('passes a 2xx up that crossed the CANCEL', () => {
    const scene = layerWith()
    const client = scene.layer.createClient(outgoing(), scene.udp, scene.user)
    scene.layer.receiveResponse(answer(180))
    client.cancel()
    scene.layer.receiveResponse(answer(200))
    expect(scene.user.heard).toEqual(['180', '200'])
    scene.clock.advance(32_000)
    expectNothingLeft(scene)
  })

  it('puts one CANCEL on the wire however often it is asked', () => {
    const scene = layerWith()
    const client = scene.layer.createClient(outgoing(), scene.tcp, scene.user)
    client.cancel('first')
    client.cancel('second')
    scene.layer.receiveResponse(answer(180))
    client.cancel('third')
    expect(scene.tcp.summary).toEqual(['INVITE', 'CANCEL'])
    expect(scene.tcp.sent[1]).toContain('Reason: first\r\n')
    scene.layer.close()
    expectNothingLeft(scene)
  })

  it('counts the INVITE as timed out when no final response comes within 64*T1', () => {
    const scene = layerWith()
    const { clock, layer, udp, user } = scene
    const client = layer.createClient(outgoing(), udp, user)
    layer.receiveResponse(answer(180))
    clock.advance(60_000)
    client.cancel()
    clock.advance(31_999)
    expect(user.heard).toEqual(['180'])
    clock.advance(1)
    expect(user.heard).toEqual(['180', 'timeout', 'terminated'])
    expect(layer.receiveResponse(answer(487))).toBe(false)
    expectNothingLeft(scene)
  })

  it('does nothing to a request that is no INVITE', () => {
    const scene = layerWith()
    const client = scene.layer.createClient(outgoing('BYE'), scene.udp, scene.user)
    scene.layer.receiveResponse(answer(100, { method: 'BYE' }))
    client.cancel()
    expect(scene.udp.summary).toEqual(['BYE'])
    scene.layer.close()
    expectNothingLeft(scene)
  })

  it('may be asked for inside the callback of a response', () => {
    const scene = layerWith()
    const user = new FakeUser()
    const client = scene.layer.createClient(outgoing(), scene.udp, {
      response: () => client.cancel(),
      timeout: () => user.timeout(),
      failed: error => user.failed(error),
    })
    scene.layer.receiveResponse(answer(180))
    expect(scene.udp.summary).toEqual(['INVITE', 'CANCEL'])
    scene.clock.advance(32_000)
    expect(user.heard).toEqual(['timeout'])
    expectNothingLeft(scene)
  })
})

describe('a callback that throws', () => {
  const boom = () => {
    throw new Error('boom')
  }
  const clumsy = { response: boom, timeout: boom, failed: boom, terminated: boom }

  it('does not keep a response from being acknowledged, nor the transaction from its end', () => {
    const scene = layerWith()
    scene.layer.createClient(outgoing(), scene.udp, clumsy)
    expect(() => scene.layer.receiveResponse(answer(486))).toThrow('boom')
    expect(scene.udp.summary).toEqual(['INVITE', 'ACK'])
    expect(() => scene.clock.advance(32_000)).toThrow('boom')
    expectNothingLeft(scene)
  })

  it('does not hold up a timer of zero', () => {
    const scene = layerWith()
    scene.layer.createClient(outgoing('BYE'), scene.tcp, { ...clumsy, terminated: undefined })
    expect(() => scene.layer.receiveResponse(answer(200, { method: 'BYE' }))).toThrow('boom')
    expectNothingLeft(scene)
  })

  it('does not leave a transaction behind when it hears of a timeout or an error', () => {
    const scene = layerWith()
    scene.layer.createClient(outgoing(), scene.udp, clumsy)
    expect(() => scene.clock.advance(32_000)).toThrow('boom')
    expectNothingLeft(scene)
    scene.udp.failure = new Error('no route')
    scene.layer.createClient(outgoing(), scene.udp, clumsy)
    expect(() => scene.clock.advance(0)).toThrow('boom')
    expectNothingLeft(scene)
  })
})

describe('the limit of transactions', () => {
  const invite = (i: number) => incoming({ via: `SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK${i}` })

  it('is 200,000 by default', () => {
    expect(defaultTransactionLimits.transactions).toBe(200_000)
  })

  it('lets the last one in, refuses the next, and recovers', () => {
    const scene = layerWith({ limits: { transactions: 2 } })
    const { layer, tcp, user } = scene
    const first = layer.createServer(invite(1), tcp, user)!
    expect(layer.createServer(invite(2), tcp, user)).toBeDefined()
    expect(layer.createServer(invite(3), tcp, user)).toBeUndefined()
    expect(layer.size).toBe(2)
    first.respond(reply(486), 486)
    layer.absorb(incoming({ method: 'ACK', toTag: 'z1', via: 'SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK1' }), tcp)
    expect(layer.createServer(invite(3), tcp, user)).toBeDefined()
    layer.close()
    expectNothingLeft(scene)
  })

  it('counts client transactions, but never refuses one', () => {
    const scene = layerWith({ limits: { transactions: 1 } })
    const client = scene.layer.createClient(outgoing(), scene.udp, scene.user)
    expect(scene.layer.createServer(invite(1), scene.udp, scene.user)).toBeUndefined()
    scene.layer.receiveResponse(answer(180))
    client.cancel()
    expect(scene.udp.summary).toEqual(['INVITE', 'CANCEL'])
    scene.layer.close()
    expectNothingLeft(scene)
  })
})

describe('the layer', () => {
  it('is told when the same request is given to it twice', () => {
    const { layer, udp, user } = layerWith()
    layer.createServer(incoming(), udp, user)
    expect(() => layer.createServer(incoming(), udp, user)).toThrow(TypeError)
    layer.close()
  })

  it('stops everything on close and calls nobody', () => {
    const scene = layerWith()
    const { clock, layer, udp, user } = scene
    const server = layer.createServer(incoming(), udp, user)!
    const client = layer.createClient(outgoing(), udp, user)
    layer.close()
    layer.close()
    expectNothingLeft(scene)
    server.respond(reply(200), 200)
    client.cancel()
    clock.advance(60_000)
    expect(udp.summary).toEqual(['INVITE'])
    expect(user.heard).toEqual([])
  })

  it('begins nothing after close', () => {
    const scene = layerWith()
    scene.layer.close()
    expect(scene.layer.createServer(incoming(), scene.udp, scene.user)).toBeUndefined()
    expect(scene.layer.createClient(outgoing(), scene.udp, scene.user).state).toBe('terminated')
    expect(scene.layer.absorb(incoming(), scene.udp)).toBe(false)
    expect(scene.udp.summary).toEqual([])
    expectNothingLeft(scene)
  })

  it('keeps the timers of one instance to itself', () => {
    const { clock } = layerWith()
    const quick = new TransactionLayer({ clock, timers: { T1: 10 } })
    const slow = new TransactionLayer({ clock, timers: { T1: 1000 } })
    const [fast, late] = [new FakePeer(clock), new FakePeer(clock)]
    quick.createClient(outgoing(), fast, new FakeUser())
    slow.createClient(outgoing(), late, new FakeUser())
    clock.advance(30)
    expect([fast.times, late.times]).toEqual([[0, 10, 30], [0]])
    quick.close()
    slow.close()
  })
})
