import { css, html, LitElement, nothing } from 'lit'
import { icons } from './icons.ts'
import { baseStyles } from './styles.ts'

/** An error that a person can read: what happened, what to do, and a number to tell whoever helps. */
export interface Problem {
  readonly message: string
  readonly advice: string
  readonly number: number
}

/**
 * Shows one problem, and reads it aloud when it appears.
 *
 * @slot - Buttons that help against it.
 */
export class OffhookProblem extends LitElement {
  static override properties = { problem: { attribute: false }, tone: { reflect: true } }

  static override styles = [
    baseStyles,
    css`
      .problem {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: var(--offhook-space-1) var(--offhook-space-3);
        padding: var(--offhook-space-3) var(--offhook-space-4);
        border: 1px solid var(--offhook-problem-line);
        border-radius: var(--offhook-radius);
        background: var(--offhook-problem-surface);
        color: var(--offhook-problem-ink);
        line-height: 1.4;
      }
      :host([tone='notice']) .problem {
        border-color: var(--offhook-notice-line);
        background: var(--offhook-notice-surface);
        color: var(--offhook-notice-ink);
      }
      svg {
        width: 1.375rem;
        height: 1.375rem;
      }
      .message {
        font-weight: 600;
        text-wrap: pretty;
      }
      .advice {
        font-size: 0.9375rem;
        text-wrap: pretty;
      }
      .number {
        white-space: nowrap;
      }
      .advice,
      slot {
        grid-column: 2;
      }
      slot {
        display: block;
      }
    `,
  ]

  declare problem: Problem | undefined
  /** `problem` when nothing goes on without help, `notice` when it may pass by itself. */
  declare tone: 'problem' | 'notice'

  constructor() {
    super()
    this.tone = 'problem'
  }

  protected override render() {
    return html`<div role="alert">${this.problem ? this.#renderProblem(this.problem) : nothing}</div>`
  }

  #renderProblem({ message, advice, number }: Problem) {
    return html`<div class="problem">
      ${icons.warning}
      <p class="message">${message}</p>
      <p class="advice">${advice} <span class="number">(Error ${number})</span></p>
      <slot></slot>
    </div>`
  }
}

customElements.define('offhook-problem', OffhookProblem)
