/**
 * Something the person who runs Offhook has to mend: a wrong setting, a taken port, an expired certificate. The message is
 * complete sentences that say what is wrong and what to do; it is shown as it stands, without a stack.
 */
export class OperatorError extends Error {
  override readonly name = 'OperatorError'
  /** Stable, `CONFIG_INVALID` style. */
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
