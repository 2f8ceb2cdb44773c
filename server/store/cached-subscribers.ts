import type { SubscriberChange, SubscriberStore } from '../accounts/subscriber-store.ts'
import type { Subscriber } from '../accounts/subscriber.ts'
import type { Awaitable } from '../registrar/location.ts'
import { LruMap } from './lru-map.ts'

export interface CachedSubscribersOptions {
  /** Subscribers remembered. */
  readonly maxKnown: number
  /** Names remembered as nobody's. Apart from the others, so that a scanner that tries names pushes nobody out. */
  readonly maxUnknown: number
}

/** User name and domain are never longer than this: what is longer is nobody and need not be looked up or remembered. */
const maxKeyLength = 64 + 1 + 255

const keyOf = (username: string, domain: string): string => `${username}@${domain}`

/** Answers `find` from memory. Writes that pass through here are seen at once; after any other write call `clear`. */
export class CachedSubscribers implements SubscriberStore {
  readonly #store: SubscriberStore
  readonly #known: LruMap<Subscriber>
  readonly #unknown: LruMap<true>
  /** Counts what made entries invalid, so that an answer which was under way meanwhile is not remembered. */
  #generation = 0

  constructor(store: SubscriberStore, { maxKnown, maxUnknown }: CachedSubscribersOptions) {
    this.#store = store
    this.#known = new LruMap(maxKnown)
    this.#unknown = new LruMap(maxUnknown)
  }

  find(username: string, domain: string): Awaitable<Subscriber | undefined> {
    const key = keyOf(username, domain)
    const known = this.#known.get(key)
    if (known) return known
    if (key.length > maxKeyLength || this.#unknown.get(key)) return undefined
    const generation = this.#generation
    const found = this.#store.find(username, domain)
    if (!(found instanceof Promise)) return this.#remember(key, found)
    return found.then(subscriber => (generation === this.#generation ? this.#remember(key, subscriber) : subscriber))
  }

  list(filter?: { readonly domain?: string }): Promise<Subscriber[]> {
    return this.#store.list(filter)
  }

  async save(change: SubscriberChange): Promise<void> {
    try {
      await this.#store.save(change)
    } finally {
      this.clear()
    }
  }

  async remove(username: string, domain: string): Promise<boolean> {
    try {
      return await this.#store.remove(username, domain)
    } finally {
      this.clear()
    }
  }

  /** Forgets all: the next `find` of each is answered by the store. */
  clear(): void {
    this.#generation++
    this.#known.clear()
    this.#unknown.clear()
  }

  #remember(key: string, subscriber: Subscriber | undefined): Subscriber | undefined {
    if (subscriber) this.#known.set(key, subscriber)
    else this.#unknown.set(key, true)
    return subscriber
  }
}
