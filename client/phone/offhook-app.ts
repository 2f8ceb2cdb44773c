import { html, LitElement, nothing } from 'lit'
import { showAddress } from '../softphone/address.ts'
import type { Loudspeaker } from '../softphone/audio.ts'
import { SoftphoneError } from '../softphone/errors.ts'
import { closeStream, type Microphone } from '../softphone/microphone.ts'
import type { Observable } from '../softphone/observable.ts'
import type { Settings } from '../softphone/settings.ts'
import type { Credentials, Softphone, SoftphoneState } from '../softphone/softphone.ts'
import { dtmfTone } from '../softphone/tones.ts'
import { icons } from '../ui/icons.ts'
import type { KeyPressEvent } from '../ui/keypad.ts'
import '../ui/problem.ts'
import { baseStyles, buttonStyles } from '../ui/styles.ts'
import { Watch } from '../ui/watch.ts'
import { appStyles } from './app-styles.ts'
import type { MicrophonePermission } from './microphone-permission.ts'
import { isLasting, type CallAction } from './offhook-call.ts'
import './offhook-dialer.ts'
import type { OffhookDialer } from './offhook-dialer.ts'
import './offhook-sign-in.ts'
import type { SignInDetail } from './offhook-sign-in.ts'
import type { SavedSignIn } from './saved-sign-in.ts'
import { statusOf } from './status-text.ts'

export interface AppParts {
  readonly settings: Settings
  readonly softphone: Softphone
  readonly loudspeaker: Loudspeaker
  readonly microphone: Microphone
  readonly microphonePermission: Observable<MicrophonePermission>
  readonly savedSignIn: SavedSignIn
  /** Browsers give a microphone to secure pages only. */
  readonly isSecurePage: boolean
}

/** How long a call that has simply ended stays in view. */
const farewellMs = 2_500

/** The softphone page: sign-in, dialling or the call, whichever is the case. `data-state` is the registration state. */
export class OffhookApp extends LitElement {
  static override properties = { problem: { state: true } }

  static override styles = [baseStyles, buttonStyles, appStyles]

  /** Why the last thing its user tried here came to nothing. */
  declare problem: SoftphoneError | undefined
  readonly #parts: AppParts
  readonly #softphone: Softphone
  readonly #state: Watch<SoftphoneState>
  readonly #isSilent: Watch<boolean>
  readonly #permission: Watch<MicrophonePermission>
  #wasFree = false
  readonly #unlockSound = () => {
    if (this.#isSilent.value) this.#parts.loudspeaker.unlock()
  }

  constructor(parts: AppParts) {
    super()
    this.#parts = parts
    this.#softphone = parts.softphone
    this.#state = new Watch(this, parts.softphone.state)
    this.#isSilent = new Watch(this, parts.loudspeaker.isBlocked)
    this.#permission = new Watch(this, parts.microphonePermission)
    this.#softphone.events.on('callended', () => this.#onCallEnded())
    this.#softphone.events.on('error', error => {
      if (!error.isTemporary) parts.savedSignIn.forget()
    })
  }

  override connectedCallback(): void {
    super.connectedCallback()
    addEventListener('click', this.#unlockSound)
    addEventListener('keydown', this.#unlockSound)
    const saved = this.#parts.savedSignIn.load()
    if (saved) this.#signIn(saved)
  }

  override disconnectedCallback(): void {
    removeEventListener('click', this.#unlockSound)
    removeEventListener('keydown', this.#unlockSound)
    super.disconnectedCallback()
  }

  protected override willUpdate(): void {
    this.dataset['state'] = this.#state.value.registration
  }

  protected override updated(): void {
    this.#focusDialerWhenFree()
  }

  protected override render() {
    const { settings } = this.#parts
    return html`<main>
        ${this.#renderHeader()} ${this.#renderStatus()} ${this.#renderNotices()}
        ${this.#state.value.isSignedIn ? this.#renderPhone() : this.#renderSignIn()}
      </main>
      <footer>${settings.name} ${settings.version}</footer>`
  }

  #renderHeader() {
    const { isSignedIn, account } = this.#state.value
    return html`<header>
      <span class="brand">
        <span class="mark">${icons.handset}</span><span class="name">${this.#parts.settings.name}</span>
      </span>
      ${
        isSignedIn && account
          ? html`<span class="account">${showAddress(account.user, account.domain, this.#softphone.domain)}</span> ${
                this.#softphone.call
                  ? nothing
                  : html`<button
                      type="button"
                      class="button quiet sign-out"
                      aria-label="Sign out"
                      title="Sign out"
                      @click=${this.#signOut}
                    >
                      ${icons.signOut}
                    </button>`
              }`
          : nothing
      }
    </header>`
  }

  #renderStatus() {
    const status = statusOf(this.#state.value)
    return html`<div role="status" class="status">
      ${status ? html`<span class="dot ${status.tone}"></span><span>${status.text}</span>` : nothing}
    </div>`
  }

  #renderNotices() {
    const { isSignedIn, error } = this.#state.value
    const { isSecurePage } = this.#parts
    return html`<div class="notices">
      ${isSignedIn && error ? notice(error) : nothing}
      ${isSecurePage ? nothing : notice(new SoftphoneError('SOFTPHONE_INSECURE_PAGE'))}
      ${
        isSignedIn && this.#permission.value === 'denied'
          ? notice(new SoftphoneError('SOFTPHONE_PERMISSION_DENIED'))
          : nothing
      }
      ${
        this.#isSilent.value
          ? html`<offhook-problem tone="notice" .problem=${new SoftphoneError('SOFTPHONE_SOUND_BLOCKED')}>
              <button type="button" class="button">${icons.sound}Turn on sound</button>
            </offhook-problem>`
          : nothing
      }
    </div>`
  }

  #renderSignIn() {
    const { registration, connection, error } = this.#state.value
    return html`<offhook-sign-in
      .isBusy=${registration === 'registering' || connection === 'reconnecting'}
      .problem=${this.problem ?? error}
      @offhook-sign-in=${this.#onSignIn}
      @offhook-cancel=${this.#signOut}
    ></offhook-sign-in>`
  }

  #renderPhone() {
    return html`${this.#renderCall()} ${this.#renderDialer()}`
  }

  #renderCall() {
    const { call } = this.#state.value
    if (!call) return nothing
    return html`<offhook-call
      data-state=${call.state}
      .call=${call}
      .homeDomain=${this.#softphone.domain}
      @offhook-action=${(event: CustomEvent<CallAction>) => this.#actions[event.detail]()}
      @offhook-digit=${(event: CustomEvent<string>) => this.#softphone.call?.sendDigits(event.detail)}
    ></offhook-call>`
  }

  #renderDialer() {
    const { settings, isSecurePage } = this.#parts
    return html`<offhook-dialer
      ?hidden=${!this.#isFree}
      .isReady=${this.#state.value.registration === 'registered'}
      .problem=${this.problem}
      .echo=${settings.echo}
      .canAskForMicrophone=${isSecurePage && this.#permission.value === 'prompt'}
      @offhook-dial=${(event: CustomEvent<string>) => this.#dial(event.detail)}
      @offhook-key=${this.#onDialerKey}
      @offhook-allow-microphone=${this.#allowMicrophone}
    ></offhook-dialer>`
  }

  #onSignIn({ detail }: CustomEvent<SignInDetail>): void {
    const { savedSignIn } = this.#parts
    if (detail.isKept) savedSignIn.save(detail)
    else savedSignIn.forget()
    this.#signIn(detail)
  }

  #signIn(credentials: Credentials): void {
    this.problem = undefined
    this.#parts.loudspeaker.prepare()
    try {
      this.#softphone.signIn(credentials)
    } catch (error) {
      this.#showProblem(error)
    }
  }

  #signOut(): void {
    this.problem = undefined
    this.#parts.savedSignIn.forget()
    this.#softphone.signOut()
  }

  #dial(text: string): void {
    this.problem = undefined
    try {
      this.#softphone.dial(text)
      this.#dialer?.clear()
    } catch (error) {
      this.#showProblem(error)
    }
  }

  readonly #actions: Readonly<Record<CallAction, () => void>> = {
    answer: () => void this.#softphone.call?.answer(),
    decline: () => this.#softphone.call?.decline(),
    'hang-up': () => this.#softphone.call?.hangUp(),
    'toggle-mute': () => this.#softphone.call?.setMuted(!this.#softphone.call.view.isMuted),
    'call-again': () => this.#callAgain(),
    close: () => this.#softphone.dismissCall(),
  }

  #callAgain(): void {
    const last = this.#state.value.call
    this.#softphone.dismissCall()
    if (last) this.#dial(`${encodeURIComponent(last.remote.user)}@${last.remote.host}`)
  }

  /** A call that has simply ended is seen for a moment; one that came to nothing stays until it is dismissed. */
  #onCallEnded(): void {
    const { call } = this.#state.value
    if (!call || isLasting(call)) return
    setTimeout(() => {
      if (this.#state.value.call?.id === call.id) this.#softphone.dismissCall()
    }, farewellMs)
  }

  #onDialerKey({ detail: key }: KeyPressEvent): void {
    const tone = dtmfTone(key)
    if (tone) this.#parts.loudspeaker.playTone(tone)
  }

  /** Asks now, so that the browser's question does not come in the middle of the first call. */
  async #allowMicrophone(): Promise<void> {
    try {
      closeStream(await this.#parts.microphone.open())
      this.problem = undefined
    } catch (error) {
      this.#showProblem(error)
    }
  }

  #showProblem(error: unknown): void {
    if (!(error instanceof SoftphoneError)) throw error
    this.problem = error
  }

  /** When the dialler comes into view, typing goes into its field. */
  #focusDialerWhenFree(): void {
    const isFree = this.#isFree
    if (isFree && !this.#wasFree) void this.#dialer?.updateComplete.then(() => this.#dialer?.focus())
    this.#wasFree = isFree
  }

  /** Signed in and no call in the way: the dialler is in view. */
  get #isFree(): boolean {
    const { isSignedIn, call } = this.#state.value
    return isSignedIn && (call === undefined || isLasting(call))
  }

  get #dialer(): OffhookDialer | null {
    return this.renderRoot.querySelector<OffhookDialer>('offhook-dialer')
  }
}

function notice(problem: SoftphoneError) {
  return html`<offhook-problem tone="notice" .problem=${problem}></offhook-problem>`
}

customElements.define('offhook-app', OffhookApp)
