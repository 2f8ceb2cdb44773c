import { codecsOf } from '../../sip/sdp/codecs.ts'
import { addressOf, directionOf, lineValue, type Direction, type MediaSection, type Sdp } from '../../sip/sdp/sdp.ts'

/** Where our media is, and which description of the session this is (RFC 8866 §5.2). */
export interface Local {
  readonly address: string
  readonly port: number
  readonly sessionId: string
  readonly version: number
}

/** What the far end has said about the audio that we echo. */
export interface Remote {
  readonly address: string
  readonly port: number
  /** As seen from the far end. */
  readonly direction: Direction
}

const protocols = new Set(['RTP/AVP', 'RTP/AVPF'])

/** Lines of an offered section that an answer repeats, because it accepts every codec as it is. */
const repeated = /^(?:rtpmap|fmtp|ptime|maxptime):/i

/** RFC 3264 §6.1: what the other side only sends, we only receive. */
const answerTo: Readonly<Record<Direction, Direction>> = {
  sendrecv: 'sendrecv',
  sendonly: 'recvonly',
  recvonly: 'sendonly',
  inactive: 'inactive',
}

/** The first audio in plain RTP that is wanted and has a codec we know by name; undefined when there is none. */
export function readRemote(sdp: Sdp): Remote | undefined {
  const section = echoedSection(sdp)
  const address = section && addressOf(sdp, section)
  return address === undefined ? undefined : { address, port: section!.port, direction: directionOf(sdp, section!) }
}

/** Answer to an offer that `readRemote` likes: that one section with all its codecs, the others refused with port 0. */
export function answerSdp(offer: Sdp, local: Local): string {
  const chosen = echoedSection(offer)
  const sections = offer.media.map(section =>
    section === chosen ? acceptSection(offer, section, local.port) : refuseSection(section),
  )
  // The time description of an answer is that of the offer (RFC 3264 §6).
  return sessionPart(local, lineValue(offer.session, 't') ?? '0 0') + sections.join('')
}

/** Our own offer, for an INVITE without one: what every phone has. */
export const offerSdp = (local: Local): string =>
  `${sessionPart(local, '0 0')}m=audio ${local.port} RTP/AVP 0 8 101\r\n` +
  'a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=sendrecv\r\n'

const echoedSection = (sdp: Sdp): MediaSection | undefined =>
  sdp.media.find(
    section =>
      section.kind === 'audio' &&
      section.port > 0 &&
      protocols.has(section.protocol.toUpperCase()) &&
      codecsOf(section).length > 0,
  )

function sessionPart({ address, sessionId, version }: Local, time: string): string {
  const family = address.includes(':') ? 'IP6' : 'IP4'
  const origin = `echo ${sessionId} ${version} IN ${family} ${address}`
  return `v=0\r\no=${origin}\r\ns=echo\r\nc=IN ${family} ${address}\r\nt=${time}\r\n`
}

function acceptSection(sdp: Sdp, section: MediaSection, port: number): string {
  const kept = section.lines.filter(line => line.type === 'a' && repeated.test(line.value))
  const lines = [
    `m=audio ${port} ${section.protocol} ${section.formats.join(' ')}`,
    ...kept.map(line => `a=${line.value}`),
    `a=${answerTo[directionOf(sdp, section)]}`,
  ]
  return lines.map(line => `${line}\r\n`).join('')
}

const refuseSection = ({ kind, protocol, formats }: MediaSection): string =>
  `m=${kind} 0 ${protocol} ${formats.join(' ')}\r\n`
