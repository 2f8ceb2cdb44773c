import type { Readable, Writable } from 'node:stream'
import type { Command } from 'commander'
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
 * An action for commander that has the services. An error with a code is told in one line on standard error and the exit
 * status is 1; any other is a mistake of ours and is thrown.
 */
export function withServices<A extends unknown[]>(
  deps: CommandDeps,
  options: { readonly mustExist: boolean },
  run: (services: Services, ...args: A) => Promise<void>,
): (...args: [...A, Command]) => Promise<void> {
  return async (...args) => {
    const command = args.at(-1) as Command
    try {
      const services = await deps.openServices(options)
      try {
        await run(services, ...(args.slice(0, -1) as unknown as A))
      } finally {
        await services.store.close()
      }
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error)) throw error
      command.error(`error: ${error.message}`, { exitCode: 1 })
    }
  }
}
