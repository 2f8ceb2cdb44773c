import { css, html, LitElement } from 'lit'
import type { SoftphoneError } from '../softphone/errors.ts'
import '../ui/problem.ts'
import { baseStyles, buttonStyles } from '../ui/styles.ts'

/**
 * What is seen until the phone has its settings.
 *
 * @event offhook-retry - Its user wants another attempt.
 */
export class OffhookStart extends LitElement {
  static override properties = { problem: { attribute: false } }

  static override styles = [
    baseStyles,
    buttonStyles,
    css`
      main {
        max-width: 25rem;
        margin: 0 auto;
        padding: var(--offhook-space-7) var(--offhook-space-4);
        text-align: center;
      }
      offhook-problem {
        text-align: start;
      }
      .button {
        margin-top: var(--offhook-space-3);
      }
    `,
  ]

  /** Why the last attempt came to nothing; undefined while one is under way. */
  declare problem: SoftphoneError | undefined

  protected override render() {
    if (!this.problem) return html`<main><p role="status">Starting…</p></main>`
    return html`<main>
      <offhook-problem .problem=${this.problem}>
        <button type="button" class="button" @click=${() => this.dispatchEvent(new Event('offhook-retry'))}>
          Try again
        </button>
      </offhook-problem>
    </main>`
  }
}

customElements.define('offhook-start', OffhookStart)
