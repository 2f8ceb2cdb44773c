import type { Registrar, RegisterResult } from '../../registrar/registrar.ts'
import type { Home } from '../home.ts'
import { type Decision, reply, type Step } from '../inbound.ts'

/** REGISTER ends here (RFC 3261 §10.3): its sender is known by now, and his To is his own. */
export function register(home: Home, registrar: Registrar): Step {
  return ({ request, flow: { id, transport, local, remote }, isFromWebSocket }) => {
    if (request.method !== 'REGISTER') return undefined
    const aor = home.aorOf(request.to.uri)
    if (aor === undefined) return reply(404)
    const flow = { id, transport, local, remote }
    const result = registrar.register(request, { aor, flow, isWebSocket: isFromWebSocket })
    return result instanceof Promise ? result.then(answer) : answer(result)
  }
}

const answer = ({ status, reason, headers }: RegisterResult): Decision => reply(status, reason, headers)
