import { css, html, LitElement } from 'lit'
import { baseStyles, buttonStyles } from './styles.ts'

const keys = [
  ['1', ''],
  ['2', 'ABC'],
  ['3', 'DEF'],
  ['4', 'GHI'],
  ['5', 'JKL'],
  ['6', 'MNO'],
  ['7', 'PQRS'],
  ['8', 'TUV'],
  ['9', 'WXYZ'],
  ['*', ''],
  ['0', ''],
  ['#', ''],
] as const

export type Key = (typeof keys)[number][0]

/** Detail: the key that was pressed. */
export type KeyPressEvent = CustomEvent<Key>

/**
 * The twelve keys of a telephone.
 *
 * @event offhook-key - A key was pressed; `detail` is its character.
 */
export class OffhookKeypad extends LitElement {
  static override styles = [
    baseStyles,
    buttonStyles,
    css`
      .keys {
        display: grid;
        grid-template-columns: repeat(3, var(--offhook-key));
        justify-content: center;
        gap: var(--offhook-space-3) var(--offhook-space-5);
      }
      .key {
        display: grid;
        place-content: center;
        justify-items: center;
        width: var(--offhook-key);
        height: var(--offhook-key);
        padding: 0;
        border: 0;
        border-radius: 50%;
        background: var(--offhook-sunken);
        transition: background-color var(--offhook-quick);
      }
      .key:hover {
        background: var(--offhook-pressed);
      }
      .key:active {
        background: var(--offhook-line);
      }
      .character {
        font-size: 1.625rem;
        font-weight: 500;
        line-height: 1.15;
      }
      .letters {
        min-height: 0.75rem;
        color: var(--offhook-muted);
        font-size: 0.625rem;
        font-weight: 600;
        letter-spacing: 0.12em;
        line-height: 0.75rem;
      }
      .symbol .character {
        transform: translateY(0.2em);
      }
    `,
  ]

  protected override render() {
    return html`<div class="keys" role="group" aria-label="Digits">
      ${keys.map(
        ([key, letters]) =>
          html`<button type="button" class="key ${/\d/.test(key) ? '' : 'symbol'}" @click=${() => this.#press(key)}>
            <span class="character">${key}</span><span class="letters" aria-hidden="true">${letters}</span>
          </button>`,
      )}
    </div>`
  }

  #press(key: Key): void {
    this.dispatchEvent(new CustomEvent<Key>('offhook-key', { detail: key, bubbles: true, composed: true }))
  }
}

customElements.define('offhook-keypad', OffhookKeypad)
