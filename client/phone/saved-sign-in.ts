import type { Credentials } from '../softphone/softphone.ts'

const key = 'offhook-sign-in'

/**
 * Keeps a sign-in for as long as the tab is open, if its user wants that. Nothing is ever written to `localStorage`,
 * which outlives the tab. A browser that allows no storage only loses the convenience.
 */
export class SavedSignIn {
  readonly #storage: () => Storage

  /** `storage` is asked each time, because a browser may refuse it with an exception. */
  constructor(storage: () => Storage = () => sessionStorage) {
    this.#storage = storage
  }

  load(): Credentials | undefined {
    return this.#attempt(storage => {
      const { account, password } = JSON.parse(storage.getItem(key) ?? '{}') as Partial<Credentials>
      return typeof account === 'string' && typeof password === 'string' ? { account, password } : undefined
    })
  }

  save({ account, password }: Credentials): void {
    this.#attempt(storage => storage.setItem(key, JSON.stringify({ account, password })))
  }

  forget(): void {
    this.#attempt(storage => storage.removeItem(key))
  }

  #attempt<T>(use: (storage: Storage) => T): T | undefined {
    try {
      return use(this.#storage())
    } catch {
      return undefined
    }
  }
}
