import { css, html, LitElement, nothing } from 'lit'
import type { SoftphoneError } from '../softphone/errors.ts'
import { icons } from '../ui/icons.ts'
import '../ui/keypad.ts'
import type { KeyPressEvent } from '../ui/keypad.ts'
import '../ui/problem.ts'
import { baseStyles, buttonStyles } from '../ui/styles.ts'

/**
 * Where a number or a name is dialled: typed, or with the keypad.
 *
 * @event offhook-dial - `detail` is what was dialled, as typed.
 * @event offhook-key - A key of the keypad was pressed.
 * @event offhook-allow-microphone - Its user wants to give the permission before the first call.
 */
export class OffhookDialer extends LitElement {
  static override properties = {
    isReady: { attribute: false },
    problem: { attribute: false },
    echo: { attribute: false },
    canAskForMicrophone: { attribute: false },
    text: { state: true },
  }

  static override styles = [
    baseStyles,
    buttonStyles,
    css`
      form {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        justify-items: center;
        gap: var(--offhook-space-4);
      }
      offhook-problem {
        width: 100%;
      }
      .entry {
        display: flex;
        align-items: center;
        width: 100%;
        border-bottom: 1px solid var(--offhook-control-line);
      }
      .entry:focus-within {
        border-color: var(--offhook-accent);
        box-shadow: 0 1px 0 var(--offhook-accent);
      }
      input {
        flex: 1;
        min-width: 0;
        min-height: 3.5rem;
        padding: 0 0 0 var(--offhook-touch);
        border: 0;
        background: none;
        color: inherit;
        font: inherit;
        font-size: 1.75rem;
        font-weight: 500;
        font-variant-numeric: tabular-nums;
        text-align: center;
        text-overflow: ellipsis;
      }
      input:focus-visible {
        outline: none;
      }
      input::placeholder {
        color: var(--offhook-muted);
        font-size: var(--offhook-text-large);
        font-weight: 400;
        opacity: 1;
      }
      .erase {
        display: grid;
        place-items: center;
        width: var(--offhook-touch);
        height: var(--offhook-touch);
        padding: 0;
        border: 0;
        border-radius: var(--offhook-radius);
        background: none;
        color: var(--offhook-muted);
      }
      .erase.unused {
        visibility: hidden;
      }
      .call {
        margin-top: var(--offhook-space-1);
      }
      .hints {
        display: flex;
        flex-wrap: wrap;
        justify-content: center;
        font-size: var(--offhook-text-small);
      }
      .hints .button {
        font-weight: 500;
      }
      .code {
        color: var(--offhook-accent);
        font-weight: 700;
      }
    `,
  ]

  /** The phone is registered. */
  declare isReady: boolean
  declare problem: SoftphoneError | undefined
  /** What to dial to hear oneself; undefined where there is no such service. */
  declare echo: string | undefined
  declare canAskForMicrophone: boolean
  declare text: string
  /** Comes back when Call is pressed with nothing typed, as telephones do. */
  #lastDialled = ''

  constructor() {
    super()
    this.isReady = false
    this.canAskForMicrophone = false
    this.text = ''
  }

  override focus(): void {
    this.#input?.focus()
  }

  /** To be called when the call has begun: the field is empty for the next one. */
  clear(): void {
    this.#lastDialled = this.text || this.#lastDialled
    this.text = ''
  }

  protected override render() {
    return html`<form @submit=${this.#onSubmit} @offhook-key=${this.#onKey}>
      <h1 class="hidden-text">Make a call</h1>
      <offhook-problem .problem=${this.problem} ?hidden=${!this.problem}></offhook-problem>
      <div class="entry">
        <input
          aria-label="Number or name"
          placeholder="Number or name"
          maxlength="256"
          autocomplete="off"
          autocapitalize="none"
          autocorrect="off"
          spellcheck="false"
          enterkeyhint="go"
          .value=${this.text}
          @input=${this.#onInput}
          @keydown=${this.#onKeyDown}
        />
        <button
          type="button"
          class="erase ${this.text ? '' : 'unused'}"
          aria-label="Delete last character"
          @click=${this.#erase}
        >
          ${icons.backspace}
        </button>
      </div>
      <offhook-keypad></offhook-keypad>
      <button class="round go call" ?disabled=${!this.isReady}>
        <span class="disc">${icons.handset}</span><span>Call</span>
      </button>
      ${this.#renderHints()}
    </form>`
  }

  #renderHints() {
    const { echo, canAskForMicrophone, isReady } = this
    if (!echo && !canAskForMicrophone) return nothing
    return html`<div class="hints">
      ${
        echo
          ? html`<button type="button" class="button quiet" ?disabled=${!isReady} @click=${() => this.#dial(echo)}>
              <span>Dial <span class="code">${echo}</span> to hear yourself</span>
            </button>`
          : nothing
      }
      ${
        canAskForMicrophone
          ? html`<button type="button" class="button quiet" @click=${this.#askForMicrophone}>
              ${icons.microphone}<span>Allow microphone</span>
            </button>`
          : nothing
      }
    </div>`
  }

  #onSubmit(event: SubmitEvent): void {
    event.preventDefault()
    if (!this.isReady) return
    if (this.text.trim()) this.#dial(this.text)
    else {
      this.text = this.#lastDialled
      this.focus()
    }
  }

  #onInput(event: InputEvent): void {
    this.text = (event.target as HTMLInputElement).value
  }

  #onKeyDown({ key }: KeyboardEvent): void {
    if (key === 'Escape') this.text = ''
  }

  #onKey({ detail: key }: KeyPressEvent): void {
    this.text += key
  }

  #erase(): void {
    this.text = this.text.slice(0, -1)
    this.focus()
  }

  #dial(text: string): void {
    this.dispatchEvent(new CustomEvent<string>('offhook-dial', { detail: text }))
  }

  #askForMicrophone(): void {
    this.dispatchEvent(new Event('offhook-allow-microphone'))
  }

  get #input(): HTMLInputElement | null {
    return this.renderRoot.querySelector('input')
  }
}

customElements.define('offhook-dialer', OffhookDialer)
