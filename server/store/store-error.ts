export type StoreErrorCode =
  | 'STORE_MISSING'
  | 'STORE_UNREADABLE'
  | 'STORE_LOCKED'
  | 'STORE_CORRUPT'
  | 'STORE_FOREIGN'
  | 'STORE_NEWER'
  | 'STORE_OVERLOADED'
  | 'STORE_CLOSED'

/** The database cannot be used; the message says why and what to do, in one line. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

const corrupt = new Set(['SQLITE_CORRUPT', 'SQLITE_NOTADB', 'SQLITE_FORMAT'])
const unreadable = /^SQLITE_(?:CANTOPEN|READONLY|PERM|IOERR|FULL)/

/** SQLite's own code, `SQLITE_BUSY` and the like; empty for an error of something else. */
function sqliteCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}

/** Another process holds the lock that was needed: the same statement may well succeed a moment later. */
export const isLocked = (error: unknown): boolean => /^SQLITE_(?:BUSY|LOCKED)/.test(sqliteCode(error))

/** Says in words what SQLite says in codes; any other error comes back as it is. */
export function explain(error: unknown, file: string): unknown {
  const code = sqliteCode(error)
  if (isLocked(error))
    return new StoreError('STORE_LOCKED', `database ${file} is locked by another process: end it, or try again`, {
      cause: error,
    })
  if (corrupt.has(code))
    return new StoreError('STORE_CORRUPT', `database ${file} is damaged or no SQLite file: restore it from a backup`, {
      cause: error,
    })
  if (unreadable.test(code) || (error instanceof Error && error.message.startsWith('ConnectionFailed')))
    return new StoreError('STORE_UNREADABLE', `database ${file} cannot be read or written (${reason(error)})`, {
      cause: error,
    })
  return error
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error))
