import type { Binding } from './binding.ts'

export type Awaitable<T> = T | Promise<T>

/**
 * What the registrar writes and the proxy reads (RFC 3261 §6). Reads are answered from memory; expired bindings are never
 * returned. `save` and `remove` resolve when the change is durable.
 */
export interface LocationService {
  /** Live bindings of the AOR, highest q first, then newest. */
  lookup(aor: string): readonly Binding[]
  byId(id: string): Binding | undefined
  /**
   * Applies all or nothing, removals first: puts replace the binding with the same AOR and key. Reads show it at once, so that
   * whoever decides on what he read decides on the latest; it is undone when it cannot be made durable.
   */
  save(change: BindingChange): Awaitable<void>
  all(): Iterable<Binding>
}

export interface BindingChange {
  readonly put: readonly Binding[]
  readonly remove: readonly Binding[]
}

/** Where a location service keeps its bindings over a restart. */
export interface BindingStore {
  /** Expired ones may be among them. Shows all that was applied before. */
  load(): Promise<Binding[]>
  /** All or nothing, removals first; changes take effect in the order of the calls. */
  apply(change: BindingChange): Awaitable<void>
}
