/**
 * What a part needs of a log. `info` once per lifecycle transition of a call, registration or engine; `debug` the rest.
 * Every line carries its context by construction: `log.child({ call: id })`. Secrets never get here.
 */
export interface Log {
  debug(fields: object, text: string): void
  info(fields: object, text: string): void
  warn(fields: object, text: string): void
  error(fields: object, text: string): void
  child(fields: object): Log
}

/** For tests and tools that do not want to hear. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
}
