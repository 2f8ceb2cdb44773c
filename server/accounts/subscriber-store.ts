import type { Awaitable } from '../registrar/location.ts'
import type { Subscriber, SubscriberDirectory } from './subscriber.ts'

/** Where subscribers are kept. Keyed by user name (as written, case counts) and domain (lower case). */
export interface SubscriberStore extends SubscriberDirectory {
  /** In the order of domain, then user name. */
  list(filter?: { readonly domain?: string }): Promise<Subscriber[]>
  /** All or nothing. Throws AccountError: `ACCOUNT_EXISTS` for an add, `ACCOUNT_UNKNOWN` for an update that finds nobody. */
  save(change: SubscriberChange): Awaitable<void>
  /** False when there was no such subscriber. */
  remove(username: string, domain: string): Awaitable<boolean>
}

export interface SubscriberChange {
  readonly add?: readonly Subscriber[]
  readonly update?: readonly SubscriberUpdate[]
}

/** A field that is absent or undefined stays as it is. */
export interface SubscriberUpdate extends Partial<Omit<Subscriber, 'createdAt'>> {
  readonly username: string
  readonly domain: string
}
