import type { Request } from '../message/message.ts'
import { ParseError } from '../message/parse-error.ts'
import type { Via } from '../message/via.ts'
import type { Address } from './flow.ts'

const defaultPort = 5060

/**
 * Where the response to a request that came over UDP goes: with `rport` back to the port it came from (RFC 3581 §4), else to
 * the port the top Via names (RFC 3261 §18.2.2); always to the address it came from. `maddr` is not obeyed: it would let
 * anyone aim our answers at anyone. Where the Via cannot be read the answer, a 400 or 505, goes back to the source too.
 * Throws TypeError without a source.
 */
export function responseAddress(request: Request): Address {
  const { source } = request
  if (!source) throw new TypeError('A request without source')
  const via = readVia(request)
  return !via || via.params.has('rport') ? source : { host: source.host, port: via.port ?? defaultPort }
}

function readVia(request: Request): Via | undefined {
  try {
    return request.via
  } catch (error) {
    if (error instanceof ParseError) return undefined
    throw error
  }
}
