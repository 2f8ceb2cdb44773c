/** Where a contact was seen: what its flow looked like when it registered (`sip/transport` `FlowRef`, as plain data). */
export interface BindingFlow {
  readonly id: string
  readonly transport: 'udp' | 'tcp' | 'tls' | 'ws' | 'wss'
  readonly local: { readonly host: string; readonly port: number }
  readonly remote: { readonly host: string; readonly port: number }
}

/** One address-of-record ↔ contact association (RFC 3261 §10). Plain data: it is written to the store as it is. */
export interface Binding {
  /** Ours: random, the same for the whole life of the binding, over refreshes and new sockets of the same instance. */
  readonly id: string
  /** `sip:user@domain`, canonical: lower-case domain, no port, no parameters. */
  readonly aor: string
  /** `+sip.instance` and `reg-id` where the contact has both (RFC 5626 §6), else the contact URI: unique in its AOR. */
  readonly key: string
  /** Contact URI as registered, without brackets. */
  readonly contact: string
  /** The other header parameters of the contact as it gave them, `;+sip.instance="<…>";q=0.7`, without `expires`. */
  readonly params?: string
  readonly instanceId?: string
  readonly regId?: number
  /** Thousandths, 0 to 1000; 1000 when the contact gave no q. */
  readonly q: number
  readonly callId: string
  readonly cseq: number
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  readonly userAgent?: string
  /** Allow header field or `methods` parameter, as written. */
  readonly methods?: string
  /** Path vector, top first, each a name-addr as written (RFC 3327). */
  readonly path: readonly string[]
  readonly flow: BindingFlow
  /** DST_WS: it came over WebSocket, so a browser is behind it. */
  readonly isWebSocket: boolean
  /** When the latest REGISTER for it came, milliseconds since the epoch. */
  readonly registeredAt: number
}
