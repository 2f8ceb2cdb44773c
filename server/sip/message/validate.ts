import type { Message, Request, Response } from './message.ts'
import { parseNameAddr } from './name-addr.ts'
import { ParseError } from './parse-error.ts'
import { parseVia } from './via.ts'

/** Fields that every message has, exactly once but for Via (RFC 3261 §8.1.1, §20 table 2). */
const mandatory = ['via', 'from', 'to', 'call-id', 'cseq'] as const
const single = new Set(['from', 'to', 'call-id', 'cseq', 'max-forwards'])
const addresses = ['contact', 'route', 'record-route', 'path'] as const

/** What is wrong with the request, as the answer it deserves; undefined when it can be handled. */
export function validateRequest(request: Request): ParseError | undefined {
  return (
    request.defect ??
    attempt(() => {
      checkMessage(request)
      if (request.cseq.method !== request.method) throw new ParseError('CSeq Method Mismatch')
      const { uri } = request
      if (uri.scheme === 'sip' || uri.scheme === 'sips') {
        // Headers have no place in a Request-URI (§19.1.1 table 1); they must never become header fields.
        if (uri.headers !== undefined) throw new ParseError('Request-URI With Headers')
      }
      void request.maxForwards
      checkAddresses(request)
    })
  )
}

/** The same for a response, which is dropped when something is wrong with it. */
export function validateResponse(response: Response): ParseError | undefined {
  return response.defect ?? attempt(() => checkMessage(response))
}

function checkMessage(message: Message): void {
  const seen = new Set<string>()
  for (const { name } of message.fields) {
    if (seen.has(name) && single.has(name)) throw new ParseError(`Several ${name} Header Fields`)
    seen.add(name)
  }
  for (const name of mandatory) if (!seen.has(name)) throw new ParseError(`Missing ${name} Header Field`)
  for (const via of message.list('via')) parseVia(via)
  void message.cseq
  void message.from.tag
  void message.to.tag
  if (!message.callId || /\s/.test(message.callId)) throw new ParseError('Malformed Call-ID')
}

/** Every address must at least parse as name-addr; whose scheme we know is for the one who uses it. */
function checkAddresses(request: Request): void {
  void request.from.uri
  void request.to.uri
  for (const name of addresses) {
    if (!request.has(name)) continue
    for (const value of request.list(name)) if (value !== '*' || name !== 'contact') void parseNameAddr(value, name).uri
  }
}

function attempt(check: () => void): ParseError | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    if (error instanceof ParseError) return error
    throw error
  }
}
