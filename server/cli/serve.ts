import type { Command } from 'commander'
import type { Writable } from 'node:stream'
import type { Config, LoadedConfig } from '../config.ts'
import type { Log } from '../lib/log.ts'
import { renderWelcome, type Welcome } from '../welcome.ts'

export interface ServeDeps {
  readonly loadConfig: () => LoadedConfig
  createLog(config: Config): Log
  /** Resolves when everything listens. Rejects with what the operator has to mend, and has then closed what was open. */
  start(config: Config, log: Log): Promise<RunningServer>
  readonly stdout: Writable
  readonly hasColors: boolean
  readonly signals: SignalSource
  /** Ends the process at once. */
  readonly exit: (status: number) => void
}

export interface RunningServer {
  readonly welcome: Welcome
  /** Drains and stops, in reverse order of the start. Idempotent. */
  stop(): Promise<void>
}

export interface SignalSource {
  on(signal: 'SIGINT' | 'SIGTERM', run: () => void): unknown
  off(signal: 'SIGINT' | 'SIGTERM', run: () => void): unknown
}

const signals = ['SIGINT', 'SIGTERM'] as const
/** What a shell says of a program that was ended by SIGINT. */
const interrupted = 130

/** `offhook serve`: runs until SIGTERM or SIGINT, then stops in order; a second one ends at once. */
export function registerServe(program: Command, deps: ServeDeps): void {
  program
    .command('serve')
    .description('run the phone system')
    .action(async () => {
      await serve(deps)
      deps.exit(0)
    })
}

async function serve(deps: ServeDeps): Promise<void> {
  const { config, warnings } = deps.loadConfig()
  const log = deps.createLog(config)
  for (const warning of warnings) log.warn({}, warning)
  const stopping = untilSignal(deps)
  try {
    const server = await deps.start(config, log)
    // Passwords of a first start go this way and no other.
    deps.stdout.write(renderWelcome(server.welcome, deps.hasColors ? bold : undefined))
    await stopping.requested
    log.info({}, 'stopping')
    await server.stop()
    log.info({}, 'stopped')
  } finally {
    stopping.forget()
  }
}

/** A signal during the start waits for its end: what is half open could not be closed in order. */
function untilSignal({ signals: source, exit }: ServeDeps): { requested: Promise<void>; forget: () => void } {
  let isRequested = false
  let request: () => void
  const requested = new Promise<void>(resolve => (request = resolve))
  const listener = (): void => {
    if (isRequested) exit(interrupted)
    isRequested = true
    request()
  }
  for (const signal of signals) source.on(signal, listener)
  return {
    requested,
    forget() {
      for (const signal of signals) source.off(signal, listener)
    },
  }
}

const bold = (text: string): string => `\x1b[1m${text}\x1b[22m`
