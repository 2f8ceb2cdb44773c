import { randomId } from '../lib/ids.ts'
import { Engine, type EngineOptions, type EngineSettings } from './engine.ts'
import { resolveFlags, type FlagOverrides, type ResolvedFlags } from './flag-overrides.ts'
import { EngineSession, type MediaSession } from './media-session.ts'

export interface EnginesOptions extends EngineSettings {
  /** In order of preference. */
  readonly engines: readonly EngineOptions[]
  /** The operator's changes to the flag table (`media.flags`). */
  readonly flags?: FlagOverrides
}

/** There is nobody to carry media. The call that asked is answered `status reason`. */
export class NoEngineError extends Error {
  override readonly name = 'NoEngineError'
  readonly code = 'NO_ENGINE'
  readonly status = 503
  readonly reason: string

  constructor(reason: string) {
    super(reason)
    this.reason = reason
  }
}

/** The rtpengines that we may use. A session stays with the engine it began on. */
export class Engines {
  readonly #engines: ReadonlyMap<string, Engine>
  readonly #flags: ResolvedFlags
  readonly #options: EnginesOptions

  /** Throws TypeError for an engine's address that is none. */
  constructor(options: EnginesOptions) {
    const { engines, flags, ...settings } = options
    this.#engines = new Map(engines.map(engine => [engine.id, new Engine(engine, settings)]))
    this.#flags = resolveFlags(flags)
    this.#options = options
  }

  /** Resolves when each engine has answered a ping or failed to; one that is down is tried on. */
  async start(): Promise<void> {
    await Promise.all([...this.#engines.values()].map(engine => engine.start()))
  }

  /** Ids of all engines and whether they answer. */
  get health(): readonly { readonly id: string; readonly isUp: boolean }[] {
    return [...this.#engines.values()].map(({ id, isUp }) => ({ id, isUp }))
  }

  /** A new session on an engine that is up. Throws NoEngineError. */
  open(): MediaSession {
    for (const engine of this.#engines.values()) if (engine.isUp) return this.#session(randomId(), engine)
    throw new NoEngineError(this.#engines.size ? 'Media Engine Down' : 'No Media Engine')
  }

  /** The session that a token names, also after a restart of ours. Throws NoEngineError for an engine that is no longer there. */
  attach(engineId: string, sessionId: string): MediaSession {
    return this.#session(sessionId, this.#get(engineId))
  }

  /** Our own address as seen from the engine (default: the first one). Throws NoEngineError when there is none. */
  localAddress(engineId = this.#first): string {
    return known(this.#get(engineId).localHost)
  }

  /** The address of the engine (default: the first one). Throws NoEngineError when there is none. */
  remoteAddress(engineId = this.#first): string {
    return known(this.#get(engineId).remoteHost)
  }

  /** Final and idempotent; what waits for an engine's answer is rejected. */
  close(): void {
    for (const engine of this.#engines.values()) engine.close()
  }

  get #first(): string {
    return this.#options.engines[0]?.id ?? ''
  }

  #get(engineId: string): Engine {
    const engine = this.#engines.get(engineId)
    if (!engine) throw new NoEngineError('No Such Media Engine')
    return engine
  }

  #session(id: string, engine: Engine): MediaSession {
    return new EngineSession(id, engine, this.#flags, this.#options.log)
  }
}

function known(host: string | undefined): string {
  if (host === undefined) throw new NoEngineError('Media Engine Down')
  return host
}
