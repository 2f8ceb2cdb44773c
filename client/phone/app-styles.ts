import { css } from 'lit'

/** The card on the page: header, status line, notices, and the view beneath. */
export const appStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    align-items: center;
    min-height: 100dvh;
    padding: var(--offhook-space-6) var(--offhook-space-4) var(--offhook-space-4);
  }
  main {
    display: flex;
    flex-direction: column;
    width: 100%;
    max-width: 25rem;
    margin-block: auto;
    padding: var(--offhook-space-4) var(--offhook-space-5) var(--offhook-space-6);
    border-radius: var(--offhook-radius-large);
    background: var(--offhook-surface);
    box-shadow: var(--offhook-shadow);
  }
  header {
    display: flex;
    align-items: center;
    gap: var(--offhook-space-3);
    min-height: var(--offhook-touch);
  }
  .brand {
    display: flex;
    align-items: center;
    gap: var(--offhook-space-2);
    min-width: 0;
    font-weight: 650;
    letter-spacing: -0.01em;
  }
  .mark {
    display: grid;
    flex: none;
    place-items: center;
    width: 1.875rem;
    height: 1.875rem;
    border-radius: 0.55rem;
    background: var(--offhook-accent);
    color: var(--offhook-accent-ink);
  }
  .mark svg {
    width: 1.125rem;
    height: 1.125rem;
  }
  .name,
  .account {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .account {
    margin-inline-start: auto;
    color: var(--offhook-muted);
    font-size: 0.9375rem;
    font-variant-numeric: tabular-nums;
  }
  .sign-out {
    flex: none;
    width: var(--offhook-touch);
    margin-inline-end: calc(-1 * var(--offhook-space-3));
    padding: 0;
  }
  .status {
    display: flex;
    align-items: center;
    justify-content: center;
    gap: var(--offhook-space-2);
    min-height: 1.5rem;
    margin: var(--offhook-space-3) 0;
    color: var(--offhook-muted);
    font-size: 0.9375rem;
    font-weight: 500;
  }
  .status:not(:has(span)) {
    min-height: 0;
    margin: var(--offhook-space-2) 0;
  }
  .dot {
    flex: none;
    width: 0.5625rem;
    height: 0.5625rem;
    border-radius: 50%;
    background: var(--offhook-muted);
  }
  .dot.good,
  .dot.busy {
    background: var(--offhook-go);
  }
  .dot.waiting {
    background: var(--offhook-warn);
  }
  .dot.bad {
    background: var(--offhook-stop);
  }
  .notices {
    display: grid;
    gap: var(--offhook-space-2);
    margin-bottom: var(--offhook-space-4);
  }
  .notices:not(:has(offhook-problem)) {
    display: none;
  }
  .notices .button {
    margin-top: var(--offhook-space-2);
    border-color: currentcolor;
  }
  offhook-call[data-state]:not([data-state='ended']) {
    flex: 1;
  }
  footer {
    padding-top: var(--offhook-space-4);
    color: var(--offhook-muted);
    font-size: 0.75rem;
  }

  @media (max-width: 30rem) {
    :host {
      align-items: stretch;
      padding: 0;
      background: var(--offhook-surface);
    }
    main {
      flex: 1;
      max-width: none;
      margin: 0;
      padding: max(var(--offhook-space-3), env(safe-area-inset-top)) var(--offhook-space-5) var(--offhook-space-5);
      border-radius: 0;
      background: none;
      box-shadow: none;
    }
    footer {
      padding: 0 0 max(var(--offhook-space-3), env(safe-area-inset-bottom));
      text-align: center;
    }
  }
`
