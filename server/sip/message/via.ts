import { isToken, parseDigits, trimLws } from './grammar.ts'
import { ParseError } from './parse-error.ts'
import { type Params, parseParams } from './params.ts'
import { parseHostPort } from './uri.ts'

/** One Via value (RFC 3261 §20.42). */
export interface Via {
  /** Upper case: `UDP`, `TCP`, `TLS`, `WS`, `WSS`, or what the peer invented. */
  readonly transport: string
  readonly host: string
  readonly port?: number
  readonly params: Params
}

export const branchCookie = 'z9hG4bK'

/** A branch that identifies its transaction alone: magic cookie and something after it (§8.1.1.7, RFC 4475 §3.2.1). */
export const hasCookie = (via: Via): boolean => {
  const branch = via.params.get('branch')
  return branch !== undefined && branch.length > branchCookie.length && branch.startsWith(branchCookie)
}

const sentProtocol = /^SIP[ \t]*\/[ \t]*2\.0[ \t]*\/[ \t]*([^ \t/;,]+)[ \t]+/i

/** Throws ParseError. LWS is allowed around `/`, `:`, `;` and `=`. */
export function parseVia(text: string): Via {
  const match = sentProtocol.exec(text)
  if (!match || !isToken(match[1]!)) throw new ParseError('Malformed Via')
  const semicolon = text.indexOf(';')
  const sentBy = text.slice(match[0].length, semicolon < 0 ? text.length : semicolon)
  const params = semicolon < 0 ? '' : text.slice(semicolon)
  return { transport: match[1]!.toUpperCase(), ...parseSentBy(sentBy), params: parseParams(params, 'Via') }
}

function parseSentBy(text: string): { host: string; port?: number } {
  try {
    return parseHostPort(text.split(':').map(trimLws).join(':'))
  } catch {
    throw new ParseError('Malformed Via')
  }
}

export function serializeVia(via: Via): string {
  const port = via.port === undefined ? '' : `:${via.port}`
  return `SIP/2.0/${via.transport} ${via.host}${port}${via.params.toString()}`
}

/** host:port as it takes part in matching (§17.2.3); the default port is spelled out. */
export function sentBy(via: Via): string {
  const fallback = via.transport === 'TLS' || via.transport === 'WSS' ? 5061 : 5060
  return `${via.host.toLowerCase()}:${via.port ?? fallback}`
}

/** The port of `rport`, when the peer or we have filled it in (RFC 3581). */
export const rport = (via: Via): number | undefined => parseDigits(via.params.get('rport') ?? '', 65535)
