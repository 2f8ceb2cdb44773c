import { css } from 'lit'

/** What every element begins with: box model, focus ring, text for screen readers only. */
export const baseStyles = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  :host {
    display: block;
    color: var(--offhook-ink);
    font-family: var(--offhook-font);
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  h1,
  h2,
  p {
    margin: 0;
  }
  :focus-visible {
    outline: 3px solid var(--offhook-accent);
    outline-offset: 2px;
  }
  [tabindex='-1']:focus-visible {
    outline: none;
  }
  .hidden-text {
    position: absolute;
    width: 1px;
    height: 1px;
    margin: -1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
`

/** Buttons: `.button` with `.primary` or `.quiet`, and `.round` with a caption beneath for the controls of a call. */
export const buttonStyles = css`
  button {
    font: inherit;
    color: inherit;
    cursor: pointer;
    touch-action: manipulation;
    -webkit-tap-highlight-color: transparent;
  }
  button:disabled {
    cursor: default;
    opacity: 0.5;
  }
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: var(--offhook-space-2);
    min-height: var(--offhook-touch);
    padding: 0 var(--offhook-space-4);
    border: 1px solid var(--offhook-control-line);
    border-radius: var(--offhook-radius);
    background: none;
    font-weight: 600;
    transition: background-color var(--offhook-quick);
  }
  .button:hover:not(:disabled) {
    background: var(--offhook-sunken);
  }
  .button.primary {
    border-color: transparent;
    background: var(--offhook-accent);
    color: var(--offhook-accent-ink);
  }
  .button.primary:hover:not(:disabled) {
    background: color-mix(in srgb, var(--offhook-accent) 88%, var(--offhook-ink));
  }
  .button.quiet {
    border-color: transparent;
    color: var(--offhook-muted);
  }
  .button svg {
    width: 1.25rem;
    height: 1.25rem;
  }

  .round {
    display: inline-flex;
    flex-direction: column;
    align-items: center;
    gap: var(--offhook-space-2);
    min-width: var(--offhook-round);
    padding: 0;
    border: 0;
    border-radius: var(--offhook-radius);
    background: none;
    font-size: var(--offhook-text-small);
    font-weight: 500;
  }
  .round .disc {
    display: grid;
    place-items: center;
    width: var(--offhook-round);
    height: var(--offhook-round);
    border-radius: 50%;
    background: var(--offhook-sunken);
    transition:
      background-color var(--offhook-quick),
      transform var(--offhook-quick);
  }
  .round .disc svg {
    width: 1.75rem;
    height: 1.75rem;
  }
  .round:hover:not(:disabled) .disc {
    background: var(--offhook-pressed);
  }
  .round:active:not(:disabled) .disc {
    transform: scale(0.95);
  }
  .round:focus-visible {
    outline: none;
  }
  .round:focus-visible .disc {
    outline: 3px solid var(--offhook-accent);
    outline-offset: 3px;
  }
  .round[aria-pressed='true']:not(:disabled) .disc,
  .round[aria-expanded='true']:not(:disabled) .disc {
    background: var(--offhook-ink);
    color: var(--offhook-surface);
  }
  .round.go .disc {
    background: var(--offhook-go);
    color: var(--offhook-on-signal);
  }
  .round.go:hover:not(:disabled) .disc {
    background: var(--offhook-go-strong);
  }
  .round.stop .disc {
    background: var(--offhook-stop);
    color: var(--offhook-on-signal);
  }
  .round.stop:hover:not(:disabled) .disc {
    background: var(--offhook-stop-strong);
  }
  @media (prefers-reduced-motion: reduce) {
    .round:active:not(:disabled) .disc {
      transform: none;
    }
  }
`

/** Text fields with their label above. */
export const fieldStyles = css`
  .field {
    display: grid;
    gap: var(--offhook-space-2);
  }
  .field label {
    font-size: var(--offhook-text-small);
    font-weight: 600;
  }
  .field input {
    width: 100%;
    min-height: 3rem;
    padding: 0 var(--offhook-space-4);
    border: 1px solid var(--offhook-control-line);
    border-radius: var(--offhook-radius);
    background: var(--offhook-surface);
    color: inherit;
    font: inherit;
  }
  .field input::placeholder {
    color: var(--offhook-muted);
    opacity: 1;
  }
  .field input:focus-visible {
    outline-offset: 0;
  }
  .check {
    display: flex;
    align-items: center;
    gap: var(--offhook-space-3);
    min-height: var(--offhook-touch);
  }
  .check input {
    width: 1.25rem;
    height: 1.25rem;
    margin: 0;
    accent-color: var(--offhook-accent);
  }
`
