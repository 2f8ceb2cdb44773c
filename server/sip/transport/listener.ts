import type tls from 'node:tls'
import type { Address, Transport } from './flow.ts'

export interface Listener {
  readonly transport: Exclude<Transport, 'ws' | 'wss'>
  /** As bound: port 0 has become a real one. */
  readonly address: Address
  /** Stops listening; connections that came through it live on. Idempotent. */
  close(): Promise<void>
}

export interface TlsListener extends Listener {
  /** New certificate and key for handshakes from now on; connections that are open stay (RFC 3261 knows no reload, people do). */
  setSecureContext(context: tls.SecureContextOptions): void
}
