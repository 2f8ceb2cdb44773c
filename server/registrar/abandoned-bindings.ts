import type { Clock, Timer } from '../lib/clock.ts'
import type { Binding } from './binding.ts'
import type { LocationService } from './location.ts'

export interface AbandonedBindingsOptions {
  readonly clock: Clock
  readonly location: LocationService
  /** The connection that the binding came on stands no more. */
  readonly isGone: (binding: Binding) => boolean
  /** The store could not forget them. */
  readonly onError: (error: unknown) => void
}

/** Between two looks, in milliseconds: longer than the half minute in which a browser that lost its connection tries again. */
const lookEveryMs = 45_000

/**
 * Forgets browsers that went away without a word: a tab that is closed or loaded anew has no time to unregister, as that takes
 * a second REGISTER with an answer to the challenge. A browser is reached on its own connection only, so a binding without one
 * is worth nothing, unless its page is just coming back: it has from one look to the next. Those of before a restart, too.
 */
export class AbandonedBindings {
  readonly #options: AbandonedBindingsOptions
  #suspects: ReadonlySet<Binding> = new Set()
  #timer: Timer | undefined

  constructor(options: AbandonedBindingsOptions) {
    this.#options = options
    this.#wait()
  }

  /** Final and idempotent. */
  close(): void {
    this.#timer?.cancel()
  }

  #wait(): void {
    this.#timer = this.#options.clock.after(lookEveryMs, () => {
      this.#wait()
      void this.#look()
    })
  }

  /** A binding that was refreshed meanwhile is another object, and so under no suspicion. */
  async #look(): Promise<void> {
    const { location, isGone, onError } = this.#options
    const gone = [...location.all()].filter(binding => binding.isWebSocket && isGone(binding))
    const remove = gone.filter(binding => this.#suspects.has(binding))
    this.#suspects = new Set(gone)
    if (remove.length === 0) return
    try {
      await location.save({ put: [], remove })
    } catch (error) {
      onError(error)
    }
  }
}
