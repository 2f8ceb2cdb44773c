export const transports = ['udp', 'tcp', 'tls', 'ws', 'wss'] as const
export type Transport = (typeof transports)[number]

/** A socket address; an IPv6 host without brackets. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** What is left of a flow when it is written down: enough to find it again, or for UDP to make it again. */
export interface FlowRef {
  /** For a connection unique in this process' life; for UDP made of the two addresses. */
  readonly id: string
  readonly transport: Transport
  readonly local: Address
  readonly remote: Address
}

/**
 * The way to one peer: a connection, or for UDP the pair of addresses (RFC 5626 §3.1). A peer behind a NAT or a browser is
 * reached on the flow it opened and nowhere else.
 */
export interface Flow extends FlowRef {
  /** All but UDP: what is sent arrives or the flow fails; no retransmission. */
  readonly reliable: boolean
  readonly isOpen: boolean
  /** Sends one complete SIP message (latin-1). Never throws: `failed` is called, once at most, when it could not be sent. */
  send(text: string, failed?: (error: Error) => void): void
  /** Final and idempotent. A UDP flow has nothing to close. */
  close(why?: string): void
}
