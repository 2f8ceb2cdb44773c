import type { Flow } from '../sip/transport/flow.ts'

/** What hears of it when a flow of its parties closes. */
export interface CallInSetUp {
  flowClosed(flow: Flow): void
}

/**
 * Calls that have no answer yet, by the WebSockets they depend on. JsSIP ends whatever is pending with its socket, and no other
 * way leads to a browser: without a word a caller who is gone would leave phones ringing, and one who is called would let his
 * caller wait. Phones on other transports may take what is pending over another connection, so they are not watched.
 */
export class CallsInSetUp {
  readonly #byFlow = new Map<string, Set<CallInSetUp>>()

  /** Watches the WebSockets among these flows. Returns how to end it. */
  watch(call: CallInSetUp, flows: readonly Flow[]): () => void {
    const ids = flows.filter(({ transport }) => transport === 'ws' || transport === 'wss').map(({ id }) => id)
    for (const id of ids) this.#byFlow.set(id, (this.#byFlow.get(id) ?? new Set()).add(call))
    return () => {
      for (const id of ids) {
        const calls = this.#byFlow.get(id)
        if (calls?.delete(call) && calls.size === 0) this.#byFlow.delete(id)
      }
    }
  }

  flowClosed(flow: Flow): void {
    const calls = this.#byFlow.get(flow.id)
    this.#byFlow.delete(flow.id)
    for (const call of calls ?? []) call.flowClosed(flow)
  }

  /** WebSockets with a call in set-up: zero when nobody calls. */
  get size(): number {
    return this.#byFlow.size
  }
}
