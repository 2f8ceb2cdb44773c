export const ngErrorCodes = {
  NG_TIMEOUT: 'the engine did not answer',
  NG_REFUSED: 'the engine refused the command',
  NG_TOO_LARGE: 'the command does not fit into a datagram',
  NG_BUSY: 'too many commands wait for an answer',
  NG_CLOSED: 'the client is closed',
} as const

export type NgErrorCode = keyof typeof ngErrorCodes

/** Why a command has no answer. `detail` of NG_REFUSED is the engine's own reason. */
export class NgError extends Error {
  override readonly name = 'NgError'
  readonly code: NgErrorCode
  readonly command: string

  constructor(code: NgErrorCode, command: string, detail?: string) {
    super(`${command}: ${ngErrorCodes[code]}${detail === undefined ? '' : `: ${detail}`}`)
    this.code = code
    this.command = command
  }
}
