/** What has come in from one leg so far. */
export interface LegFigures {
  /** `MediaLeg.id` */
  readonly leg: string
  readonly packets: number
  readonly bytes: number
  readonly errors: number
  /** Milliseconds since the epoch of the last packet; undefined when none has come yet. */
  readonly lastPacketAt?: number
  /** The engine's RTP ports towards this leg, one per media section, 0 where refused. */
  readonly ports: readonly number[]
}

export interface SessionFigures {
  readonly legs: readonly LegFigures[]
}

/** Picks our figures out of the reply to `query`, whatever else or other is in it. */
export function readFigures(reply: unknown): SessionFigures {
  const tags = Object.entries(dictionary(dictionary(reply).tags))
  // A target that has not answered has no tag yet and stands there under a name in angle brackets.
  return { legs: tags.filter(([tag]) => !tag.startsWith('<')).map(([tag, leg]) => readLeg(tag, leg)) }
}

function readLeg(tag: string, value: unknown): LegFigures {
  // The first stream of a section is RTP, with RTCP in it where the two share a port.
  const streams = list(dictionary(value).medias).map(media => dictionary(list(dictionary(media).streams)[0]))
  const stats = streams.map(stream => dictionary(stream.stats))
  const sum = (key: string) => stats.reduce((total, stat) => total + number(stat[key]), 0)
  const packets = sum('packets')
  // The engine sets `last packet` to the time of the offer at first.
  const lastPacketAt = packets ? Math.max(...streams.map(stream => number(stream['last packet']))) * 1000 : undefined
  const ports = streams.map(stream => number(stream['local port']))
  return { leg: tag, packets, bytes: sum('bytes'), errors: sum('errors'), lastPacketAt, ports }
}

const dictionary = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const number = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0)
