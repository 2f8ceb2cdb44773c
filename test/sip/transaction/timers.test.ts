import { describe, expect, it } from 'vitest'
import { defaultBaseTimers, deriveTimers } from '../../../server/sip/transaction/timers.ts'
import { answer, expectNothingLeft, incoming, layerWith, outgoing, reply } from './harness.ts'

describe('the timers of RFC 3261 table 4', () => {
  it('follow from T1, T2 and T4', () => {
    expect(deriveTimers(defaultBaseTimers, false)).toEqual({
      T2: 4000,
      A: 500,
      B: 32_000,
      D: 32_000,
      E: 500,
      F: 32_000,
      G: 500,
      H: 32_000,
      I: 5000,
      J: 32_000,
      K: 5000,
      L: 32_000,
      M: 32_000,
      inviteTrying: 200,
      nonInviteTrying: 3500,
      cancel: 32_000,
    })
  })

  it('D, I, J and K are zero and nothing is retransmitted over a reliable transport', () => {
    const { D, I, J, K, A, E, G } = deriveTimers(defaultBaseTimers, true)
    expect({ D, I, J, K }).toEqual({ D: 0, I: 0, J: 0, K: 0 })
    expect({ A, E, G }).toEqual({ A: Infinity, E: Infinity, G: Infinity })
  })

  it('D stays at least 32 seconds when T1 is small', () => {
    expect(deriveTimers({ ...defaultBaseTimers, T1: 10 }, false).D).toBe(32_000)
    expect(deriveTimers({ ...defaultBaseTimers, T1: 1000 }, false).D).toBe(64_000)
  })

  it('the 100 to a non-INVITE request comes when timer E is set to T2', () => {
    const nonInviteTrying = (T1: number) => deriveTimers({ ...defaultBaseTimers, T1 }, false).nonInviteTrying
    expect([250, 500, 600, 2000, 4000, 5000].map(nonInviteTrying)).toEqual([3750, 3500, 4200, 2000, 4000, 5000])
  })
})

describe('an INVITE client transaction', () => {
  it('sends the INVITE again after 500 ms, 1 s, 2 s … without limit, and gives up after 64*T1', () => {
    const { clock, layer, udp, user } = layerWith()
    layer.createClient(outgoing(), udp, user)
    clock.advance(31_999)
    expect(udp.times).toEqual([0, 500, 1500, 3500, 7500, 15_500, 31_500])
    expect(user.heard).toEqual([])
    clock.advance(1)
    expect(user.heard).toEqual(['timeout', 'terminated'])
    expectNothingLeft({ clock, layer })
  })

  it('sends the INVITE once over a reliable transport, and gives up as late', () => {
    const { clock, layer, tcp, user } = layerWith()
    layer.createClient(outgoing(), tcp, user)
    clock.advance(32_000)
    expect(tcp.times).toEqual([0])
    expect(user.heard).toEqual(['timeout', 'terminated'])
    expectNothingLeft({ clock, layer })
  })

  it('waits without end for a final response once a provisional one has come', () => {
    const { clock, layer, udp, user } = layerWith()
    layer.createClient(outgoing(), udp, user)
    clock.advance(600)
    layer.receiveResponse(answer(100))
    expect(clock.pending).toBe(0)
    clock.advance(3_600_000)
    layer.receiveResponse(answer(404))
    clock.advance(32_000)
    expect(udp.summary).toEqual(['INVITE', 'INVITE', 'ACK'])
    expect(user.heard).toEqual(['100', '404', 'terminated'])
    expectNothingLeft({ clock, layer })
  })

  it('uses the T1 it is given', () => {
    const { clock, layer, udp, user } = layerWith({ timers: { T1: 100 } })
    layer.createClient(outgoing(), udp, user)
    clock.advance(6400)
    expect(udp.times).toEqual([0, 100, 300, 700, 1500, 3100, 6300])
    expect(user.heard).toEqual(['timeout', 'terminated'])
    expectNothingLeft({ clock, layer })
  })
})

describe('a non-INVITE client transaction', () => {
  it('sends the request again at intervals that double up to T2, and gives up after 64*T1', () => {
    const { clock, layer, udp, user } = layerWith()
    layer.createClient(outgoing('BYE'), udp, user)
    clock.advance(32_000)
    expect(udp.times).toEqual([0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500])
    expect(user.heard).toEqual(['timeout', 'terminated'])
    expectNothingLeft({ clock, layer })
  })

  it('goes on every T2 after a provisional response, and still gives up after 64*T1', () => {
    const { clock, layer, udp, user } = layerWith()
    layer.createClient(outgoing('BYE'), udp, user)
    clock.advance(600)
    layer.receiveResponse(answer(100, { method: 'BYE' }))
    clock.advance(31_400)
    expect(udp.times).toEqual([0, 500, 1500, 5500, 9500, 13_500, 17_500, 21_500, 25_500, 29_500])
    expect(user.heard).toEqual(['100', 'timeout', 'terminated'])
    expectNothingLeft({ clock, layer })
  })

  it('absorbs retransmissions of the final response until timer K', () => {
    const { clock, layer, udp, user } = layerWith()
    layer.createClient(outgoing('BYE'), udp, user)
    layer.receiveResponse(answer(200, { method: 'BYE' }))
    clock.advance(4999)
    expect(layer.receiveResponse(answer(200, { method: 'BYE' }))).toBe(true)
    clock.advance(1)
    expect(layer.receiveResponse(answer(200, { method: 'BYE' }))).toBe(false)
    expect(user.heard).toEqual(['200', 'terminated'])
    expectNothingLeft({ clock, layer })
  })
})

describe('an INVITE server transaction', () => {
  it('sends 100 after 200 ms when nothing else was sent', () => {
    const { clock, layer, udp, user } = layerWith()
    const server = layer.createServer(incoming(), udp, user)!
    clock.advance(199)
    expect(udp.summary).toEqual([])
    clock.advance(1)
    expect(udp.summary).toEqual(['100'])
    server.respond(reply(486), 486)
    layer.close()
    expectNothingLeft({ clock, layer })
  })

  it('sends no 100 when the TU was quicker', () => {
    const { clock, layer, udp, user } = layerWith()
    layer.createServer(incoming(), udp, user)!.respond(reply(180), 180)
    clock.advance(60_000)
    expect(udp.summary).toEqual(['180'])
    layer.close()
    expectNothingLeft({ clock, layer })
  })

  it('sends a non-2xx again at intervals that double up to T2 until timer H, and tells the TU', () => {
    const { clock, layer, udp, user } = layerWith()
    layer.createServer(incoming(), udp, user)!.respond(reply(486), 486)
    clock.advance(32_000)
    expect(udp.times).toEqual([0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500])
    expect(user.heard).toEqual(['timeout', 'terminated'])
    expectNothingLeft({ clock, layer })
  })

  it('sends a non-2xx once over a reliable transport, and waits for the ACK as long', () => {
    const { clock, layer, tcp, user } = layerWith()
    layer.createServer(incoming(), tcp, user)!.respond(reply(486), 486)
    clock.advance(31_999)
    expect(user.heard).toEqual([])
    clock.advance(1)
    expect(tcp.times).toEqual([0])
    expect(user.heard).toEqual(['timeout', 'terminated'])
    expectNothingLeft({ clock, layer })
  })

  it('stops with the ACK, and absorbs what comes late until timer I', () => {
    const { clock, layer, udp, user } = layerWith()
    const ack = incoming({ method: 'ACK', toTag: 'z1' })
    layer.createServer(incoming(), udp, user)!.respond(reply(486), 486)
    clock.advance(600)
    expect(layer.absorb(ack, udp)).toBe(true)
    clock.advance(4999)
    expect(layer.absorb(ack, udp)).toBe(true)
    expect(layer.absorb(incoming(), udp)).toBe(true)
    clock.advance(1)
    expect(udp.times).toEqual([0, 500])
    expect(user.heard).toEqual(['terminated'])
    expectNothingLeft({ clock, layer })
  })

  it('ends 64*T1 after the first 2xx, which it never sends again by itself', () => {
    const { clock, layer, udp, user } = layerWith()
    layer.createServer(incoming(), udp, user)!.respond(reply(200), 200)
    clock.advance(31_999)
    expect(layer.size).toBe(1)
    clock.advance(1)
    expect(udp.times).toEqual([0])
    expect(user.heard).toEqual(['terminated'])
    expectNothingLeft({ clock, layer })
  })
})

describe('a non-INVITE server transaction', () => {
  const bye = () => incoming({ method: 'BYE' })

  it('answers retransmissions with the final response until timer J', () => {
    const { clock, layer, udp, user } = layerWith()
    layer.createServer(bye(), udp, user)!.respond(reply(200), 200)
    clock.advance(31_999)
    expect(layer.absorb(bye(), udp)).toBe(true)
    clock.advance(1)
    expect(udp.summary).toEqual(['200', '200'])
    expect(layer.absorb(bye(), udp)).toBe(false)
    expect(user.heard).toEqual(['terminated'])
    expectNothingLeft({ clock, layer })
  })

  for (const transport of ['udp', 'tcp'] as const)
    it(`MUST answer 100 over ${transport} when the client's timer E has come to T2 (RFC 4320 §4.1)`, () => {
      const scene = layerWith()
      const server = scene.layer.createServer(bye(), scene[transport], scene.user)!
      scene.clock.advance(3499)
      expect(scene[transport].summary).toEqual([])
      scene.clock.advance(1)
      expect(scene[transport].summary).toEqual(['100'])
      server.respond(reply(200), 200)
      scene.clock.advance(32_000)
      expectNothingLeft(scene)
    })

  it('MUST NOT answer 100 earlier over an unreliable transport, nor any other 1xx (RFC 4320 §4.1)', () => {
    const { clock, layer, udp, user } = layerWith()
    const server = layer.createServer(bye(), udp, user)!
    server.respond(reply(100), 100)
    server.respond(reply(183), 183)
    expect(udp.summary).toEqual([])
    clock.advance(3500)
    server.respond(reply(183), 183)
    expect(udp.summary).toEqual(['100'])
    layer.close()
    expectNothingLeft({ clock, layer })
  })

  it('may answer 100 at any time over a reliable transport, but no other 1xx', () => {
    const { clock, layer, tcp, user } = layerWith()
    const server = layer.createServer(bye(), tcp, user)!
    server.respond(reply(180), 180)
    server.respond(reply(100), 100)
    server.respond(reply(180), 180)
    expect(tcp.summary).toEqual(['100'])
    layer.close()
    expectNothingLeft({ clock, layer })
  })

  it('MUST NOT send 408, and stays to absorb retransmissions (RFC 4320 §4.2)', () => {
    const { clock, layer, udp, user } = layerWith()
    const server = layer.createServer(bye(), udp, user)!
    server.respond(reply(408), 408)
    expect(layer.absorb(bye(), udp)).toBe(true)
    server.respond(reply(200), 200)
    expect(udp.summary).toEqual([])
    expect(server.finalStatus).toBeUndefined()
    clock.advance(32_000)
    expect(user.heard).toEqual(['terminated'])
    expectNothingLeft({ clock, layer })
  })

  it('is silent after a 408, even if it has sent 100', () => {
    const { clock, layer, udp, user } = layerWith()
    const server = layer.createServer(bye(), udp, user)!
    clock.advance(3500)
    server.respond(reply(408), 408)
    server.respond(reply(408), 408)
    expect(layer.absorb(bye(), udp)).toBe(true)
    expect(udp.summary).toEqual(['100'])
    clock.advance(32_000)
    expectNothingLeft({ clock, layer })
  })

  it('leaves nothing behind when the TU never answers', () => {
    const { clock, layer, udp, user } = layerWith()
    layer.createServer(bye(), udp, user)
    clock.advance(32_000)
    expect(user.heard).toEqual(['terminated'])
    expectNothingLeft({ clock, layer })
  })
})
