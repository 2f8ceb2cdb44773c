export const directions = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const
export type Direction = (typeof directions)[number]

/** One line as it was written. */
export interface Line {
  /** The letter before `=`; empty for what is no SDP line at all. */
  readonly type: string
  /** What follows `=`, without trailing white space. */
  readonly value: string
  /** The whole line with its line end: what is written back. */
  readonly raw: string
}

/** The lines up to the first `m=`, or those from one `m=` to the next. */
export interface Section {
  readonly lines: readonly Line[]
}

export interface MediaSection extends Section {
  /** `audio`, `video`, `application` …, lower case. */
  readonly kind: string
  /** 0: refused, or for an offer not wanted. */
  readonly port: number
  /** As written: `RTP/AVP`, `UDP/TLS/RTP/SAVPF` … */
  readonly protocol: string
  /** Payload types in order of preference, as written. */
  readonly formats: readonly string[]
}

/** A session description as its lines (RFC 8866): what nobody touches is written back byte for byte. */
export interface Sdp {
  readonly session: Section
  readonly media: readonly MediaSection[]
}

/** Lines that one description may have; more are no SDP for us. A browser's largest are around 500. */
export const maxLines = 4000

/**
 * Reads leniently: bare LF, trailing white space and unknown lines are kept as they are. undefined for what is no SDP: no
 * `v=` line at its head, an `m=` line without its four parts, or more than `maxLines` lines.
 */
export function parseSdp(text: string): Sdp | undefined {
  const lines = splitLines(text)
  if (lines.length > maxLines || lines[0]?.type !== 'v') return undefined
  const starts = lines.flatMap((line, i) => (line.type === 'm' ? [i] : []))
  const media: MediaSection[] = []
  for (const [i, start] of starts.entries()) {
    const section = parseMediaSection(lines.slice(start, starts[i + 1]))
    if (!section) return undefined
    media.push(section)
  }
  return { session: { lines: lines.slice(0, starts[0]) }, media }
}

export function serializeSdp(sdp: Sdp): string {
  return [sdp.session, ...sdp.media].flatMap(section => section.lines.map(line => line.raw)).join('')
}

/** The value of the first line of this type. */
export const lineValue = (section: Section, type: string): string | undefined =>
  section.lines.find(line => line.type === type)?.value

/** Values of `a=name:value`, `''` for `a=name`; names compare without case. */
export function attributes(section: Section, name: string): string[] {
  return section.lines.flatMap(line => {
    if (line.type !== 'a') return []
    const colon = line.value.indexOf(':')
    const key = colon < 0 ? line.value : line.value.slice(0, colon)
    return key.toLowerCase() === name ? [colon < 0 ? '' : line.value.slice(colon + 1).trim()] : []
  })
}

/** A media section inherits the direction of the session; without any it is `sendrecv` (RFC 8866 §6.7). */
export function directionOf(sdp: Sdp, section: MediaSection): Direction {
  for (const level of [section, sdp.session])
    for (const direction of directions) if (attributes(level, direction).length) return direction
  return 'sendrecv'
}

/** Address of the `c=` line that holds for the section, without a TTL; undefined when there is none. */
export function addressOf(sdp: Sdp, section: MediaSection): string | undefined {
  const connection = lineValue(section, 'c') ?? lineValue(sdp.session, 'c')
  return connection?.split(/[ \t]+/)[2]?.split('/', 1)[0]
}

function splitLines(text: string): Line[] {
  // Blank lines at the end belong to the last line, so that no byte is lost and none becomes a line of its own.
  return (text.match(/[^\r\n]*(?:\r\n|\r|\n|$)[\r\n]*/g) ?? []).filter(raw => raw !== '').map(readLine)
}

function readLine(raw: string): Line {
  const line = raw.trimEnd()
  const isLine = /^[a-z]=/i.test(line)
  return isLine ? { type: line[0]!.toLowerCase(), value: line.slice(2).trim(), raw } : { type: '', value: line, raw }
}

const mediaLine = /^([^ \t]+)[ \t]+([0-9]{1,5})(?:\/[0-9]+)?[ \t]+([^ \t]+)[ \t]+(.*)$/

function parseMediaSection(lines: readonly Line[]): MediaSection | undefined {
  const match = mediaLine.exec(lines[0]!.value)
  const port = Number(match?.[2])
  if (!match || port > 65_535) return undefined
  return { lines, kind: match[1]!.toLowerCase(), port, protocol: match[3]!, formats: match[4]!.split(/[ \t]+/) }
}
