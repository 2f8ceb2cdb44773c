import { html, LitElement } from 'lit'
import { formatDuration } from './duration.ts'

/** How long a call has lasted, counting on its own. */
export class OffhookTimer extends LitElement {
  static override properties = { since: { attribute: false }, until: { attribute: false } }

  /** Milliseconds since the epoch. */
  declare since: number
  /** Where it stops; undefined while it runs. */
  declare until: number | undefined
  #interval: ReturnType<typeof setInterval> | undefined

  override connectedCallback(): void {
    super.connectedCallback()
    this.#interval = setInterval(() => this.requestUpdate(), 1000)
  }

  override disconnectedCallback(): void {
    clearInterval(this.#interval)
    super.disconnectedCallback()
  }

  protected override render() {
    return html`<span role="timer" aria-label="Length of the call">${formatDuration(this.#elapsed)}</span>`
  }

  get #elapsed(): number {
    return (this.until ?? Date.now()) - this.since
  }
}

customElements.define('offhook-timer', OffhookTimer)
