import { css, html, LitElement, nothing, type PropertyValues } from 'lit'
import type { CallView } from '../softphone/call.ts'
import { isEstablished } from '../softphone/call-state.ts'
import { icons } from '../ui/icons.ts'
import '../ui/keypad.ts'
import type { KeyPressEvent } from '../ui/keypad.ts'
import '../ui/problem.ts'
import { baseStyles, buttonStyles } from '../ui/styles.ts'
import './offhook-timer.ts'
import { partyText } from './party-text.ts'

/** What the user of a call wants. */
export type CallAction = 'answer' | 'decline' | 'hang-up' | 'toggle-mute' | 'call-again' | 'close'

/** Characters from which a name is set smaller, to stay on one line of a small telephone. */
const longTitle = 15

/** It came to nothing, and its user may want to know why or call again: it stays in view until it is dismissed. */
export function isLasting({ end }: CallView): boolean {
  return end?.kind === 'failed' || end?.kind === 'missed'
}

/**
 * One call: who it is with, how long it lasts, and the buttons that fit its state.
 *
 * @event offhook-action - `detail` is a {@link CallAction}.
 * @event offhook-digit - A digit to send, by keypad or keyboard.
 */
export class OffhookCall extends LitElement {
  static override properties = {
    call: { attribute: false },
    homeDomain: { attribute: false },
    isKeypadOpen: { state: true },
    digits: { state: true },
  }

  static override styles = [
    baseStyles,
    buttonStyles,
    css`
      :host {
        display: flex;
        flex-direction: column;
      }
      .call {
        display: flex;
        flex: 1;
        flex-direction: column;
        align-items: center;
        gap: var(--offhook-space-3);
        min-height: min(27rem, 70vh);
        text-align: center;
      }
      .who {
        display: grid;
        flex: 1;
        align-content: center;
        justify-items: center;
        gap: var(--offhook-space-2);
        width: 100%;
      }
      .face {
        position: relative;
        display: grid;
        place-items: center;
        width: 7rem;
        height: 7rem;
        margin: var(--offhook-space-5) 0;
        border-radius: 50%;
        background: var(--offhook-accent-soft);
        color: var(--offhook-accent);
        font-size: 2.5rem;
        font-weight: 600;
      }
      .face.small {
        width: 4rem;
        height: 4rem;
        margin: 0 0 var(--offhook-space-1);
        font-size: 1.5rem;
      }
      @media (max-height: 50rem) {
        .face.small {
          display: none;
        }
      }
      .face svg {
        width: 45%;
        height: 45%;
      }
      .face.rings::before,
      .face.rings::after {
        content: '';
        position: absolute;
        inset: 0;
        border: 2px solid var(--offhook-accent);
        border-radius: 50%;
        opacity: 0;
        animation: ring var(--offhook-slow) ease-out infinite;
      }
      .face.rings::after {
        animation-delay: calc(var(--offhook-slow) / 2);
      }
      @keyframes ring {
        from {
          transform: scale(1);
          opacity: 0.6;
        }
        to {
          transform: scale(1.55);
          opacity: 0;
        }
      }
      @media (prefers-reduced-motion: reduce) {
        .face.rings::before {
          transform: scale(1.15);
          opacity: 0.5;
          animation: none;
        }
        .face.rings::after {
          animation: none;
        }
      }
      h1 {
        max-width: 100%;
        font-size: var(--offhook-text-display);
        font-weight: 650;
        letter-spacing: -0.015em;
        line-height: 1.2;
        overflow-wrap: anywhere;
        text-wrap: balance;
      }
      h1.long {
        font-size: var(--offhook-text-title);
      }
      .detail,
      .digits {
        color: var(--offhook-muted);
        font-size: var(--offhook-text-large);
        overflow-wrap: anywhere;
      }
      offhook-timer {
        font-size: var(--offhook-text-title);
        font-variant-numeric: tabular-nums;
      }
      .digits {
        min-height: 1.5em;
        letter-spacing: 0.1em;
        font-variant-numeric: tabular-nums;
      }
      offhook-problem {
        width: 100%;
        margin-top: var(--offhook-space-3);
        text-align: start;
      }
      /* In view on a screen of any height: whoever wants to hang up does not look for the button. */
      .actions {
        position: sticky;
        bottom: 0;
        padding: var(--offhook-space-3) 0;
        background: var(--offhook-surface);
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-evenly;
        gap: var(--offhook-space-4);
        width: 100%;
      }
      .after .button {
        padding: 0 var(--offhook-space-2);
        white-space: nowrap;
      }
      .memo {
        display: grid;
        gap: var(--offhook-space-2);
        margin-bottom: var(--offhook-space-5);
        text-align: center;
      }
      .memo h1 {
        font-size: var(--offhook-text-title);
      }
      .memo offhook-problem {
        margin: 0;
      }
      .after {
        display: grid;
        grid-auto-flow: column;
        grid-auto-columns: 1fr;
        gap: var(--offhook-space-3);
        width: 100%;
      }
    `,
  ]

  declare call: CallView
  declare homeDomain: string
  declare isKeypadOpen: boolean
  declare digits: string

  constructor() {
    super()
    this.homeDomain = ''
    this.isKeypadOpen = false
    this.digits = ''
    this.addEventListener('keydown', event => this.#onKeyDown(event))
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('call') || changed.get('call')?.id === this.call.id) return
    this.isKeypadOpen = false
    this.digits = ''
  }

  /** Focus rests on the name: it is read aloud, and no stray Enter answers a call or ends it. */
  protected override updated(changed: PropertyValues<this>): void {
    const before = changed.get('call')
    const isNew = changed.has('call') && before?.id !== this.call.id
    const hasLostFocus =
      !this.shadowRoot?.activeElement && before?.state !== undefined && before.state !== this.call.state
    if (isNew || hasLostFocus) this.renderRoot.querySelector('h1')?.focus()
  }

  protected override render() {
    return isLasting(this.call) ? this.#renderMemo() : this.#renderCall()
  }

  #renderCall() {
    const { title, detail } = partyText(this.call.remote, this.homeDomain)
    const isKeypadShown = this.isKeypadOpen && isEstablished(this.call.state)
    return html`<section class="call" aria-label="Call" @offhook-key=${this.#onKey}>
      <div class="who">
        ${this.#renderFace(title, isKeypadShown)}
        <h1 tabindex="-1" class=${title.length > longTitle ? 'long' : ''}>${title}</h1>
        ${detail ? html`<p class="detail">${detail}</p>` : nothing} ${this.#renderTimer()}
        ${
          isKeypadShown
            ? html`<p class="digits"><span class="hidden-text">Digits sent: </span>${this.digits}</p>
                <offhook-keypad></offhook-keypad>`
            : nothing
        }
        <offhook-problem .problem=${this.call.problem} ?hidden=${!this.call.problem}></offhook-problem>
      </div>
      ${this.#renderActions()}
    </section>`
  }

  /** What is left of a call that came to nothing, above the dialler. */
  #renderMemo() {
    const { end, direction, remote } = this.call
    const { title, detail } = partyText(remote, this.homeDomain)
    return html`<section class="memo" aria-label="Last call">
      <h1 tabindex="-1">${title}</h1>
      ${detail ? html`<p class="detail">${detail}</p>` : nothing}
      ${end?.kind === 'failed' ? html`<offhook-problem .problem=${end.error}></offhook-problem>` : nothing}
      <div class="after">
        <button type="button" class="button" @click=${this.#act('close')}>Close</button>
        <button type="button" class="button primary" @click=${this.#act('call-again')}>
          ${icons.handset}${direction === 'incoming' ? 'Call back' : 'Call again'}
        </button>
      </div>
    </section>`
  }

  #renderFace(title: string, isSmall: boolean) {
    const { state, isAnswering } = this.call
    const rings = (state === 'incoming' && !isAnswering) || state === 'ringing'
    const initial = /^\p{L}/u.exec(title)?.[0]
    return html`<div class="face ${rings ? 'rings' : ''} ${isSmall ? 'small' : ''}" aria-hidden="true">
      ${initial?.toUpperCase() ?? icons.person}
    </div>`
  }

  #renderTimer() {
    const { answeredAt, endedAt } = this.call
    if (answeredAt === undefined) return nothing
    return html`<offhook-timer .since=${answeredAt} .until=${endedAt}></offhook-timer>`
  }

  #renderActions() {
    const { state, isAnswering, isMuted } = this.call
    if (state === 'ended') {
      return html`<div class="after">
        <button type="button" class="button" @click=${this.#act('close')}>Close</button>
      </div>`
    }
    if (state === 'incoming') {
      return html`<div class="actions">
        ${this.#renderRound('stop', 'Decline', icons.hangUp, 'decline')}
        <button type="button" class="round go" ?disabled=${isAnswering} @click=${this.#act('answer')}>
          <span class="disc">${icons.handset}</span><span>Answer</span>
        </button>
      </div>`
    }
    return html`<div class="actions">
      <button type="button" class="round" aria-pressed=${isMuted} @click=${this.#act('toggle-mute')}>
        <span class="disc">${isMuted ? icons.microphoneOff : icons.microphone}</span><span>Mute</span>
      </button>
      ${
        isEstablished(state)
          ? html`<button type="button" class="round" aria-expanded=${this.isKeypadOpen} @click=${this.#toggleKeypad}>
              <span class="disc">${icons.keypad}</span><span>Keypad</span>
            </button>`
          : nothing
      }
      ${this.#renderRound('stop', 'Hang up', icons.hangUp, 'hang-up')}
    </div>`
  }

  #renderRound(look: 'go' | 'stop', name: string, icon: unknown, action: CallAction) {
    return html`<button type="button" class="round ${look}" @click=${this.#act(action)}>
      <span class="disc">${icon}</span><span>${name}</span>
    </button>`
  }

  #act(action: CallAction) {
    return () => this.dispatchEvent(new CustomEvent<CallAction>('offhook-action', { detail: action }))
  }

  #toggleKeypad(): void {
    this.isKeypadOpen = !this.isKeypadOpen
  }

  #onKey({ detail: key }: KeyPressEvent): void {
    this.#sendDigit(key)
  }

  /** Digits typed anywhere in the call are sent, as on a telephone with keys. Escape closes the keypad, never the call. */
  #onKeyDown({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): void {
    if (key === 'Escape') this.isKeypadOpen = false
    if (ctrlKey || metaKey || altKey || !isEstablished(this.call.state) || !/^[0-9*#]$/.test(key)) return
    this.isKeypadOpen = true
    this.#sendDigit(key)
  }

  #sendDigit(digit: string): void {
    this.digits = (this.digits + digit).slice(-24)
    this.dispatchEvent(new CustomEvent<string>('offhook-digit', { detail: digit }))
  }
}

customElements.define('offhook-call', OffhookCall)
