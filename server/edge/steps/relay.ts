import type { Uri } from '../../sip/message/uri.ts'
import type { Home } from '../home.ts'
import { type Destination, reply, type Step } from '../inbound.ts'
import { mayReach } from '../reach.ts'

/** Where a URI that is not ours leads, in the order to try (RFC 3263), of addresses that are `allowed`; empty: nowhere. */
export type NextHops = (uri: Uri, allowed: (address: string) => boolean) => Promise<readonly Destination[]>

/** An account of ours calls somewhere else: by DNS (R4.4 inside → outside). Others have been refused before. */
export function relay(home: Home, nextHops: NextHops): Step {
  return inbound => {
    const { request, account, flow } = inbound
    if (home.domainOf(request.uri) !== undefined) return undefined
    if (!account) return reply(403, 'Relaying Denied')
    return nextHops(request.uri, address => mayReach(flow.remote.host, address)).then(hops =>
      hops.length ? { do: 'fork', groups: hops.map(hop => [hop]) } : reply(404, 'No Way To That Domain'),
    )
  }
}
