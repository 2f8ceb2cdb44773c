import { unescapeUri } from '../../sip/message/grammar.ts'
import type { Flow } from '../../sip/transport/flow.ts'
import { type Step } from '../inbound.ts'

/** Numbers behind which an application of our own answers: `*43` is the echo test. */
export function services(numbers: ReadonlyMap<string, Flow>): Step {
  return ({ request }) => {
    const flow = numbers.get(unescapeUri(request.uri.user ?? ''))
    return flow && { do: 'fork', groups: [[{ uri: request.uriText, flow }]] }
  }
}
