import type { Readable, Writable } from 'node:stream'
import type { AccountService } from '../accounts/account-service.ts'
import type { Clock } from '../lib/clock.ts'
import type { Store } from '../store/open-store.ts'

/** What the commands of every noun are given, so that they run in a test as in a terminal. */
export interface CommandDeps {
  /** `mustExist`: the command makes no sense without a database, so do not make one. Closed by whoever asked. */
  openServices(options: { readonly mustExist: boolean }): Promise<Services>
  readonly stdin: TerminalInput
  readonly stdout: Writable
  readonly stderr: Writable
  readonly clock: Clock
}

export interface Services {
  readonly accounts: AccountService
  readonly store: Store
  /** For names without a domain. */
  readonly defaultDomain: string
}

/** Standard input: a terminal has `isTTY` and can stop showing what is typed. */
export interface TerminalInput extends Readable {
  readonly isTTY?: boolean
  setRawMode?(mode: boolean): unknown
}

/** What the user can do something about; the message says what. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly code = 'COMMAND_FAILED'
}

/**
 * An action for commander that has the services, and closes them. What goes wrong is thrown: an error with a `code` has a
 * message of one line that tells the user what to do.
 */
export function withServices<A extends unknown[]>(
  deps: CommandDeps,
  options: { readonly mustExist: boolean },
  run: (services: Services, ...args: A) => Promise<void>,
): (...args: A) => Promise<void> {
  return async (...args) => {
    const services = await deps.openServices(options)
    try {
      await run(services, ...args)
    } finally {
      await services.store.close()
    }
  }
}
