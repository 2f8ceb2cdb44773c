/** What the transports bear. Of each limit 0 switches it off. */
export interface TransportLimits {
  /** Bytes of one message; longer: 513, and a stream is closed after it. Default 65,536. */
  readonly messageBytes: number
  /** Bytes of the header on a stream, start line included; longer: 513 and close. Default 32,768. */
  readonly headerBytes: number
  /** Header fields of one message; more: 400. Default 256. */
  readonly headerFields: number
  /** Open connections in all; a further one is closed at once (a WebSocket: HTTP 503). Default 20,000. */
  readonly connections: number
  /** Open connections of one IPv4 address or IPv6 /64, likewise. Default 1,000. */
  readonly connectionsPerAddress: number
  /** Accepted stream: from accept to the first complete message, and from first to last byte of any message. Default 30,000. */
  readonly messageTimeoutMs: number
  /** Outgoing connection: until TCP, and for TLS the handshake, is through. Default 5,000. */
  readonly connectTimeoutMs: number
  /** Bytes that wait for a peer that does not read; one message more than this closes the connection. Default 1,048,576. */
  readonly sendBufferBytes: number
  /** Between pings to a WebSocket; it is closed when two have no answer at the third. Default 15,000. */
  readonly pingIntervalMs: number
}

export const defaultTransportLimits: TransportLimits = {
  messageBytes: 65_536,
  headerBytes: 32_768,
  headerFields: 256,
  connections: 20_000,
  connectionsPerAddress: 1_000,
  messageTimeoutMs: 30_000,
  connectTimeoutMs: 5_000,
  sendBufferBytes: 1_048_576,
  pingIntervalMs: 15_000,
}

/** The defaults with `given` over them, and 0 made "no limit". */
export function resolveLimits(given: Partial<TransportLimits> = {}): TransportLimits {
  const merged = { ...defaultTransportLimits }
  for (const key of Object.keys(merged) as (keyof TransportLimits)[]) {
    const value = given[key] ?? merged[key]
    merged[key] = value === 0 ? Infinity : value
  }
  return merged
}
