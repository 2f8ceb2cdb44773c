import { Request, type Response } from '../message/message.ts'
import { parseMessage } from '../message/parse.ts'

/** ACK for a non-2xx final response to `invite`, as its client transaction makes it (RFC 3261 §17.1.1.3). */
export function createAck(invite: string, response: Response): string {
  return createRequest('ACK', parseRequest(invite), response.header('to') ?? '')
}

/**
 * CANCEL of `invite` (RFC 3261 §9.1), with a Reason header field when `reason` gives its value (RFC 3326). Require and
 * Proxy-Require stay behind.
 */
export function createCancel(invite: string, reason?: string): string {
  const request = parseRequest(invite)
  return createRequest(
    'CANCEL',
    request,
    request.header('to') ?? '',
    reason === undefined ? '' : `Reason: ${reason}\r\n`,
  )
}

/** What both share: they go the way of the INVITE, so they have its top Via and no other, and all of its Route. */
function createRequest(method: 'ACK' | 'CANCEL', invite: Request, to: string, more = ''): string {
  let text = `${method} ${invite.uriText} SIP/2.0\r\nVia: ${invite.list('via')[0] ?? ''}\r\n`
  for (const route of invite.headers('route')) text += `Route: ${route}\r\n`
  text += `Max-Forwards: 70\r\nFrom: ${invite.header('from') ?? ''}\r\nTo: ${to}\r\n`
  text += `Call-ID: ${invite.callId}\r\nCSeq: ${invite.cseq.number} ${method}\r\n`
  return `${text}${more}Content-Length: 0\r\n\r\n`
}

/** The INVITE is kept as text and read again only when an ACK or CANCEL is made of it. */
function parseRequest(text: string): Request {
  const request = parseMessage(text)
  if (request instanceof Request) return request
  throw new TypeError('What was sent as an INVITE is no request')
}
