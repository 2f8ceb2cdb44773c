import type { Request, Response } from '../sip/message/message.ts'
import { ParseError } from '../sip/message/parse-error.ts'
import { newBranch } from '../sip/proxy/forward.ts'
import type { Attempt } from '../sip/proxy/response-context.ts'
import type { TransactionLayer } from '../sip/transaction/transaction-layer.ts'
import type { EdgeTarget } from './media-path.ts'

/**
 * Ends a dialog that the caller must not see: two answered at once and a browser can live with one 2xx only (JsSIP sends the
 * second one's BYE into the first dialog), or the answer could not be made fit for him. ACK and BYE as the caller would send
 * them, along the route set below us.
 */
export function hangUp(
  transactions: TransactionLayer,
  request: Request,
  { target }: Attempt<EdgeTarget>,
  answer: Response,
): void {
  const build = (method: 'ACK' | 'BYE', branch: string) => {
    const uri = contactOf(answer) ?? target.uri
    // Our two values are the last that the request collected; what the callee's side added stands above (RFC 3261 §12.1.2).
    const above = answer.list('record-route').length - request.list('record-route').length - 2
    const routes = answer.list('record-route').slice(0, Math.max(0, above)).reverse()
    return [
      `${method} ${uri} SIP/2.0`,
      `Via: ${target.via};branch=${branch}`,
      'Max-Forwards: 70',
      ...routes.map(route => `Route: ${route}`),
      `From: ${answer.header('from') ?? ''}`,
      `To: ${answer.header('to') ?? ''}`,
      `Call-ID: ${answer.callId}`,
      `CSeq: ${answer.cseq.number + (method === 'BYE' ? 1 : 0)} ${method}`,
      ...(method === 'BYE' ? ['Reason: SIP;cause=200;text="Call completed elsewhere"'] : []),
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n')
  }
  target.peer.send(build('ACK', newBranch()))
  const branch = newBranch()
  const text = build('BYE', branch)
  const nothing = (): void => undefined
  transactions.createClient({ text, method: 'BYE', branch, sentBy: target.sentBy }, target.peer, {
    response: nothing,
    timeout: nothing,
    failed: nothing,
  })
}

/** undefined for one that nobody can read: of responses nothing but what matches them is checked when they come. */
function contactOf(answer: Response): string | undefined {
  try {
    return answer.has('contact') ? answer.nameAddrs('contact')[0]?.uriText : undefined
  } catch (error) {
    if (error instanceof ParseError) return undefined
    throw error
  }
}
