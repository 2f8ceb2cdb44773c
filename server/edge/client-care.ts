import type { DigestAlgorithm } from '../accounts/subscriber.ts'
import type { Edit } from '../sip/message/edit.ts'
import type { Request } from '../sip/message/message.ts'
import { TargetRefusal } from '../sip/proxy/response-context.ts'

/** What clients do wrong and the edge lives with (design decision 10): one rule each. */

/** Clients that give up at the first challenge whose algorithm they do not know, instead of skipping it (RFC 8760 §2.4). */
const stumbleOverSha256: readonly RegExp[] = [
  /^baresip v?[01]\./i, // libre answers ENOSYS and never sends credentials
]

/** The algorithms to challenge this client with; of what is offered at least MD5 must remain, or nothing is changed. */
export function algorithmsFor(request: Request, offered: readonly DigestAlgorithm[]): readonly DigestAlgorithm[] {
  const userAgent = request.header('user-agent') ?? ''
  if (!offered.includes('MD5') || !stumbleOverSha256.some(pattern => pattern.test(userAgent))) return offered
  return ['MD5']
}

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
