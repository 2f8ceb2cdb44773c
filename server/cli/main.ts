import { Command, CommanderError } from 'commander'
import { loadConfig, type LoadedConfig } from '../config.ts'
import { systemClock } from '../lib/clock.ts'
import { findInstallation } from '../lib/installation.ts'
import { silentLog } from '../lib/log.ts'
import { createLog } from '../log.ts'
import { openServices } from '../services.ts'
import type { CommandDeps } from './command.ts'
import { registerDoctor } from './doctor.ts'
import { registerOnline } from './online.ts'
import { systemProbes } from './probes.ts'
import { registerServe } from './serve.ts'
import { registerUl } from './ul.ts'
import { registerUser } from './user.ts'

interface GlobalOptions {
  readonly config?: string
  readonly verbose?: boolean
}

/** What of the process the program uses; a test gives another one. */
export type Terminal = Pick<NodeJS.Process, 'stdin' | 'stdout' | 'stderr' | 'env' | 'on' | 'off' | 'exit'>

/** Runs `offhook`; `argv` is like that of the process. Resolves with the exit status, except that `serve` ends the process itself. */
export async function run(argv: readonly string[], terminal: Terminal = process): Promise<number> {
  const program = buildProgram(terminal)
  try {
    await program.parseAsync([...argv])
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    tell(error, program.opts<GlobalOptions>().verbose ?? false, terminal)
    return 1
  }
}

/** Composition root of the commands, as `server/main.ts` is of the server: the only file here that knows concrete parts. */
function buildProgram(terminal: Terminal): Command {
  const { stdin, stdout, stderr, env } = terminal
  const program = new Command('offhook')
    .description('A phone system for the browser: SIP edge, registrar, media control and softphone')
    .version(findInstallation().version)
    .option('--config <file>', 'configuration file (default: OFFHOOK_CONFIG, else ./offhook.yaml if it is there)')
    .option('--verbose', 'tell where an error comes from')
    .helpCommand(false)
    .showHelpAfterError('(offhook --help shows what there is)')
    .exitOverride()
    // Every message for people ends up here: one line, nothing to decode.
    .configureOutput({
      writeOut: text => stdout.write(text),
      writeErr: text => stderr.write(text.replace(/^error: /, 'offhook: ')),
    })
  const load = (): LoadedConfig => loadConfig({ file: program.opts<GlobalOptions>().config, env })
  const deps: CommandDeps = {
    openServices: ({ mustExist }) =>
      openServices({ config: load().config, log: silentLog, clock: systemClock, mustExist }),
    stdin,
    stdout,
    stderr,
    clock: systemClock,
  }
  registerServe(program, {
    loadConfig: load,
    createLog: ({ log }) => createLog({ ...log, isTerminal: stderr.isTTY, hasColors: hasColors(stderr, env) }),
    // Other commands need none of it, and start the sooner.
    start: async (config, log) => (await import('../main.ts')).start(config, log),
    stdout,
    hasColors: hasColors(stdout, env),
    signals: terminal,
    exit: status => terminal.exit(status),
  })
  registerDoctor(program, { loadConfig: load, probes: systemProbes, stdout, clock: systemClock })
  registerUser(program, deps)
  registerUl(program, deps)
  registerOnline(program, deps)
  return program
}

/** NO_COLOR: https://no-color.org. */
function hasColors(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): boolean {
  return stream.isTTY && !env.NO_COLOR
}

/** What the user can mend has a code and a message that says how; of our own mistakes the stack helps whoever reports them. */
function tell(error: unknown, isVerbose: boolean, { stderr }: Terminal): void {
  const { message, stack = message } = error instanceof Error ? error : new Error(String(error))
  const isOurs = !(error instanceof Error && 'code' in error)
  const hint = isOurs && !isVerbose ? ' (a mistake in Offhook; --verbose tells where)' : ''
  for (const line of (isVerbose ? stack : message + hint).split('\n')) stderr.write(`offhook: ${line}\n`)
}
