import type { Home } from '../home.ts'
import { type Inbound, reply, type Step } from '../inbound.ts'
import type { RouteToken, RouteTokens } from '../route-token.ts'

/**
 * Takes our own values off the top of the Route set (§16.4): those with a token of ours, and those that name us, as a phone's
 * outbound proxy does. A Route that leads elsewhere and did not come out of one of our dialogs would make us a relay for
 * anybody: 403 (R4.2).
 */
export function routes(home: Home, tokens: RouteTokens): Step {
  return inbound => {
    const { request } = inbound
    if (!request.has('route')) return undefined
    const set = request.nameAddrs('route').map(({ uri }) => {
      const token = uri.user === undefined ? undefined : tokens.read(uri.user, request.callId)
      return { token, isOwn: token !== undefined || home.domainOf(uri) !== undefined }
    })
    const foreign = set.findIndex(({ isOwn }) => !isOwn)
    inbound.ownRoutes = (foreign < 0 ? set : set.slice(0, foreign)).map(({ token }) => token)
    return foreign >= 0 && request.to.tag === undefined ? reply(403, 'Preloaded Route Not Accepted') : undefined
  }
}

/** The token in the Request-URI of a strict router, which puts our Record-Route there and its target last (§16.4). */
export function strictToken(inbound: Inbound, tokens: RouteTokens): { token: RouteToken; target: string } | undefined {
  const { request } = inbound
  const token = request.uri.user === undefined ? undefined : tokens.read(request.uri.user, request.callId)
  const target = request.nameAddrs('route').at(-1)?.uriText
  return token && target !== undefined ? { token, target } : undefined
}
