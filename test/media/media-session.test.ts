import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { MediaLeg } from '../../server/media/media-session.ts'
import { addressOf, attributes, directionOf, parseSdp } from '../../server/sip/sdp/sdp.ts'
import { browserSdp, phoneSdp, rtpengine, TestEngine, TestPhone } from './support/engine.ts'

const audioOf = (text: string) => parseSdp(text)!.media[0]!
const portOf = (text: string) => audioOf(text).port
const all = (text: string, name: string) => attributes(audioOf(text), name)

const legs = {
  web: { id: 'web', profile: 'webrtc' },
  web2: { id: 'web2', profile: 'webrtc' },
  phone: { id: 'phone', profile: 'rtp' },
  phone2: { id: 'phone2', profile: 'rtp' },
} as const satisfies Record<string, MediaLeg>

function expectForBrowser(sdp: string, setup: string) {
  const audio = audioOf(sdp)
  expect(audio.protocol).toBe('UDP/TLS/RTP/SAVPF')
  expect(attributes(audio, 'setup')).toEqual([setup])
  expect(attributes(audio, 'fingerprint')[0]).toMatch(/^sha-256 /)
  expect(attributes(audio, 'rtcp-mux')).toHaveLength(1)
  expect(attributes(audio, 'mid')).toHaveLength(1)
  expect(attributes(audio, 'candidate')).toHaveLength(1)
  expect(sdp).not.toContain('a=crypto')
}

function expectForPhone(sdp: string) {
  expect(audioOf(sdp).protocol).toBe('RTP/AVP')
  expect(addressOf(parseSdp(sdp)!, audioOf(sdp))).toBe('127.0.0.1')
  expect(sdp).not.toMatch(/a=(candidate|ice-|fingerprint|setup|crypto|rtcp-mux|ssrc|msid|extmap|rtcp-fb|group|mid)/)
}

describe.skipIf(!rtpengine)('a media session on a real rtpengine', () => {
  let engine: TestEngine
  const phones: TestPhone[] = []
  const openPhone = async () => {
    const phone = await TestPhone.open()
    phones.push(phone)
    return phone
  }

  beforeAll(async () => {
    engine = await TestEngine.start()
  })
  afterEach(async () => {
    for (const phone of phones.splice(0)) phone.close()
    // Whatever a test does, it leaves no session behind.
    const left = await engine.calls()
    for (const id of left) await engine.control.request('delete', { 'call-id': id })
    expect(left).toEqual([])
  })
  afterAll(() => engine.stop())

  it('gives a phone plain RTP and the browser an answer in which it is the DTLS client (ws-phone)', async () => {
    const session = engine.engines.open()
    const { web, phone } = legs
    expectForPhone(await session.offer({ sdp: browserSdp(), from: web, to: phone, branch: 'b1' }))
    expectForBrowser(await session.answer({ sdp: phoneSdp(4000), from: web, to: phone, branch: 'b1' }), 'passive')
    await session.delete()
  })

  it('gives a browser WebRTC and the phone an answer in plain RTP (phone-ws)', async () => {
    const session = engine.engines.open()
    const { web, phone } = legs
    expectForBrowser(await session.offer({ sdp: phoneSdp(4000), from: phone, to: web, branch: 'b1' }), 'actpass')
    expectForPhone(await session.answer({ sdp: browserSdp('active'), from: phone, to: web, branch: 'b1' }))
    await session.delete()
  })

  it('anchors media between two browsers: the only candidates are the engine’s (ws-ws)', async () => {
    const session = engine.engines.open()
    const { web, web2 } = legs
    const offer = await session.offer({ sdp: browserSdp(), from: web, to: web2, branch: 'b1' })
    expectForBrowser(offer, 'actpass')
    expect(all(offer, 'candidate')[0]).not.toContain(' 60929 ')
    expectForBrowser(await session.answer({ sdp: browserSdp('active'), from: web, to: web2, branch: 'b1' }), 'passive')
    await session.delete()
  })

  it('relays RTP both ways between two phones and counts it (phone-phone)', async () => {
    const session = engine.engines.open()
    const [caller, callee] = [await openPhone(), await openPhone()]
    const { phone, phone2 } = legs
    const offer = await session.offer({ sdp: caller.sdp, from: phone, to: phone2, branch: 'b1' })
    const answer = await session.answer({ sdp: callee.sdp, from: phone, to: phone2, branch: 'b1' })
    expectForPhone(offer)
    expectForPhone(answer)
    await exchange(caller, portOf(answer), callee, portOf(offer))
    expect(callee.received[0]!.subarray(12)).toEqual(Buffer.alloc(160, 0xd5))
    const figures = await session.query()
    expect(figures.legs.map(({ leg }) => leg).sort()).toEqual(['phone', 'phone2'])
    for (const leg of figures.legs) expect(leg.packets).toBeGreaterThan(0)
    expect(figures.legs.find(({ leg }) => leg === 'phone')!.ports).toEqual([portOf(answer)])
    await session.delete()
  })

  it.each(['phone', 'web'] as const)(
    'rings a phone and a browser at once with the right SDP each, and the %s answers',
    async winner => {
      const session = engine.engines.open()
      const caller = { id: 'caller', profile: 'webrtc' } as const
      const toPhone = await session.offer({ sdp: browserSdp(), from: caller, to: legs.phone, branch: 'b1' })
      const toWeb = await session.offer({ sdp: browserSdp(), from: caller, to: legs.web, branch: 'b2' })
      expectForPhone(toPhone)
      expectForBrowser(toWeb, 'actpass')
      expect(portOf(toPhone)).not.toBe(portOf(toWeb))
      const [won, lost] = winner === 'phone' ? ['b1', 'b2'] : ['b2', 'b1']
      const sdp = winner === 'phone' ? phoneSdp(4000) : browserSdp('active')
      const answer = await session.answer({ sdp, from: caller, to: legs[winner], branch: won })
      expectForBrowser(answer, 'passive')
      await session.deleteBranch(caller, lost)
      const { legs: left } = await session.query()
      expect(left.map(({ leg }) => leg).sort()).toEqual(['caller', winner].sort())
      await session.delete()
    },
  )

  it('keeps what the caller knows when the target changes after early media: offer first, then delete', async () => {
    const session = engine.engines.open()
    const [caller, first, second] = [await openPhone(), await openPhone(), await openPhone()]
    const from = { id: 'caller', profile: 'rtp' } as const
    await session.offer({ sdp: caller.sdp, from, to: legs.phone, branch: 'g1' })
    const early = await session.answer({ sdp: first.sdp, from, to: legs.phone, branch: 'g1' })
    const offer = await session.offer({ sdp: caller.sdp, from, to: legs.phone2, branch: 'g2' })
    await session.deleteBranch(from, 'g1')
    const answer = await session.answer({ sdp: second.sdp, from, to: legs.phone2, branch: 'g2' })
    expect(portOf(answer)).toBe(portOf(early))
    await exchange(caller, portOf(answer), second, portOf(offer))
    await session.delete()
  })

  it.each([
    ['ws-phone', legs.web, legs.phone],
    ['phone-ws', legs.phone, legs.web],
    ['ws-ws', legs.web, legs.web2],
    ['phone-phone', legs.phone, legs.phone2],
  ] as const)('keeps ports and names when either side offers again (%s)', async (_, from, to) => {
    const session = engine.engines.open()
    // A browser answers with the name that its section has in the offer, and keeps it.
    const mids = new Map<string, string>()
    const sdpOf = (leg: MediaLeg, setup: string) =>
      leg.profile === 'webrtc' ? browserSdp(setup, { mid: mids.get(leg.id) }) : phoneSdp(4000)
    const offer = await session.offer({ sdp: sdpOf(from, 'actpass'), from, to, branch: 'b1' })
    if (to.profile === 'webrtc') mids.set(to.id, all(offer, 'mid')[0]!)
    const answer = await session.answer({ sdp: sdpOf(to, 'active'), from, to, branch: 'b1' })

    const again = await session.offer({ sdp: sdpOf(from, 'actpass'), from, to, established: true })
    const answerAgain = await session.answer({ sdp: sdpOf(to, 'active'), from, to })
    const back = await session.offer({ sdp: sdpOf(to, 'actpass'), from: to, to: from, established: true })
    const answerBack = await session.answer({ sdp: sdpOf(from, 'active'), from: to, to: from })

    for (const [known, now] of [
      [offer, again],
      [answer, answerAgain],
      [answer, back],
      [offer, answerBack],
    ] as const) {
      expect(portOf(now)).toBe(portOf(known))
      for (const name of ['ice-ufrag', 'fingerprint', 'mid']) expect(all(now, name)).toEqual(all(known, name))
    }
    await session.delete()
  })

  it('answers a browser that has been refreshed without moving the phone', async () => {
    const session = engine.engines.open()
    const { web, phone } = legs
    const offer = await session.offer({ sdp: browserSdp(), from: web, to: phone, branch: 'b1' })
    await session.answer({ sdp: phoneSdp(4000), from: web, to: phone, branch: 'b1' })
    const refreshed = browserSdp('actpass', { ufrag: 'NEWU' }).replace('66:49:50', '77:77:77')
    const again = await session.offer({ sdp: refreshed, from: web, to: phone, established: true })
    const answer = await session.answer({ sdp: phoneSdp(4000), from: web, to: phone })
    expect(portOf(again)).toBe(portOf(offer))
    expectForBrowser(answer, 'passive')
    await session.delete()
  })

  it('takes a late offer: SDP in the 200 is the offer, SDP in the ACK the answer', async () => {
    const session = engine.engines.open()
    const { web, phone } = legs
    const toPhone = await session.offer({ sdp: browserSdp(), from: web, to: phone, branch: 'b1' })
    expectForPhone(toPhone)
    expectForBrowser(await session.answer({ sdp: phoneSdp(4000), from: web, to: phone, branch: 'b1' }), 'passive')
    // The phone re-INVITEs without SDP; the browser's 200 has an offer.
    const late = await session.offer({ sdp: browserSdp(), from: web, to: phone, established: true })
    expect(portOf(late)).toBe(portOf(toPhone))
    await session.answer({ sdp: phoneSdp(4000), from: web, to: phone })
    await session.delete()
  })

  it('passes a hold on', async () => {
    const session = engine.engines.open()
    const { web, phone } = legs
    await session.offer({ sdp: browserSdp(), from: web, to: phone, branch: 'b1' })
    await session.answer({ sdp: phoneSdp(4000), from: web, to: phone, branch: 'b1' })
    const held = browserSdp().replace('a=sendrecv', 'a=sendonly')
    const hold = parseSdp(await session.offer({ sdp: held, from: web, to: phone, established: true }))!
    expect(directionOf(hold, hold.media[0]!)).toBe('sendonly')
    await session.delete()
  })

  it('sends to where the signalling of a phone behind a NAT came from', async () => {
    const session = engine.engines.open()
    const { phone, phone2 } = legs
    const sdp = phoneSdp(4000, '192.168.77.7')
    await session.offer({ sdp, from: phone, to: phone2, branch: 'b1', signalledFrom: '203.0.113.9' })
    const reply = await engine.control.request('query', { 'call-id': session.id })
    expect(JSON.stringify(reply.tags)).toContain('"address":"203.0.113.9","port":4000')
    await session.delete()
  })

  it('goes on with a session that a token names, as after a restart', async () => {
    const { id, engineId, ...session } = opened(engine.engines.open())
    const { web, phone } = legs
    const offer = await session.offer({ sdp: browserSdp(), from: web, to: phone, branch: 'b1' })
    await session.answer({ sdp: phoneSdp(4000), from: web, to: phone, branch: 'b1' })
    const attached = engine.engines.attach(engineId, id)
    const again = await attached.offer({ sdp: browserSdp(), from: web, to: phone, established: true })
    expect(portOf(again)).toBe(portOf(offer))
    await attached.delete()
  })

  it('refuses an offer after its end, so that nothing comes back to life', async () => {
    const session = engine.engines.open()
    const { web, phone } = legs
    const offered = session.offer({ sdp: browserSdp(), from: web, to: phone, branch: 'b1' })
    const deleted = Promise.all([session.delete(), session.delete()])
    await expect(session.offer({ sdp: browserSdp(), from: web, to: phone, branch: 'b2' })).rejects.toMatchObject({
      code: 'NG_CLOSED',
    })
    await offered
    await deleted
    await session.delete()
  })

  it('rejects what is no SDP', async () => {
    const session = engine.engines.open()
    const { phone, phone2 } = legs
    await expect(session.offer({ sdp: 'hello', from: phone, to: phone2, branch: 'b1' })).rejects.toMatchObject({
      code: 'NG_REFUSED',
    })
    await session.delete()
  })

  it('leaves no port in use after many calls, answered, given up and forked', async () => {
    const used = async () => {
      const { statistics } = (await engine.control.request('statistics')) as unknown as {
        statistics: { interfaces: { ports: { used: number } }[] }
      }
      return statistics.interfaces[0]!.ports.used
    }
    const { web, phone, phone2 } = legs
    const calls = Array.from({ length: 30 }, async (_, i) => {
      const session = engine.engines.open()
      await session.offer({ sdp: browserSdp(), from: web, to: phone, branch: 'b1' })
      if (i % 3 > 0) await session.offer({ sdp: browserSdp(), from: web, to: phone2, branch: 'b2' })
      if (i % 3 > 1) await session.answer({ sdp: phoneSdp(4000), from: web, to: phone2, branch: 'b2' })
      await session.deleteBranch(web, 'b1')
      await session.delete()
    })
    await Promise.all(calls)
    // The engine closes ports a moment after it has answered the delete.
    await expect.poll(used, { timeout: 5000 }).toBe(0)
  })
})

/** Methods bound, so that they can be taken apart. */
function opened(session: ReturnType<TestEngine['engines']['open']>) {
  return {
    id: session.id,
    engineId: session.engineId,
    offer: session.offer.bind(session),
    answer: session.answer.bind(session),
  }
}

/** Both send until both have heard something: the first packets may be spent on learning. */
async function exchange(a: TestPhone, aSendsTo: number, b: TestPhone, bSendsTo: number): Promise<void> {
  for (let i = 0; i < 200 && (a.received.length === 0 || b.received.length === 0); i++) {
    a.send(aSendsTo)
    b.send(bSendsTo)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  expect(a.received.length).toBeGreaterThan(0)
  expect(b.received.length).toBeGreaterThan(0)
}
