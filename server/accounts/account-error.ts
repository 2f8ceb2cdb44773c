export type AccountErrorCode = 'ACCOUNT_INVALID' | 'ACCOUNT_EXISTS' | 'ACCOUNT_UNKNOWN' | 'DOMAIN_UNKNOWN'

/** What a person asked for cannot be done; the message says why, in one line, and may be shown as it is. */
export class AccountError extends Error {
  override readonly name = 'AccountError'
  readonly code: AccountErrorCode
  /** The field that is wrong, for `ACCOUNT_INVALID`: `user`, `domain`, `password`, `ha1`, `email`, `name`. */
  readonly field: string | undefined

  constructor(code: AccountErrorCode, message: string, field?: string) {
    super(message)
    this.code = code
    this.field = field
  }
}
