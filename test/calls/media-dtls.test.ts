import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { existsSync } from 'node:fs'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { EchoMedia } from '../../server/apps/echo/echo-media.ts'
import type { MediaLeg, MediaSession } from '../../server/media/media-session.ts'
import { attributes, parseSdp } from '../../server/sip/sdp/sdp.ts'
import { phoneSdp, rtpengine, TestEngine } from '../media/support/engine.ts'

const executablePath = '/usr/bin/chromium'

/** What a peer connection in the page reports. */
interface Report {
  readonly state: string
  readonly dtlsRole: string
  readonly received: number
  readonly remotePort: number
}

/** `RTCPeerConnection`s of one page, by name, driven by SDP. Runs in the browser. */
const pageScript = `
const connections = {}
async function open(name) {
  const pc = (connections[name] = new RTCPeerConnection())
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true })
  for (const track of stream.getTracks()) pc.addTrack(track, stream)
  return pc
}
async function described(pc, description) {
  await pc.setLocalDescription(description)
  while (pc.iceGatheringState !== 'complete') await new Promise(done => pc.addEventListener('icegatheringstatechange', done, { once: true }))
  return pc.localDescription.sdp
}
const pages = {
  offer: async (name, options) => { const pc = connections[name] ?? (await open(name)); return described(pc, await pc.createOffer(options)) },
  take: (name, sdp) => connections[name].setRemoteDescription({ type: 'answer', sdp }),
  answer: async (name, sdp) => {
    const pc = connections[name] ?? (await open(name))
    await pc.setRemoteDescription({ type: 'offer', sdp })
    return described(pc, await pc.createAnswer())
  },
  report: async name => {
    const stats = [...(await connections[name].getStats()).values()]
    const transport = stats.find(s => s.type === 'transport')
    const pair = stats.find(s => s.id === transport?.selectedCandidatePairId)
    return {
      state: connections[name].connectionState,
      dtlsRole: transport?.dtlsRole ?? '',
      received: stats.find(s => s.type === 'inbound-rtp')?.packetsReceived ?? 0,
      remotePort: stats.find(s => s.id === pair?.remoteCandidateId)?.port ?? 0,
    }
  },
  closeAll: () => { for (const name of Object.keys(connections)) { connections[name].close(); delete connections[name] } },
}`

const web = { id: 'web', profile: 'webrtc' } as const satisfies MediaLeg
const web2 = { id: 'web2', profile: 'webrtc' } as const satisfies MediaLeg
const phone = { id: 'phone', profile: 'rtp' } as const satisfies MediaLeg

const portOf = (sdp: string) => parseSdp(sdp)!.media[0]!.port
const setupOf = (sdp: string) => attributes(parseSdp(sdp)!.media[0]!, 'setup')[0]

describe.skipIf(!rtpengine || !existsSync(executablePath))(
  'DTLS between Chromium and an rtpengine without options',
  () => {
    let server: Server
    let browser: Browser
    let page: Page
    let engine: TestEngine
    let session: MediaSession
    let echo: EchoMedia

    const run = <T>(verb: string, ...args: unknown[]): Promise<T> =>
      page.evaluate(`pages[${JSON.stringify(verb)}](...${JSON.stringify(args)})`)
    const report = (name: string) => run<Report>('report', name)

    /** Waits until the connection hears more packets than it has heard so far. */
    async function hears(name: string): Promise<Report> {
      const { received } = await report(name)
      for (;;) {
        const now = await report(name)
        if (now.received > received + 5 && now.dtlsRole) return now
        if (now.state === 'failed') throw new Error(`connection failed: ${JSON.stringify(now)}`)
        await new Promise(resolve => setTimeout(resolve, 50))
      }
    }
    const sdpOfPhone = () => phoneSdp(echo.port)

    beforeAll(async () => {
      server = createServer((_, response) => {
        response.setHeader('content-type', 'text/html')
        response.end(`<!doctype html><script>${pageScript}</script>`)
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      engine = await TestEngine.start()
      browser = await chromium.launch({
        executablePath,
        chromiumSandbox: false,
        args: [
          '--use-fake-device-for-media-stream',
          '--use-fake-ui-for-media-stream',
          '--allow-loopback-in-peer-connection',
          '--disable-gpu',
          '--no-first-run',
          '--disable-background-networking',
        ],
      })
      page = await browser.newPage()
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    })
    afterAll(async () => {
      await browser.close()
      await engine.stop()
      server.close()
    })
    beforeEach(async () => {
      session = engine.engines.open()
      echo = await EchoMedia.open({ address: '127.0.0.1', mayHear: () => true, heard: () => undefined })
    })
    afterEach(async () => {
      await run('closeAll')
      await session.delete()
      echo.close()
      expect(await engine.calls()).toEqual([])
    })

    /** A call from the browser to the phone; a pause before the answer gives ICE and DTLS time to run ahead of it. */
    async function browserCallsPhone(ringMs = 0) {
      const offer = await session.offer({ sdp: await run('offer', 'a'), from: web, to: phone, branch: 'b1' })
      await new Promise(resolve => setTimeout(resolve, ringMs))
      const answer = await session.answer({ sdp: sdpOfPhone(), from: web, to: phone, branch: 'b1' })
      await run('take', 'a', answer)
      return { offer, answer }
    }

    it.each([0, 1500])('makes a browser that calls a phone the client, answered after %i ms', async ringMs => {
      const { answer } = await browserCallsPhone(ringMs)
      expect(setupOf(answer)).toBe('passive')
      const heard = await hears('a')
      expect(heard).toMatchObject({ state: 'connected', dtlsRole: 'client', remotePort: portOf(answer) })
      const { legs } = await session.query()
      expect(legs.find(({ leg }) => leg === 'phone')!.packets).toBeGreaterThan(0)
    })

    it('makes a browser that a phone calls the client', async () => {
      const offer = await session.offer({ sdp: sdpOfPhone(), from: phone, to: web, branch: 'b1' })
      const answer = await run<string>('answer', 'a', offer)
      expect(setupOf(answer)).toBe('active')
      await session.answer({ sdp: answer, from: phone, to: web, branch: 'b1' })
      expect(await hears('a')).toMatchObject({ state: 'connected', dtlsRole: 'client', remotePort: portOf(offer) })
    })

    it('makes both browsers the client, and carries their media', async () => {
      const offer = await session.offer({ sdp: await run('offer', 'a'), from: web, to: web2, branch: 'b1' })
      const accepted = await run<string>('answer', 'b', offer)
      const answer = await session.answer({ sdp: accepted, from: web, to: web2, branch: 'b1' })
      await run('take', 'a', answer)
      expect(await hears('a')).toMatchObject({ state: 'connected', dtlsRole: 'client', remotePort: portOf(answer) })
      expect(await hears('b')).toMatchObject({ state: 'connected', dtlsRole: 'client', remotePort: portOf(offer) })
      const { legs } = await session.query()
      for (const leg of legs) expect(leg.packets).toBeGreaterThan(5)
    })

    it('keeps role and sound when either side offers again, and over an ICE restart', async () => {
      await browserCallsPhone()
      await hears('a')

      for (const iceRestart of [false, true]) {
        await session.offer({ sdp: await run('offer', 'a', { iceRestart }), from: web, to: phone, established: true })
        await run('take', 'a', await session.answer({ sdp: sdpOfPhone(), from: web, to: phone }))
        expect(await hears('a')).toMatchObject({ state: 'connected', dtlsRole: 'client' })
      }

      const back = await session.offer({ sdp: sdpOfPhone(), from: phone, to: web, established: true })
      await session.answer({ sdp: await run('answer', 'a', back), from: phone, to: web })
      expect(await hears('a')).toMatchObject({ state: 'connected', dtlsRole: 'client' })
    })

    it('lets a browser come back after a page refresh while the phone stays where it is', async () => {
      const { offer } = await browserCallsPhone()
      await hears('a')
      await run('closeAll')
      const again = await session.offer({ sdp: await run('offer', 'a'), from: web, to: phone, established: true })
      expect(portOf(again)).toBe(portOf(offer))
      await run('take', 'a', await session.answer({ sdp: sdpOfPhone(), from: web, to: phone }))
      expect(await hears('a')).toMatchObject({ state: 'connected', dtlsRole: 'client' })
    })
  },
)
