import { PassThrough, Readable } from 'node:stream'
import { Command } from 'commander'
import { AccountService } from '../../server/accounts/account-service.ts'
import type { CommandDeps, TerminalInput } from '../../server/cli/command.ts'
import { registerOnline } from '../../server/cli/online.ts'
import { registerUl } from '../../server/cli/ul.ts'
import { registerUser } from '../../server/cli/user.ts'
import { silentLog } from '../../server/lib/log.ts'
import { openStore, type Store } from '../../server/store/open-store.ts'
import { databasePath } from '../store/support.ts'
import { FakeClock } from '../support/fake-clock.ts'

export interface CommandResult {
  stdout: string
  stderr: string
  /** What the program would print on standard error before it ends with a status that is not 0. */
  failure: string | undefined
}

/** The commands over one database file, run in this process. */
export class CommandRunner {
  readonly clock = new FakeClock()
  readonly file = databasePath()

  /** `input` is text piped into the program; a terminal is a stream of its own. */
  async run(argv: readonly string[], input: string | TerminalInput = ''): Promise<CommandResult> {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()]
    const deps: CommandDeps = {
      openServices: options => this.#openServices(options),
      stdin: typeof input === 'string' ? Readable.from(input ? [Buffer.from(input)] : []) : input,
      stdout,
      stderr,
      clock: this.clock,
    }
    const program = new Command('offhook').exitOverride().configureOutput({ writeErr: () => undefined })
    for (const register of [registerUser, registerUl, registerOnline]) register(program, deps)
    const failure = await program.parseAsync(argv, { from: 'user' }).then(
      () => undefined,
      (error: unknown) => (error as Error).message,
    )
    return { stdout: textOf(stdout), stderr: textOf(stderr), failure }
  }

  /** Standard output of a command that must not fail. */
  async output(argv: readonly string[], input: string | TerminalInput = ''): Promise<string> {
    const { stdout, failure } = await this.run(argv, input)
    if (failure !== undefined) throw new Error(failure)
    return stdout
  }

  /** Looks into the database between commands. */
  async withStore<T>(use: (store: Store) => Promise<T>): Promise<T> {
    const { store } = await this.#openServices({ mustExist: false })
    try {
      return await use(store)
    } finally {
      await store.close()
    }
  }

  async #openServices({ mustExist }: { mustExist: boolean }) {
    const store = await openStore({ file: this.file, log: silentLog, clock: this.clock, mustExist })
    const accounts = new AccountService({ ...store, defaultDomain: 'example.com', clock: this.clock })
    return { store, accounts, defaultDomain: 'example.com' }
  }
}

/** Somebody at a terminal who types `keys`. `modes` records when typing was not shown. */
export function terminal(keys: string): TerminalInput & { modes: boolean[] } {
  const modes: boolean[] = []
  const stream = Object.assign(new PassThrough(), {
    isTTY: true,
    modes,
    setRawMode: (mode: boolean) => void modes.push(mode),
  })
  stream.write(keys)
  return stream
}

const textOf = (stream: PassThrough): string => (stream.read() as Buffer | null)?.toString('utf8') ?? ''
