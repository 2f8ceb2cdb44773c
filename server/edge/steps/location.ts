import type { Subscriber, SubscriberDirectory } from '../../accounts/subscriber.ts'
import type { Binding } from '../../registrar/binding.ts'
import type { LocationService } from '../../registrar/location.ts'
import { unescapeUri } from '../../sip/message/grammar.ts'
import type { Flow, FlowRef } from '../../sip/transport/flow.ts'
import type { Home } from '../home.ts'
import { type Decision, type Destination, type Inbound, reply, type Step } from '../inbound.ts'

export interface LocationParts {
  readonly home: Home
  readonly location: LocationService
  readonly subscribers: SubscriberDirectory
  readonly findFlow: (ref: FlowRef) => Flow | undefined
}

/**
 * An address-of-record of ours: its bindings, those of equal q at once, lower ones after (R4.3). No user part 484, unknown 404,
 * known but nowhere registered 480 (R4.5).
 */
export function location(parts: LocationParts): Step {
  return inbound => {
    const { uri } = inbound.request
    const domain = parts.home.domainOf(uri)
    if (!uri.user || domain === undefined) return reply(484)
    const found = parts.subscribers.find(unescapeUri(uri.user), domain)
    if (found instanceof Promise) return found.then(subscriber => decide(inbound, parts, subscriber))
    return decide(inbound, parts, found)
  }
}

function decide(inbound: Inbound, parts: LocationParts, subscriber: Subscriber | undefined): Decision {
  const { home, location, findFlow } = parts
  if (!subscriber) return reply(404)
  // Bindings from before may still be there.
  if (!subscriber.enabled) return reply(480)
  const groups: Destination[][] = []
  let q: number | undefined
  for (const binding of location.lookup(home.aorOf(inbound.request.uri)!)) {
    const destination = reach(binding, findFlow)
    // Whoever calls his own account rings his other devices, not the one in his hand.
    if (!destination || destination.flow.id === inbound.flow.id) continue
    if (binding.q === q) groups.at(-1)!.push(destination)
    else groups.push([destination])
    q = binding.q
  }
  return groups.length ? { do: 'fork', groups } : reply(480)
}

/** undefined: registered over a connection that is no more, and nothing else reaches it. */
function reach(binding: Binding, findFlow: (ref: FlowRef) => Flow | undefined): Destination | undefined {
  const flow = findFlow(binding.flow)
  if (!flow?.isOpen) return undefined
  return { uri: binding.contact, flow, routes: binding.path, binding: binding.id }
}
