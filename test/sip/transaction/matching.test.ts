import { describe, expect, it } from 'vitest'
import { answer, expectNothingLeft, incoming, layerWith, outgoing, reply, type Variation } from './harness.ts'

/** Is `second` taken for a retransmission of `first`? */
function matches(first: Variation, second: Variation): boolean {
  const scene = layerWith()
  scene.layer.createServer(incoming(first), scene.udp, scene.user)
  const absorbed = scene.layer.absorb(incoming(second), scene.udp)
  scene.layer.close()
  expectNothingLeft(scene)
  return absorbed
}

describe('a request whose branch has the cookie (RFC 3261 §17.2.3)', () => {
  const via = 'SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds'

  it('is a retransmission when branch, sent-by and method are the same', () => {
    expect(matches({}, {})).toBe(true)
    expect(matches({ method: 'OPTIONS' }, { method: 'OPTIONS' })).toBe(true)
  })

  it('is a retransmission whatever else has changed', () => {
    expect(matches({}, { uri: 'sip:other@biloxi.com', callId: 'other', fromTag: 'other', cseq: 7 })).toBe(true)
  })

  it('is a new request with another branch', () => {
    expect(matches({ via }, { via: `${via}x` })).toBe(false)
  })

  it('is a new request with another host or port in sent-by', () => {
    expect(matches({ via }, { via: via.replace('pc33', 'pc34') })).toBe(false)
    expect(matches({ via }, { via: via.replace('.com', '.com:5070') })).toBe(false)
  })

  it('compares hosts without case, and a default port with none', () => {
    expect(matches({ via }, { via: via.replace('pc33', 'PC33') })).toBe(true)
    expect(matches({ via }, { via: via.replace('.com', '.com:5060') })).toBe(true)
  })

  it('is a new request with another method', () => {
    expect(matches({}, { method: 'CANCEL' })).toBe(false)
    expect(matches({ method: 'REGISTER' }, { method: 'OPTIONS' })).toBe(false)
  })

  it('is matched by the top Via alone', () => {
    expect(matches({ via }, { via: `${via}, SIP/2.0/UDP other.example.com;branch=z9hG4bKother` })).toBe(true)
  })
})

describe('a request without the cookie is matched as RFC 2543 has it', () => {
  for (const via of [
    'SIP/2.0/UDP pc33.atlanta.com',
    'SIP/2.0/UDP pc33.atlanta.com;branch=1',
    'SIP/2.0/UDP a;branch=z9hG4bK',
  ]) {
    it(`with ${via}`, () => {
      expect(matches({ via }, { via })).toBe(true)
      expect(matches({ via, method: 'OPTIONS' }, { via, method: 'OPTIONS' })).toBe(true)
    })

    for (const other of [
      { uri: 'sip:other@biloxi.com' },
      { toTag: 'other' },
      { fromTag: 'other' },
      { callId: 'other' },
      { cseq: 2 },
      { method: 'OPTIONS' },
      { via: `${via};more` },
    ])
      it(`with ${via} but another ${Object.keys(other).join()} it is a new request`, () => {
        expect(matches({ via }, { via, ...other })).toBe(false)
      })
  }
})

describe('an ACK', () => {
  function acknowledge(status: number, ack: Variation, invite: Variation = {}): boolean {
    const scene = layerWith()
    scene.layer.createServer(incoming(invite), scene.udp, scene.user)!.respond(reply(status), status)
    const absorbed = scene.layer.absorb(incoming({ method: 'ACK', ...ack }), scene.udp)
    scene.layer.close()
    return absorbed
  }

  it('for a non-2xx belongs to the transaction of its INVITE', () => {
    expect(acknowledge(486, { toTag: 'z1' })).toBe(true)
  })

  it('for a 2xx has another branch and MUST be passed to the TU', () => {
    expect(acknowledge(200, { toTag: 'z1', via: 'SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKnew' })).toBe(false)
  })

  it('for a 2xx MUST be passed to the TU even with the branch of the INVITE (RFC 6026 §7.1)', () => {
    expect(acknowledge(200, { toTag: 'z1' })).toBe(false)
  })

  it('before a final response is absorbed', () => {
    expect(acknowledge(180, { toTag: 'z1' })).toBe(true)
  })

  it('never matches a transaction that is no INVITE', () => {
    expect(acknowledge(200, { toTag: 'z1' }, { method: 'BYE' })).toBe(false)
  })

  const via = 'SIP/2.0/UDP pc33.atlanta.com'

  it('of RFC 2543 must have the To tag of the response', () => {
    expect(acknowledge(486, { via, toTag: 'z1' }, { via })).toBe(true)
    expect(acknowledge(486, { via, toTag: 'other' }, { via })).toBe(false)
    expect(acknowledge(486, { via }, { via })).toBe(false)
  })

  it('of RFC 2543 is matched inside a dialog, where the INVITE has that To tag itself', () => {
    expect(acknowledge(486, { via, toTag: 'z1' }, { via, toTag: 'z1' })).toBe(true)
    expect(acknowledge(486, { via, toTag: 'z1' }, { via, toTag: 'z2' })).toBe(false)
  })

  it('of RFC 2543 must have Request-URI, From tag, Call-ID, CSeq number and Via of the INVITE', () => {
    for (const other of [{ uri: 'sip:x@y' }, { fromTag: 'x' }, { callId: 'x' }, { cseq: 9 }, { via: `${via}:5062` }])
      expect(acknowledge(486, { via, toTag: 'z1', ...other }, { via })).toBe(false)
  })

  it('makes no transaction', () => {
    const { layer, udp, user } = layerWith()
    expect(() => layer.createServer(incoming({ method: 'ACK' }), udp, user)).toThrow(TypeError)
    expect(() => layer.createClient(outgoing('ACK'), udp, user)).toThrow(TypeError)
  })
})

describe('a CANCEL', () => {
  it('names the INVITE with its branch and sent-by, and is a transaction of its own (§9.2)', () => {
    const scene = layerWith()
    const { layer, udp, user, clock } = scene
    const invite = layer.createServer(incoming(), udp, user)!
    const cancel = incoming({ method: 'CANCEL' })
    expect(layer.absorb(cancel, udp)).toBe(false)
    expect(layer.findCancelled(cancel)).toBe(invite)
    layer.createServer(cancel, udp, user)!.respond(reply(200), 200)
    invite.respond(reply(487), 487)
    expect(layer.absorb(cancel, udp)).toBe(true)
    expect(layer.absorb(incoming({ method: 'ACK', toTag: 'z1' }), udp)).toBe(true)
    expect(udp.summary).toEqual(['200', '487', '200'])
    clock.advance(32_000)
    expectNothingLeft(scene)
  })

  it('of another branch, or of a request that is no INVITE, names nothing', () => {
    const { layer, udp, user } = layerWith()
    layer.createServer(incoming({ method: 'BYE' }), udp, user)
    expect(layer.findCancelled(incoming({ method: 'CANCEL' }))).toBeUndefined()
    layer.createServer(incoming(), udp, user)
    const via = 'SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKother'
    expect(layer.findCancelled(incoming({ method: 'CANCEL', via }))).toBeUndefined()
    layer.close()
  })

  it('that comes too late finds the final status', () => {
    const { layer, udp, user } = layerWith()
    layer.createServer(incoming(), udp, user)!.respond(reply(200), 200)
    expect(layer.findCancelled(incoming({ method: 'CANCEL' }))?.finalStatus).toBe(200)
    layer.close()
  })

  it('of RFC 2543 names its INVITE too', () => {
    const { layer, udp, user } = layerWith()
    const via = 'SIP/2.0/UDP pc33.atlanta.com'
    const invite = layer.createServer(incoming({ via }), udp, user)
    expect(layer.findCancelled(incoming({ method: 'CANCEL', via }))).toBe(invite)
    expect(layer.findCancelled(incoming({ method: 'CANCEL', via, cseq: 2 }))).toBeUndefined()
    layer.close()
  })
})

describe('a response', () => {
  function taken(variation: Parameters<typeof answer>[1]): boolean {
    const { layer, udp, user } = layerWith()
    layer.createClient(outgoing(), udp, user)
    const result = layer.receiveResponse(answer(180, variation))
    expect(user.heard).toEqual(result ? ['180'] : [])
    layer.close()
    return result
  }

  it('belongs to the client transaction with its branch and CSeq method (§17.1.3)', () => {
    expect(taken({})).toBe(true)
    expect(taken({ branch: 'z9hG4bKother' })).toBe(false)
    expect(taken({ method: 'CANCEL' })).toBe(false)
  })

  it('whose top Via is not ours MUST be dropped (§18.1.2)', () => {
    expect(taken({ host: 'elsewhere.example.com' })).toBe(false)
    expect(taken({ host: 'BIGBOX3.site3.atlanta.com:5060' })).toBe(true)
  })

  it('to a CANCEL does not touch the INVITE', () => {
    const { layer, udp, user } = layerWith()
    const client = layer.createClient(outgoing(), udp, user)
    layer.receiveResponse(answer(180))
    client.cancel()
    expect(layer.receiveResponse(answer(200, { method: 'CANCEL' }))).toBe(true)
    expect(user.heard).toEqual(['180'])
    expect(client.state).toBe('cancelling')
    layer.close()
  })
})
