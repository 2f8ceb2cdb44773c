import type { Request } from '../../sip/message/message.ts'
import { ParseError } from '../../sip/message/parse-error.ts'
import { isSip } from '../../sip/message/uri.ts'
import { reply, type Step } from '../inbound.ts'

/**
 * RFC 3261 §16.3, in its order: syntax, version and size; scheme; hops; extensions that a proxy would have to know. Without a Via
 * that can be read there is no way for an answer.
 */
export const sanity: Step = ({ request, defect }) => {
  if (defect && !hasVia(request)) return { do: 'drop', why: defect.reason }
  if (defect) return reply(defect.status, defect.reason)
  if (!isSip(request.uri)) return reply(416)
  if (request.maxForwards === 0) return reply(483)
  // We know none, so each of them is unsupported (§16.3 step 5).
  const demanded = request.list('proxy-require').filter(Boolean)
  if (demanded.length) return reply(420, undefined, [['Unsupported', demanded.join(', ')]])
  return undefined
}

function hasVia(request: Request): boolean {
  try {
    return request.via.host !== ''
  } catch (error) {
    if (error instanceof ParseError) return false
    throw error
  }
}
