import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import { Engines } from './engines.ts'
import { findRtpengine } from './find-rtpengine.ts'
import type { FlagOverrides } from './flag-overrides.ts'
import { mediaInterfaces, type MediaAddresses } from './media-interfaces.ts'
import type { PortRange } from './port-claim.ts'
import { SupervisedEngine } from './supervised-engine.ts'

export interface MediaOptions extends MediaAddresses {
  /** `none`: SDP passes untouched. */
  readonly mode: 'auto' | 'none'
  /** `udp:HOST:PORT` of configured engines. Empty: an rtpengine found on this machine is started. */
  readonly engines: readonly string[]
  readonly ports?: PortRange
  readonly flags?: FlagOverrides
  /** Like `PATH`: where to look for rtpengine. */
  readonly path: string | undefined
  readonly clock: Clock
  readonly log: Log
}

export interface Media {
  /** undefined: media is not controlled. */
  readonly engines: Engines | undefined
  /** What serves, in words. */
  readonly description: string
  close(): Promise<void>
}

export const noEngineAdvice =
  'none: calls get no media until an rtpengine is there (Debian, Ubuntu: apt install rtpengine-daemon, then start again)'

/** Chooses what carries media and makes it ready: configured engines, else an rtpengine of this machine as our child. */
export async function openMedia(options: MediaOptions): Promise<Media> {
  const { mode, engines, clock, log } = options
  if (mode === 'none') return media(undefined, 'not controlled (media.mode: none)')
  if (engines.length) {
    const configured = new Engines({ engines: engines.map(address => ({ id: idOf(address), address })), ...settings() })
    await configured.start()
    return media(configured, describeConfigured(engines, configured))
  }
  const path = await findRtpengine(options.path)
  if (path === undefined) return without(noEngineAdvice)
  const supervised = { path, interfaces: mediaInterfaces(options), ports: options.ports, clock, log }
  const child = await SupervisedEngine.start(supervised).catch((error: unknown) => error as Error)
  // Registrations, messages and the pages need no media: the rest of the phone system runs, and says what is missing.
  if (child instanceof Error) return without(`none: ${path} does not start (${child.message})`)
  const own = new Engines({ engines: [{ id: 'local', address: child.address }], ...settings() })
  await own.start()
  const { min, max } = child.ports
  return media(own, `rtpengine ${child.version}, started here, UDP ports ${min}-${max}`, child)

  function without(why: string): Media {
    log.error({}, `media engine ${why}`)
    return media(new Engines({ engines: [], ...settings() }), why)
  }

  function settings() {
    return { clock, log, flags: options.flags }
  }
}

function media(engines: Engines | undefined, description: string, child?: SupervisedEngine): Media {
  return {
    engines,
    description,
    async close() {
      engines?.close()
      await child?.close()
    },
  }
}

/** Stands in the tokens of dialogs, so it is the same after a restart: letters, digits and hyphens only. */
const idOf = (address: string): string => address.replace(/[^A-Za-z0-9]+/g, '-')

function describeConfigured(addresses: readonly string[], engines: Engines): string {
  const down = engines.health.filter(({ isUp }) => !isUp).length
  const list = `rtpengine at ${addresses.join(', ')}`
  return down ? `${list} (${down === addresses.length ? 'not' : 'not all'} answering yet)` : list
}
