import type { Subscriber, SubscriberDirectory } from '../../accounts/subscriber.ts'
import type { Uri } from '../../sip/message/uri.ts'
import { unescapeUri } from '../../sip/message/grammar.ts'
import { authenticate as checkCredentials, type AuthenticateOptions } from '../../sip/digest/authenticate.ts'
import { challenges } from '../../sip/digest/challenge.ts'
import { algorithmsFor } from '../client-care.ts'
import type { Home } from '../home.ts'
import { type Decision, type Inbound, reply, type Step } from '../inbound.ts'

export interface AuthenticateParts {
  readonly home: Home
  readonly digest: Required<Pick<AuthenticateOptions, 'nonces' | 'algorithms' | 'allowWithoutQop'>>
  readonly subscribers: SubscriberDirectory
  /** Whether calls from foreign domains reach our accounts without credentials. */
  readonly acceptOutside: boolean
}

/**
 * Who claims to be ours must prove it: 401 for REGISTER, 407 for the rest (R3.1), and may then speak only for himself (R3.5).
 * ACK and CANCEL cannot be challenged (RFC 3261 §22.1); requests within a dialog have been let through before.
 */
export function authenticate(parts: AuthenticateParts): Step {
  const { home } = parts
  return inbound => {
    const { request } = inbound
    if (request.method === 'ACK') return { do: 'drop', why: 'ACK of no dialog' }
    const isRegister = request.method === 'REGISTER'
    if (isRegister && home.domainOf(request.uri) === undefined) return reply(403, 'Relaying Denied')
    const claimed = isRegister ? request.to.uri : request.from.uri
    const realm = isRegister ? home.domainOf(claimed) : home.claimOf(claimed)
    if (realm === undefined) return isRegister ? reply(404, 'Not Found') : outside(inbound, parts)
    return prove(inbound, claimed, realm, parts)
  }
}

/** From elsewhere: to our accounts if that is wanted, never on to others (R4.4: no open relay). */
function outside({ request }: Inbound, { home, acceptOutside }: AuthenticateParts): Decision | undefined {
  if (home.domainOf(request.uri) === undefined) return reply(403, 'Relaying Denied')
  return acceptOutside ? undefined : reply(403, 'Calls From Outside Not Accepted')
}

function prove(inbound: Inbound, claimed: Uri, realm: string, { digest, subscribers }: AuthenticateParts) {
  const { request } = inbound
  const isRegister = request.method === 'REGISTER'
  const algorithms = algorithmsFor(request, digest.algorithms)
  let subscriber: Subscriber | undefined
  const outcome = checkCredentials(request, {
    ...digest,
    header: isRegister ? 'authorization' : 'proxy-authorization',
    realm,
    findHa1: username => remember(subscribers.find(username, realm)),
  })
  return outcome instanceof Promise ? outcome.then(decide) : decide(outcome)

  function remember(found: ReturnType<SubscriberDirectory['find']>) {
    if (found instanceof Promise) return found.then(keep)
    return keep(found)
  }

  /** A disabled account is for the world outside one that does not exist. */
  function keep(found: Subscriber | undefined): Subscriber | undefined {
    subscriber = found?.enabled ? found : undefined
    return subscriber
  }

  function decide(result: Awaited<typeof outcome>): Decision | undefined {
    if (result.outcome === 'malformed') return reply(400, result.error.reason)
    if (result.outcome === 'challenge') {
      const [status, name] = isRegister ? [401, 'WWW-Authenticate'] : [407, 'Proxy-Authenticate']
      const values = challenges(realm, { nonces: digest.nonces, algorithms, stale: result.stale })
      return reply(
        status,
        undefined,
        values.map(value => [name, value] as const),
      )
    }
    inbound.account = subscriber
    if (subscriber?.username === unescapeUri(claimed.user ?? '')) return undefined
    return reply(403, 'use From=ID')
  }
}
