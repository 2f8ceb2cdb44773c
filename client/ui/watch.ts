import type { ReactiveController, ReactiveControllerHost } from 'lit'

/** What a {@link Watch} can watch: a value that tells when it changes. */
interface Watched<T> {
  readonly value: T
  subscribe(listener: () => void): () => void
}

/** Re-renders its host whenever the watched value changes. */
export class Watch<T> implements ReactiveController {
  readonly #host: ReactiveControllerHost
  readonly #source: Watched<T>
  #stop: (() => void) | undefined

  constructor(host: ReactiveControllerHost, source: Watched<T>) {
    this.#host = host
    this.#source = source
    host.addController(this)
  }

  get value(): T {
    return this.#source.value
  }

  hostConnected(): void {
    this.#stop = this.#source.subscribe(() => this.#host.requestUpdate())
  }

  hostDisconnected(): void {
    this.#stop?.()
  }
}
