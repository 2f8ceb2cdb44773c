import type { Request } from '../message/message.ts'
import type { Address } from './flow.ts'

const defaultPort = 5060

/**
 * Where the response to a request that came over UDP goes: with `rport` back to the port it came from (RFC 3581 §4), else to
 * the port the top Via names (RFC 3261 §18.2.2); always to the address it came from. `maddr` is not obeyed: it would let
 * anyone aim our answers at anyone. Throws ParseError when the Via cannot be read, TypeError without a source.
 */
export function responseAddress(request: Request): Address {
  const { source, via } = request
  if (!source) throw new TypeError('A request without source')
  return via.params.has('rport') ? source : { host: source.host, port: via.port ?? defaultPort }
}
