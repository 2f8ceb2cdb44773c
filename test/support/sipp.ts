import fs from 'node:fs'
import path from 'node:path'
import { Child } from './child.ts'
import { freePort, freePortRange, LOOPBACK } from './ports.ts'
import { removeFolder, scratchFolder } from './scratch.ts'

/** sipp binds sockets for audio and video at once, RTCP included. */
export const SIPP_MEDIA_PORTS = 4

/** sipp's exit statuses. */
const OUTCOMES: Record<number, string> = {
  0: 'all calls were successful',
  1: 'a call failed',
  97: 'it ended on request, calls may have been processed',
  99: 'it ended without a call',
  254: 'a socket could not be bound',
  255: 'a fatal error',
}

export interface SippOptions {
  /** Path of the scenario. `{{name}}` in it is replaced by `params.name`. */
  scenario: string
  params?: Record<string, string | number>
  /** The server's port on 127.0.0.1; not needed by a scenario that only answers. */
  serverPort?: number
  localPort?: number
  transport?: 'udp' | 'tcp'
  /** The digest's `uri` without its `sip:`; the server's address by default, whatever the Request-URI is. */
  authUri?: string
  /** Gives up after this time; the run then counts as failed. Milliseconds. */
  timeoutMs?: number
}

export interface SippResult {
  status: number | null
  isOk: boolean
  /** For a failing test: the outcome, sipp's errors, and the messages it saw. */
  report: string
}

/** One sipp, running one call of a scenario. */
export class Sipp {
  readonly localPort: number
  readonly #child: Child
  readonly #folder: string
  readonly #name: string

  private constructor(name: string, localPort: number, child: Child, folder: string) {
    this.#name = name
    this.localPort = localPort
    this.#child = child
    this.#folder = folder
  }

  static async start(options: SippOptions): Promise<Sipp> {
    const { scenario, serverPort, authUri, transport = 'udp', timeoutMs = 20_000 } = options
    const localPort = options.localPort ?? (await freePort())
    const controlPort = await freePort()
    const media = await freePortRange(SIPP_MEDIA_PORTS)
    const folder = scratchFolder('sipp')
    const file = path.join(folder, 'scenario.xml')
    fs.writeFileSync(file, fillIn(fs.readFileSync(scenario, 'utf8'), { ...options.params, localPort }))
    const args = [
      ...(serverPort === undefined ? [] : [`${LOOPBACK}:${serverPort}`]),
      ...(authUri === undefined ? [] : ['-auth_uri', authUri]),
      ...['-sf', file, '-i', LOOPBACK, '-p', `${localPort}`, '-cp', `${controlPort}`, '-mp', `${media.first}`],
      ...['-t', transport === 'udp' ? 'u1' : 't1', '-m', '1', '-l', '1', '-nostdin', '-default_behaviors', 'all,-bye'],
      ...['-timeout', `${Math.ceil(timeoutMs / 1_000)}s`, '-timeout_error'],
      ...[
        '-trace_err',
        '-error_file',
        path.join(folder, 'errors'),
        '-trace_msg',
        '-message_file',
        path.join(folder, 'messages'),
      ],
    ]
    const child = new Child({
      command: 'sipp',
      args,
      cwd: folder,
      logFile: path.join(folder, 'log'),
      env: { TERM: 'dumb' },
    })
    const sipp = new Sipp(path.basename(scenario), localPort, child, folder)
    if (serverPort === undefined) await child.ready(() => isBound(localPort))
    return sipp
  }

  /** Waits for its end; its files are removed. */
  async finished(): Promise<SippResult> {
    const status = await this.#child.exited
    const result = { status, isOk: status === 0, report: this.#report(status) }
    removeFolder(this.#folder)
    return result
  }

  /** Ends it early, for a test that failed elsewhere. */
  async stop(): Promise<void> {
    await this.#child.stop()
    removeFolder(this.#folder)
  }

  #report(status: number | null): string {
    const read = (name: string) => {
      const file = path.join(this.#folder, name)
      return fs.existsSync(file) ? fs.readFileSync(file, 'latin1').slice(-8_000) : ''
    }
    const outcome = OUTCOMES[status ?? -1] ?? 'a signal ended it'
    return `sipp ${this.#name}: status ${status ?? 'none'}, ${outcome}\n${read('errors')}\n${read('messages')}\n${this.#child.logTail(15)}`
  }
}

/** Runs a scenario to its end. */
export async function runSipp(options: SippOptions): Promise<SippResult> {
  return (await Sipp.start(options)).finished()
}

function fillIn(text: string, params: Record<string, string | number>): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = params[name]
    if (value === undefined) throw new TypeError(`the scenario wants {{${name}}}`)
    return String(value)
  })
}

/** Whether a UDP socket is bound to the port, from the kernel's table. */
function isBound(port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  return fs.readFileSync('/proc/net/udp', 'utf8').includes(`0100007F:${hex} `)
}
