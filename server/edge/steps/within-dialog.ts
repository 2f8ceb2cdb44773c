import type { Binding } from '../../registrar/binding.ts'
import type { Flow, FlowRef } from '../../sip/transport/flow.ts'
import { type Decision, type Inbound, reply, type Step } from '../inbound.ts'
import type { RouteToken, RouteTokens } from '../route-token.ts'
import { strictToken } from './routes.ts'

export interface DialogWays {
  readonly tokens: RouteTokens
  readonly findFlow: (ref: FlowRef) => Flow | undefined
  readonly bindingById: (id: string) => Binding | undefined
}

/**
 * A request with a To tag follows its Route set and meets no policy. The Record-Routes of a dialog are two: the one that faces
 * the sender comes back first, the one that faces the receiver last. Without them it is not one of our dialogs: an ACK is
 * dropped, all else answered `404 Not here`.
 */
export function withinDialog(ways: DialogWays): Step {
  return inbound => {
    const { request } = inbound
    if (request.to.tag === undefined) return undefined
    const strict = strictToken(inbound, ways.tokens)
    const tokens = [...(strict ? [strict.token] : []), ...inbound.ownRoutes].filter(token => token !== undefined)
    if (tokens.length < 2) return notHere(inbound)
    const to = tokens.at(-1)!
    const flow = flowOf(to, ways)
    const uri = strict?.target ?? request.uriText
    const destination = flow && { uri, flow, fromLastRoute: strict !== undefined }
    return { do: 'relay', destination, from: tokens[0]!, to }
  }
}

const notHere = ({ request }: Inbound): Decision =>
  request.method === 'ACK' ? { do: 'drop', why: 'ACK without our Route' } : reply(404, 'Not here')

/** The flow of the moment: a browser that came back over a new socket registered the same binding again. */
function flowOf({ to }: RouteToken, { findFlow, bindingById }: DialogWays): Flow | undefined {
  const ref = 'flow' in to ? to.flow : bindingById(to.binding)?.flow
  const flow = ref && findFlow(ref)
  return flow?.isOpen ? flow : undefined
}
