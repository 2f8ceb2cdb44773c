import type { Binding } from '../../server/registrar/binding.ts'
import type { Awaitable, BindingChange, BindingStore } from '../../server/registrar/location.ts'

const slotOf = ({ aor, key }: Binding) => `${aor} ${key}`

/** A store that keeps bindings in a map, and can be slow, broken, or changed behind the back of its user. */
export class FakeStore implements BindingStore {
  readonly bindings = new Map<string, Binding>()
  /** Answers later, when `release` is called. */
  slow = false
  /** Thrown, or rejected with when slow, by the next `apply`s. */
  error: Error | undefined
  #waiting: (() => void)[] = []

  async load(): Promise<Binding[]> {
    const loaded = [...this.bindings.values()]
    if (this.slow) await this.#turn()
    return loaded
  }

  apply(change: BindingChange): Awaitable<void> {
    const { error } = this
    if (this.slow) return this.#turn().then(() => this.#write(change, error))
    this.#write(change, error)
  }

  /** Lets all that wait go on, in their order. */
  async release(): Promise<void> {
    for (const run of this.#waiting.splice(0)) run()
    await new Promise(resolve => setImmediate(resolve))
  }

  edit({ put = [], remove = [] }: Partial<BindingChange>): void {
    for (const binding of remove) this.bindings.delete(slotOf(binding))
    for (const binding of put) this.bindings.set(slotOf(binding), binding)
  }

  #write(change: BindingChange, error: Error | undefined): void {
    if (error) throw error
    this.edit(change)
  }

  #turn(): Promise<void> {
    return new Promise(resolve => void this.#waiting.push(resolve))
  }
}
