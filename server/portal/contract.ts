/** Shapes of the HTTP API under `/api/v1`, shared with the pages: types only, nothing that runs. */

/** `GET /softphone`: all that a page of this server needs to place a call. Public: it names no account. */
export interface SoftphoneSettings {
  /** Default domain: what follows the @ of a number that is dialled without one. */
  readonly domain: string
  /** Path of the WebSocket on this server. */
  readonly sip: '/sip'
  /** Name of the product, for titles. */
  readonly name: string
  readonly version: string
  /** Number of the echo test. */
  readonly echo: string
}

/** `GET /healthz`, outside `/api`. */
export interface Health {
  readonly status: 'ok'
  readonly name: 'offhook'
  readonly version: string
}

/** Body of every answer with a status of 400 or more under `/api`. */
export interface ApiProblem {
  /** Stable, `NOT_FOUND` style. */
  readonly code: string
  /** A sentence for people. */
  readonly message: string
}
