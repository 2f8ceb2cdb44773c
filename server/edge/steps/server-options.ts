import { allowedMethods } from '../../sip/message/methods.ts'
import type { Home } from '../home.ts'
import { reply, type Step } from '../inbound.ts'

/** OPTIONS to the server itself: it is there, and this is what it takes (R2.8, RFC 3261 §11.2). */
export function serverOptions(home: Home): Step {
  return ({ request }) => {
    if (request.method !== 'OPTIONS' || request.uri.user !== undefined || home.domainOf(request.uri) === undefined)
      return undefined
    return reply(200, undefined, [
      ['Allow', allowedMethods.join(', ')],
      ['Accept', 'application/sdp'],
      ['Accept-Encoding', 'identity'],
      ['Accept-Language', 'en'],
      ['Supported', 'path'],
    ])
  }
}
