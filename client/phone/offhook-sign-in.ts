import { css, html, LitElement, nothing, type PropertyValues } from 'lit'
import type { SoftphoneError } from '../softphone/errors.ts'
import type { Credentials } from '../softphone/softphone.ts'
import '../ui/problem.ts'
import { baseStyles, buttonStyles, fieldStyles } from '../ui/styles.ts'

export interface SignInDetail extends Credentials {
  /** Stay signed in while the tab is open. */
  readonly isKept: boolean
}

/**
 * The form to sign in with.
 *
 * @event offhook-sign-in - `detail` is a {@link SignInDetail}.
 * @event offhook-cancel - Its user does not want to wait any longer.
 */
export class OffhookSignIn extends LitElement {
  static override properties = {
    isBusy: { attribute: false },
    problem: { attribute: false },
    exampleAccount: { attribute: false },
  }

  static override styles = [
    baseStyles,
    buttonStyles,
    fieldStyles,
    css`
      form {
        display: grid;
        gap: var(--offhook-space-4);
      }
      h1 {
        font-size: var(--offhook-text-title);
        letter-spacing: -0.01em;
      }
      .intro {
        margin-bottom: var(--offhook-space-2);
        color: var(--offhook-muted);
        line-height: 1.5;
      }
      .hint {
        color: var(--offhook-muted);
        font-size: var(--offhook-text-small);
      }
      .primary {
        min-height: 3rem;
      }
    `,
  ]

  /** A sign-in is under way. */
  declare isBusy: boolean
  /** Why the last one failed. */
  declare problem: SoftphoneError | undefined
  declare exampleAccount: string

  constructor() {
    super()
    this.isBusy = false
    this.exampleAccount = '1001'
  }

  protected override firstUpdated(): void {
    this.#field('account').focus()
  }

  protected override updated(changed: PropertyValues<this>): void {
    const hasFailed = changed.get('isBusy') === true && !this.isBusy
    if (!hasFailed) return
    const field = this.#field(this.problem?.code === 'SOFTPHONE_WRONG_PASSWORD' ? 'password' : 'account')
    field.focus()
    field.select()
  }

  protected override render() {
    return html`<form @submit=${this.#onSubmit}>
      <div>
        <h1>Sign in</h1>
        <p class="intro">Make and take calls in this browser.</p>
      </div>
      <offhook-problem
        .problem=${this.problem}
        ?hidden=${!this.problem}
        tone=${this.problem?.isTemporary ? 'notice' : 'problem'}
      ></offhook-problem>
      <div class="field">
        <label for="account">Account</label>
        <input
          id="account"
          name="account"
          required
          maxlength="256"
          autocomplete="username"
          autocapitalize="none"
          autocorrect="off"
          spellcheck="false"
          placeholder=${this.exampleAccount}
          ?readonly=${this.isBusy}
        />
      </div>
      <div class="field">
        <label for="password">Password</label>
        <input
          id="password"
          name="password"
          type="password"
          required
          maxlength="256"
          autocomplete="current-password"
          ?readonly=${this.isBusy}
        />
      </div>
      <label class="check">
        <input type="checkbox" name="keep" aria-describedby="keep-hint" />
        <span
          >Stay signed in on this tab<br /><span id="keep-hint" class="hint"
            >Forgotten when the tab is closed.</span
          ></span
        >
      </label>
      <button class="button primary" ?disabled=${this.isBusy}>${this.isBusy ? 'Signing in…' : 'Sign in'}</button>
      ${this.isBusy ? html`<button type="button" class="button quiet" @click=${this.#onCancel}>Cancel</button>` : nothing}
    </form>`
  }

  #onSubmit(event: SubmitEvent): void {
    event.preventDefault()
    const data = new FormData(event.currentTarget as HTMLFormElement)
    const detail: SignInDetail = {
      account: (data.get('account') as string).trim(),
      password: data.get('password') as string,
      isKept: data.has('keep'),
    }
    this.dispatchEvent(new CustomEvent<SignInDetail>('offhook-sign-in', { detail }))
  }

  #onCancel(): void {
    this.dispatchEvent(new Event('offhook-cancel'))
  }

  #field(name: 'account' | 'password'): HTMLInputElement {
    return this.renderRoot.querySelector<HTMLInputElement>(`#${name}`)!
  }
}

customElements.define('offhook-sign-in', OffhookSignIn)
