import { pino, type DestinationStream, type Logger } from 'pino'
import { prettyFactory } from 'pino-pretty'
import type { Log } from './lib/log.ts'

export interface LogOptions {
  /** The least serious line that is written. */
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** `auto`: `pretty` on a terminal, else `json`. */
  readonly format: 'auto' | 'pretty' | 'json'
  /** Default: standard error, because standard output belongs to the tables of the commands. */
  readonly destination?: DestinationStream
  /** Whether people read it: standard error is a terminal. */
  readonly isTerminal: boolean
  readonly hasColors: boolean
}

/** Field names whose value never gets into a line, at the top and one level down. */
const secretFields = ['authorization', 'proxyAuthorization', 'password', 'ha1', 'ha1b', 'key', 'token', 'cookie']

/** SIP text may be logged whole at `debug`; what proves a password is taken out of it (also over folded lines). */
const credentials = /^((?:proxy-)?authorization[ \t]*:[ \t]*)[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*/gim

export function createLog(options: LogOptions): Log {
  const { isTerminal, destination = pino.destination({ dest: 2, sync: true }) } = options
  const isPretty = options.format === 'pretty' || (options.format === 'auto' && isTerminal)
  return adapt(pino(pinoOptions(options.level), isPretty ? prettied(destination, options.hasColors) : destination))
}

function prettied(destination: DestinationStream, colorize: boolean): DestinationStream {
  const format = prettyFactory({ colorize, translateTime: 'SYS:HH:MM:ss.l', singleLine: true })
  return { write: line => destination.write(format(line)) }
}

function pinoOptions(level: string): object {
  return {
    level,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: secretFields.flatMap(field => [field, `*.${field}`]), censor: '…' },
    formatters: { level: (label: string) => ({ level: label }), log: withoutCredentials },
  }
}

function withoutCredentials(fields: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === 'string' ? value.replace(credentials, '$1…') : value,
  ])
  return Object.fromEntries(entries) as Record<string, unknown>
}

function adapt(logger: Logger): Log {
  return {
    debug: (fields, text) => logger.debug(fields, text),
    info: (fields, text) => logger.info(fields, text),
    warn: (fields, text) => logger.warn(fields, text),
    error: (fields, text) => logger.error(fields, text),
    child: fields => adapt(logger.child(fields)),
  }
}
