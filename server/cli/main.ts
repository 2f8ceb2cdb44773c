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

/** Runs `offhook` with the arguments of the process. Resolves with the exit status; `serve` ends the process itself. */
export async function run(argv: readonly string[] = process.argv): Promise<number> {
  const program = buildProgram()
  try {
    await program.parseAsync([...argv])
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    tell(error, program.opts<GlobalOptions>().verbose ?? false)
    return 1
  }
}

/** Composition root of the commands, as `server/main.ts` is of the server: the only file here that knows concrete parts. */
export function buildProgram(): Command {
  const program = new Command('offhook')
    .description('A phone system for the browser: SIP edge, registrar, media control and softphone')
    .version(findInstallation().version)
    .option('--config <file>', 'configuration file (default: OFFHOOK_CONFIG, else ./offhook.yaml if it is there)')
    .option('--verbose', 'tell where an error comes from')
    .helpCommand(false)
    .showHelpAfterError('(offhook --help shows what there is)')
    .exitOverride()
    // Every message for people ends up here: one line, nothing to decode.
    .configureOutput({ writeErr: text => process.stderr.write(text.replace(/^error: /, 'offhook: ')) })
  const load = (): LoadedConfig => loadConfig({ file: program.opts<GlobalOptions>().config })
  const deps: CommandDeps = {
    openServices: ({ mustExist }) =>
      openServices({ config: load().config, log: silentLog, clock: systemClock, mustExist }),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    clock: systemClock,
  }
  registerServe(program, {
    loadConfig: load,
    createLog: ({ log }) =>
      createLog({ ...log, isTerminal: process.stderr.isTTY, hasColors: hasColors(process.stderr) }),
    // Other commands need none of it, and start the sooner.
    start: async (config, log) => (await import('../main.ts')).start(config, log),
    stdout: process.stdout,
    hasColors: hasColors(process.stdout),
    signals: process,
    exit: status => process.exit(status),
  })
  registerDoctor(program, { loadConfig: load, probes: systemProbes, stdout: process.stdout, clock: systemClock })
  registerUser(program, deps)
  registerUl(program, deps)
  registerOnline(program, deps)
  return program
}

/** NO_COLOR: https://no-color.org. */
function hasColors(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && !process.env.NO_COLOR
}

/** What the operator can mend is one line a problem; of our own mistakes the stack helps whoever reports them. */
function tell(error: unknown, isVerbose: boolean): void {
  const { message, stack = message } = error instanceof Error ? error : new Error(String(error))
  const lines = isVerbose ? stack : message
  for (const line of lines.split('\n')) process.stderr.write(`offhook: ${line}\n`)
}
