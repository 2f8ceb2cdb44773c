import type { Clock } from '../lib/clock.ts'
import type { DomainStore } from './domain.ts'

/**
 * The domain of a first start that names none. Not the name or the address of the machine: those change with the network, and the
 * password hashes (HA1) are made with the domain, so every password would stop working. `.internal` is set aside for private
 * use and will never be somebody else's. Phones and browsers need not resolve it: the machine's own names and addresses count
 * as the default domain.
 */
export const builtInDomain = 'offhook.internal'

export interface DefaultDomainOptions {
  /** What the configuration says. */
  readonly configured?: string
  readonly settings: { getOrCreate(key: string, create: () => string): Promise<string> }
  readonly domains: Pick<DomainStore, 'add'>
  readonly clock: Clock
}

/**
 * The configured domain, else the one of the first start, which is kept. Both are home domains afterwards, so that accounts made
 * before the configuration changed still work.
 */
export async function chooseDefaultDomain({
  configured,
  settings,
  domains,
  clock,
}: DefaultDomainOptions): Promise<string> {
  const kept = await settings.getOrCreate('defaultDomain', () => configured ?? builtInDomain)
  const chosen = configured ?? kept
  for (const name of new Set([kept, chosen])) await domains.add({ name, createdAt: clock.now() })
  return chosen
}
