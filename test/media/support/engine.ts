import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { systemClock } from '../../../server/lib/clock.ts'
import { silentLog } from '../../../server/lib/log.ts'
import { Engines, type EnginesOptions } from '../../../server/media/engines.ts'
import { findRtpengine } from '../../../server/media/find-rtpengine.ts'
import { NgClient } from '../../../server/media/ng/ng-client.ts'
import { SupervisedEngine } from '../../../server/media/supervised-engine.ts'

/** Where the tests find rtpengine; without one the tests that need it are skipped. */
export const rtpengine = await findRtpengine(process.env.PATH)

/** A real engine on loopback, our `Engines` on it, and a control client to look behind the scenes. */
export class TestEngine {
  readonly supervised: SupervisedEngine
  readonly engines: Engines
  readonly control: NgClient

  private constructor(supervised: SupervisedEngine, engines: Engines, control: NgClient) {
    this.supervised = supervised
    this.engines = engines
    this.control = control
  }

  static async start(options: Partial<EnginesOptions> = {}): Promise<TestEngine> {
    const common = { clock: systemClock, log: silentLog }
    const supervised = await SupervisedEngine.start({ path: rtpengine!, interfaces: ['127.0.0.1'], ...common })
    const engines = new Engines({ engines: [{ id: 'e1', address: supervised.address }], ...common, ...options })
    await engines.start()
    const port = Number(supervised.address.split(':')[2])
    const control = await NgClient.open({ host: '127.0.0.1', port, ...common })
    return new TestEngine(supervised, engines, control)
  }

  /** Ids of the sessions that the engine holds. */
  async calls(): Promise<string[]> {
    return (await this.control.request('list', { limit: 1000 })).calls as string[]
  }

  async stop(): Promise<void> {
    this.control.close()
    this.engines.close()
    await this.supervised.close()
  }
}

/** A phone's media: one UDP socket, its SDP, and what has arrived. */
export class TestPhone {
  readonly socket: Socket
  readonly received: Buffer[] = []
  #sequence = 0

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('message', packet => this.received.push(packet))
  }

  static async open(): Promise<TestPhone> {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return new TestPhone(socket)
  }

  get sdp(): string {
    return phoneSdp(this.socket.address().port)
  }

  send(port: number): void {
    const header = Buffer.from([0x80, 0, 0, ++this.#sequence, 0, 0, 0, this.#sequence * 160, 0xaa, 0xbb, 0xcc, 0xdd])
    this.socket.send(Buffer.concat([header, Buffer.alloc(160, 0xd5)]), port, '127.0.0.1')
  }

  close(): void {
    this.socket.close()
  }
}

export const phoneSdp = (port: number, address = '127.0.0.1', extra = ''): string =>
  `v=0\r\no=- 1 1 IN IP4 ${address}\r\ns=-\r\nc=IN IP4 ${address}\r\nt=0 0\r\n` +
  `m=audio ${port} RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n${extra}`

/** What Chromium 156 offers for one audio track, with one codec fewer. */
export const browserSdp = (setup = 'actpass', { ufrag = 'vumD', mid = '0' } = {}): string =>
  [
    'v=0',
    'o=- 6738602028952088721 2 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    `a=group:BUNDLE ${mid}`,
    'a=extmap-allow-mixed',
    'a=msid-semantic: WMS bf6716c8',
    'm=audio 60929 UDP/TLS/RTP/SAVPF 111 0 8 126',
    'c=IN IP4 127.0.0.1',
    'a=rtcp:9 IN IP4 0.0.0.0',
    `a=candidate:1 1 udp 2113937151 127.0.0.1 60929 typ host`,
    `a=ice-ufrag:${ufrag}`,
    'a=ice-pwd:qXiy20ogcfye9/hx1HW9UrZP',
    'a=ice-options:trickle',
    'a=fingerprint:sha-256 66:49:50:69:82:0E:F0:0D:18:8F:B3:99:46:A5:35:B7:A2:BE:70:DD:7E:1F:FA:A5:A8:2D:43:AD:A1:C0:B0:F0',
    `a=setup:${setup}`,
    `a=mid:${mid}`,
    'a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level',
    'a=sendrecv',
    'a=msid:bf6716c8 be6456da',
    'a=rtcp-mux',
    'a=rtcp-rsize',
    'a=rtpmap:111 opus/48000/2',
    'a=rtcp-fb:111 transport-cc',
    'a=rtpmap:126 telephone-event/8000',
    'a=ssrc:2351619457 cname:WyVRoYDFI+pOWXkg',
    '',
  ].join('\r\n')
