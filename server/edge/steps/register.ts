import type { Registrar } from '../../registrar/registrar.ts'
import type { Home } from '../home.ts'
import { type Inbound, reply, type Step } from '../inbound.ts'

/** REGISTER ends here (RFC 3261 §10.3): its sender is known by now, and his To is his own. */
export function register(home: Home, registrar: Registrar): Step {
  return async inbound => {
    if (inbound.request.method !== 'REGISTER') return undefined
    return answer(inbound, home, registrar)
  }
}

async function answer(inbound: Inbound, home: Home, registrar: Registrar) {
  const aor = home.aorOf(inbound.request.to.uri)
  if (aor === undefined) return reply(404)
  const { id, transport, local, remote } = inbound.flow
  const result = await registrar.register(inbound.request, {
    aor,
    flow: { id, transport, local, remote },
    isWebSocket: inbound.isFromWebSocket,
  })
  return reply(result.status, result.reason, result.headers)
}
