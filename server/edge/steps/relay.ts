import type { Uri } from '../../sip/message/uri.ts'
import type { Home } from '../home.ts'
import { type Destination, reply, type Step } from '../inbound.ts'

/** Where a URI that is not ours leads, in the order to try (RFC 3263); empty: nowhere. */
export type NextHops = (uri: Uri) => Promise<readonly Destination[]>

/** An account of ours calls somewhere else: by DNS (R4.4 inside → outside). Others have been refused before. */
export function relay(home: Home, nextHops: NextHops): Step {
  return inbound => {
    const { request, account } = inbound
    if (home.domainOf(request.uri) !== undefined) return undefined
    if (!account) return reply(403, 'Relaying Denied')
    return nextHops(request.uri).then(hops =>
      hops.length ? { do: 'fork', groups: hops.map(hop => [hop]) } : reply(404, 'No Way To That Domain'),
    )
  }
}
