import type { Awaitable } from '../registrar/location.ts'

/** A home domain: one whose addresses-of-record are ours (RFC 3261 §6). */
export interface Domain {
  /** Lower case. */
  readonly name: string
  readonly createdAt: number
}

export interface DomainStore {
  list(): Promise<Domain[]>
  has(name: string): Awaitable<boolean>
  /** False when it was there already. */
  add(domain: Domain): Awaitable<boolean>
  /** False when there was none. Subscribers of the domain stay. */
  remove(name: string): Awaitable<boolean>
}
