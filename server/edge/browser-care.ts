import type { Edit } from '../sip/message/edit.ts'
import type { Request } from '../sip/message/message.ts'
import { TargetRefusal } from '../sip/proxy/response-context.ts'

/**
 * What JsSIP does with a request that every browser target must be spared. It has no PRACK, yet it rings on
 * `Require: 100rel` without ever answering reliably: so the extension is taken out of what is supported, and refused with 420
 * where it is required, as a UAS without it must (RFC 3262 §3).
 */
export function spareReliability(request: Request, edit: Edit): void {
  if (!request.lists('supported', '100rel')) return
  const rest = request.list('supported').filter(tag => tag.toLowerCase() !== '100rel')
  if (rest.length) edit.set('Supported', rest.join(', '))
  else edit.remove('Supported')
}

export function refuseReliability(request: Request): Promise<never> | undefined {
  return request.lists('require', '100rel')
    ? Promise.reject(new TargetRefusal(420, 'Bad Extension: 100rel'))
    : undefined
}
