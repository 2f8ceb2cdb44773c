import { callSafely, type Unsubscribe } from './emitter.ts'

/** A value that can be read at any time and watched for changes. */
export interface Observable<T> {
  readonly value: T
  /** Calls `listener` on every later change; read `value` for what holds now. */
  subscribe(listener: (value: T) => void): Unsubscribe
}

/** The writable side of an {@link Observable}: its owner sets it, everybody else reads. */
export class Subject<T> implements Observable<T> {
  #value: T
  readonly #listeners = new Set<(value: T) => void>()

  constructor(value: T) {
    this.#value = value
  }

  get value(): T {
    return this.#value
  }

  /** Tells the listeners, unless the value is the same as before. */
  set(value: T): void {
    if (Object.is(value, this.#value)) return
    this.#value = value
    for (const listener of [...this.#listeners]) callSafely(listener, value)
  }

  subscribe(listener: (value: T) => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
