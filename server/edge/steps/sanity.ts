import { isSip } from '../../sip/message/uri.ts'
import { reply, type Step } from '../inbound.ts'

/**
 * RFC 3261 §16.3, in its order: syntax, version and size; scheme; hops; extensions that a proxy would have to know. Who sends no
 * Via cannot match an answer.
 */
export const sanity: Step = ({ request, defect }) => {
  if (defect && !request.has('via')) return { do: 'drop', why: defect.reason }
  if (defect) return reply(defect.status, defect.reason)
  if (!isSip(request.uri)) return reply(416)
  if (request.maxForwards === 0) return reply(483)
  // We know none, so each of them is unsupported (§16.3 step 5).
  const demanded = request.list('proxy-require').filter(Boolean)
  if (demanded.length) return reply(420, undefined, [['Unsupported', demanded.join(', ')]])
  return undefined
}
