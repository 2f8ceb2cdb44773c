import { splitOutside } from './grammar.ts'
import type { Request } from './message.ts'
import { ParseError } from './parse-error.ts'
import { reasons } from './reasons.ts'

export interface ResponseOptions {
  /** Default: the phrase of `reasons`. */
  readonly reason?: string
  /** Put into To when it has none; never for 100 (RFC 3261 §8.2.6.2). */
  readonly toTag?: string
  /** In this order, after the copied fields. */
  readonly headers?: readonly (readonly [name: string, value: string])[]
  readonly body?: { readonly type: string; readonly text: string }
  /** Copy Record-Route too, as a UAS does in what makes a dialog (§12.1.1). */
  readonly recordRoute?: boolean
}

/**
 * Text of a response to `request` (§8.2.6): Via, From, To, Call-ID, CSeq copied, the top Via with received and rport. Made to
 * answer broken requests too: a field that nobody can read goes back as it came.
 */
export function createResponse(request: Request, status: number, options: ResponseOptions = {}): string {
  let text = `SIP/2.0 ${status} ${options.reason ?? reasons[status] ?? 'Unknown'}\r\n`
  // Field for field, as they came: a line for each value would make a long answer of a list of commas.
  let first = true
  for (const vias of request.headers('via')) {
    text += `Via: ${(first && readable(() => withTopVia(request, vias))) || vias}\r\n`
    first = false
  }
  if (options.recordRoute) for (const route of request.headers('record-route')) text += `Record-Route: ${route}\r\n`
  const to = request.header('to') ?? ''
  const lacksTag = status > 100 && options.toTag && readable(() => request.to.tag === undefined)
  const tag = lacksTag ? `;tag=${options.toTag}` : ''
  text += `From: ${request.header('from') ?? ''}\r\nTo: ${to}${tag}\r\n`
  text += `Call-ID: ${request.callId}\r\nCSeq: ${request.header('cseq') ?? ''}\r\n`
  if (status === 100 && request.has('timestamp')) text += `Timestamp: ${request.header('timestamp')!}\r\n`
  for (const [name, value] of options.headers ?? []) text += `${name}: ${value}\r\n`
  if (options.body) text += `Content-Type: ${options.body.type}\r\n`
  return `${text}Content-Length: ${options.body?.text.length ?? 0}\r\n\r\n${options.body?.text ?? ''}`
}

const withTopVia = (request: Request, vias: string): string =>
  [request.topVia, ...splitOutside(vias, ',').slice(1)].join(',')

function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof ParseError) return undefined
    throw error
  }
}
