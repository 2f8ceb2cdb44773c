import type { Clock } from '../lib/clock.ts'
import type { Binding } from './binding.ts'
import { ExpiryQueue } from './expiry-queue.ts'
import type { Awaitable, BindingChange, BindingStore, LocationService } from './location.ts'

export interface MemoryLocationOptions {
  readonly clock: Clock
  readonly store: BindingStore
  /** A binding that was not there before; not for those that `start` found in the store. */
  readonly onAdded?: (binding: Binding) => void
  readonly onRemoved?: (binding: Binding, why: 'expired' | 'removed') => void
  /** The store could not forget what has expired. */
  readonly onError?: (error: unknown) => void
}

/** What a change has done, to tell of it or to undo it. */
interface Applied {
  readonly inserted: readonly Binding[]
  readonly dropped: readonly Binding[]
}

const none: readonly Binding[] = []

/** All bindings in memory, in front of a store to which every change is written through. */
export class MemoryLocation implements LocationService {
  readonly #options: MemoryLocationOptions
  /** Sorted; a list is replaced, never changed, so that who looked up may keep it. */
  readonly #byAor = new Map<string, readonly Binding[]>()
  readonly #byId = new Map<string, Binding>()
  readonly #expiry: ExpiryQueue<Binding>
  #reloading: Promise<unknown> = Promise.resolve()
  /** While the store is being read: what has changed since, which it knows or not. */
  #changedMeanwhile: Set<string> | undefined

  constructor(options: MemoryLocationOptions) {
    this.#options = options
    this.#expiry = new ExpiryQueue(options.clock, expired => this.#expire(expired))
  }

  /** Takes over what the store has kept. */
  async start(): Promise<void> {
    await this.#reconcile()
  }

  /** Takes over what somebody else has changed in the store. */
  async reload(): Promise<void> {
    const reloaded = this.#reloading.then(() => this.#reconcile())
    this.#reloading = reloaded.catch(() => undefined)
    this.#report(await reloaded)
  }

  /** Final and idempotent. The store stays as it is. */
  close(): void {
    this.#expiry.clear()
  }

  lookup(aor: string): readonly Binding[] {
    const bindings = this.#byAor.get(aor)
    if (!bindings) return none
    const now = this.#options.clock.now()
    return bindings.some(({ expiresAt }) => expiresAt <= now)
      ? bindings.filter(({ expiresAt }) => expiresAt > now)
      : bindings
  }

  byId(id: string): Binding | undefined {
    const binding = this.#byId.get(id)
    return binding && this.#isLive(binding) ? binding : undefined
  }

  *all(): Iterable<Binding> {
    for (const binding of this.#byId.values()) if (this.#isLive(binding)) yield binding
  }

  save(change: BindingChange): Awaitable<void> {
    const applied = this.#apply(change)
    try {
      const written = this.#options.store.apply(change)
      if (written instanceof Promise) return this.#settle(written, applied)
    } catch (error) {
      this.#undo(applied)
      throw error
    }
    this.#report(applied)
  }

  async #settle(written: Promise<void>, applied: Applied): Promise<void> {
    try {
      await written
    } catch (error) {
      this.#undo(applied)
      throw error
    }
    this.#report(applied)
  }

  #apply({ put, remove }: BindingChange): Applied {
    const dropped: Binding[] = []
    const clear = (slot: Binding) => {
      this.#changedMeanwhile?.add(slotOf(slot))
      const old = this.#at(slot)
      if (!old) return
      this.#drop(old)
      dropped.push(old)
    }
    remove.forEach(clear)
    for (const binding of put) {
      clear(binding)
      this.#insert(binding)
    }
    return { inserted: put, dropped }
  }

  /** Back to what was, except where a later change has come. */
  #undo({ inserted, dropped }: Applied): void {
    for (const binding of inserted) if (this.#at(binding) === binding) this.#drop(binding)
    for (const binding of dropped) if (!this.#at(binding) && this.#isLive(binding)) this.#insert(binding)
  }

  #report({ inserted, dropped }: Applied): void {
    const { onAdded, onRemoved } = this.#options
    const before = new Set(dropped.map(({ id }) => id))
    const after = new Set(inserted.map(({ id }) => id))
    for (const binding of dropped) if (!after.has(binding.id)) onRemoved?.(binding, 'removed')
    for (const binding of inserted) if (!before.has(binding.id)) onAdded?.(binding)
  }

  #expire(expired: readonly Binding[]): void {
    for (const binding of expired) this.#drop(binding)
    this.#forget(expired)
    for (const binding of expired) this.#options.onRemoved?.(binding, 'expired')
  }

  /** Takes expired ones out of the store. Nobody waits for it: whoever reads them there sees that they have expired. */
  #forget(remove: readonly Binding[]): void {
    const { store, onError } = this.#options
    try {
      const written = store.apply({ put: [], remove })
      if (written instanceof Promise) written.catch((error: unknown) => onError?.(error))
    } catch (error) {
      onError?.(error)
    }
  }

  async #reconcile(): Promise<Applied> {
    const meanwhile = (this.#changedMeanwhile = new Set())
    let stored = await this.#options.store.load().finally(() => (this.#changedMeanwhile = undefined))
    stored = stored.filter(binding => !meanwhile.has(slotOf(binding)))
    const live = stored.filter(binding => this.#isLive(binding))
    const kept = new Set(live.map(slotOf))
    const expired = stored.filter(binding => !kept.has(slotOf(binding)))
    if (expired.length) this.#forget(expired)
    const gone = [...this.#byId.values()].filter(binding => {
      const slot = slotOf(binding)
      return !kept.has(slot) && !meanwhile.has(slot)
    })
    return this.#apply({ put: live.filter(binding => !isSame(binding, this.#at(binding))), remove: gone })
  }

  #at({ aor, key }: Binding): Binding | undefined {
    return this.#byAor.get(aor)?.find(binding => binding.key === key)
  }

  #insert(binding: Binding): void {
    const { aor, id } = binding
    this.#byAor.set(aor, [binding, ...(this.#byAor.get(aor) ?? none)].sort(byPreference))
    this.#byId.set(id, binding)
    this.#expiry.add(binding)
  }

  #drop(binding: Binding): void {
    const { aor, id } = binding
    const rest = this.#byAor.get(aor)!.filter(other => other !== binding)
    if (rest.length) this.#byAor.set(aor, rest)
    else this.#byAor.delete(aor)
    this.#byId.delete(id)
    this.#expiry.delete(binding)
  }

  #isLive({ expiresAt }: Binding): boolean {
    return expiresAt > this.#options.clock.now()
  }
}

/** Highest q first, then newest (RFC 3261 §10.3, RFC 5626 §5.3: of one instance the latest flow). */
const byPreference = (a: Binding, b: Binding): number => b.q - a.q || b.registeredAt - a.registeredAt

/** A binding's place: one at most has it. */
const slotOf = ({ aor, key }: Binding): string => `${aor}\n${key}`

/** Every REGISTER for a binding changes one of these. */
const isSame = (a: Binding, b: Binding | undefined): boolean =>
  a.id === b?.id && a.callId === b.callId && a.cseq === b.cseq && a.expiresAt === b.expiresAt
