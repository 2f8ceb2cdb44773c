import type { Request, Response } from '../message/message.ts'
import { hasCookie, sentBy } from '../message/via.ts'

/** Between the parts of a key: in no header field value. */
const separator = '\n'

/**
 * Names the server transaction of a request (RFC 3261 §17.2.3): the branch, who made it, the method. With `method`
 * 'INVITE' it names the transaction that a CANCEL cancels (§9.2).
 */
export function serverKey(request: Request, method = request.method): string {
  const { via } = request
  if (!hasCookie(via)) return legacyKey(request, method, request.to.tag)
  return `${via.params.get('branch')!}${separator}${sentBy(via)}${separator}${method}`
}

/**
 * Where to look for the INVITE that an ACK belongs to. With RFC 2543 the To tag of the INVITE takes part: it had none,
 * or the one that the ACK has; what the ACK then acknowledges is for the transaction to say.
 */
export function inviteKeysOfAck(ack: Request): readonly string[] {
  if (hasCookie(ack.via)) return [serverKey(ack, 'INVITE')]
  return [legacyKey(ack, 'INVITE', undefined), legacyKey(ack, 'INVITE', ack.to.tag)]
}

/** Without the cookie of RFC 3261 a branch may repeat: RFC 2543 compares everything that makes a request what it is. */
function legacyKey(request: Request, method: string, toTag: string | undefined): string {
  const parts = [request.uriText, toTag, request.from.tag, request.callId, request.cseq.number, method]
  return [...parts, request.list('via')[0]].join(separator)
}

/**
 * Names the client transaction of a response: branch and method (§17.1.3), and our own sent-by, for a response with
 * another one is not for us (§18.1.2).
 */
export const clientKey = (branch: string, sentBy: string, method: string): string =>
  `${branch}${separator}${sentBy.toLowerCase()}${separator}${method}`

export function clientKeyOf(response: Response): string {
  const { via } = response
  return clientKey(via.params.get('branch') ?? '', sentBy(via), response.cseq.method)
}
