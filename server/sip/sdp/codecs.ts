import { attributes, type MediaSection } from './sdp.ts'

export interface Codec {
  readonly payloadType: number
  /** Encoding name, lower case: `pcmu`, `opus`, `telephone-event` … */
  readonly name: string
  /** RTP clock rate in Hz. */
  readonly clockRate: number
}

/** Static payload types of RFC 3551 §6 that phones still offer without `a=rtpmap`. */
const staticCodecs: Readonly<Record<number, readonly [name: string, clockRate: number]>> = {
  0: ['pcmu', 8000],
  3: ['gsm', 8000],
  4: ['g723', 8000],
  8: ['pcma', 8000],
  9: ['g722', 8000],
  13: ['cn', 8000],
  15: ['g728', 8000],
  18: ['g729', 8000],
}

/** The codecs of a section in order of preference; a format without a meaning that we know is left out. */
export function codecsOf(section: MediaSection): Codec[] {
  const mapped = new Map<number, Codec>()
  for (const value of attributes(section, 'rtpmap')) {
    const match = /^([0-9]{1,3})[ \t]+([^/ \t]+)\/([0-9]{1,6})/.exec(value)
    if (!match) continue
    const payloadType = Number(match[1])
    mapped.set(payloadType, { payloadType, name: match[2]!.toLowerCase(), clockRate: Number(match[3]) })
  }
  return section.formats.flatMap(format => {
    const payloadType = /^[0-9]{1,3}$/.test(format) ? Number(format) : NaN
    const fixed = staticCodecs[payloadType]
    const codec = mapped.get(payloadType) ?? (fixed && { payloadType, name: fixed[0], clockRate: fixed[1] })
    return codec ? [codec] : []
  })
}
