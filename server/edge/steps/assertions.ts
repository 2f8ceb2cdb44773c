import type { Step } from '../inbound.ts'

/** Who somebody is, said by himself. */
const assertions = new Set(['p-asserted-identity', 'p-preferred-identity', 'remote-party-id'])

/** Only a trusted network may assert an identity, and so far nobody is trusted: taken off (RFC 3325 §5), so that From stands alone. */
export const dropAssertions: Step = ({ request, consumed }) => {
  for (const field of request.fields) if (assertions.has(field.name)) consumed.push(field)
  return undefined
}
