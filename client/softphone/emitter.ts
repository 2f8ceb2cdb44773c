/** Undoes a subscription. Idempotent. */
export type Unsubscribe = () => void

/** Typed events. `Events` maps the name of an event to what its listeners receive. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>()

  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): Unsubscribe {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners.add(listener))
    return () => void listeners.delete(listener)
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])])
      callSafely(listener as (event: Events[Name]) => void, event)
  }

  /** Nothing is heard from here any more. */
  clear(): void {
    this.#listeners.clear()
  }
}

/** A listener that throws is reported as an uncaught error and hurts neither the emitter nor the other listeners. */
export function callSafely<T>(listener: (value: T) => void, value: T): void {
  try {
    listener(value)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
