import type { DigestAlgorithm } from '../accounts/subscriber.ts'
import type { Edit } from '../sip/message/edit.ts'
import type { Request } from '../sip/message/message.ts'
import { TargetRefusal } from '../sip/proxy/response-context.ts'

/** What clients do wrong and the edge lives with (design decision 10): one rule each. */

/**
 * Clients that find the challenge they know among several, as RFC 8760 §2.4 has it. Many others read the first one only and give
 * up when it is not MD5: baresip 1 (ENOSYS, and no second REGISTER), sipp, desk phones of before 2020.
 */
const readSeveralChallenges: readonly RegExp[] = [
  /^JsSIP /, // keeps the last one, which is MD5
  /^baresip v?(?:[2-9]|\d\d)/i,
  /^Linphone/i,
]

/** The algorithms to challenge this client with, of those offered: all, or MD5 alone where it might stumble over another. */
export function algorithmsFor(request: Request, offered: readonly DigestAlgorithm[]): readonly DigestAlgorithm[] {
  const userAgent = request.header('user-agent') ?? ''
  const copes = readSeveralChallenges.some(pattern => pattern.test(userAgent))
  return copes || !offered.includes('MD5') ? offered : ['MD5']
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
