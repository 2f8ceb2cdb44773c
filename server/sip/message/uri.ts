import { isHost, parseDigits, unescapeUri } from './grammar.ts'
import { ParseError } from './parse-error.ts'
import { Params, parseParams } from './params.ts'

/**
 * A SIP or SIPS URI (RFC 3261 §19.1) in its parts; `user` stays escaped as it was written. Of another scheme (`tel:`,
 * `mailto:`) only `scheme` and `text` mean anything and `host` is empty.
 */
export interface Uri {
  /** Lower case. */
  readonly scheme: string
  readonly user?: string
  readonly password?: string
  /** As written; an IPv6 address with its brackets. */
  readonly host: string
  readonly port?: number
  readonly params: Params
  /** What follows `?`, without it. */
  readonly headers?: string
}

const schemePattern = /^([A-Za-z][A-Za-z0-9+.-]*):/
const userPattern = /^(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/#]|%[0-9A-Fa-f]{2})+$/
const passwordPattern = /^(?:[A-Za-z0-9\-_.!~*'()&=+$,]|%[0-9A-Fa-f]{2})*$/
const restPattern = /^[\x21-\x7e]*$/

export const isSip = (uri: Uri): boolean => uri.scheme === 'sip' || uri.scheme === 'sips'

/** Throws ParseError (400). LWS and angle brackets are not part of a URI and are refused. */
export function parseUri(text: string): Uri {
  const scheme = schemePattern.exec(text)?.[1]?.toLowerCase()
  if (!scheme) throw new ParseError('Malformed URI')
  const rest = text.slice(scheme.length + 1)
  if (scheme !== 'sip' && scheme !== 'sips') {
    if (!rest || /[\s<>"]/.test(rest)) throw new ParseError('Malformed URI')
    return { scheme, host: '', params: Params.none }
  }
  const at = rest.indexOf('@')
  const userinfo = at < 0 ? undefined : rest.slice(0, at)
  const colon = userinfo?.indexOf(':') ?? -1
  const user = colon < 0 ? userinfo : userinfo!.slice(0, colon)
  const password = colon < 0 ? undefined : userinfo!.slice(colon + 1)
  if (user !== undefined && !userPattern.test(user)) throw new ParseError('Malformed URI user')
  if (password !== undefined && !passwordPattern.test(password)) throw new ParseError('Malformed URI password')
  const tail = rest.slice(at + 1)
  if (!restPattern.test(tail) || /[<>"]/.test(tail)) throw new ParseError('Malformed URI')
  const question = tail.indexOf('?')
  const beforeHeaders = question < 0 ? tail : tail.slice(0, question)
  const semicolon = beforeHeaders.indexOf(';')
  const hostport = semicolon < 0 ? beforeHeaders : beforeHeaders.slice(0, semicolon)
  return {
    scheme,
    user,
    password,
    ...parseHostPort(hostport),
    params: semicolon < 0 ? Params.none : parseParams(beforeHeaders.slice(semicolon), 'URI parameters'),
    headers: question < 0 ? undefined : tail.slice(question + 1),
  }
}

/** `host`, `host:5060`, `[2001:db8::1]:5060`. Throws ParseError. */
export function parseHostPort(text: string): { host: string; port?: number } {
  const colon = text.startsWith('[') ? text.indexOf(':', text.indexOf(']')) : text.indexOf(':')
  const host = colon < 0 ? text : text.slice(0, colon)
  if (!isHost(host)) throw new ParseError('Malformed host')
  if (colon < 0) return { host }
  const port = parseDigits(text.slice(colon + 1), 65535)
  if (port === undefined) throw new ParseError('Malformed port')
  return { host, port }
}

export function serializeUri(uri: Uri): string {
  let text = `${uri.scheme}:`
  if (uri.user !== undefined) text += uri.password === undefined ? `${uri.user}@` : `${uri.user}:${uri.password}@`
  text += uri.host
  if (uri.port !== undefined) text += `:${uri.port}`
  text += uri.params.toString()
  if (uri.headers !== undefined) text += `?${uri.headers}`
  return text
}

/** `[::1]` → `::1`; the rest unchanged. Lower case, for comparison and for sockets. */
export const plainHost = (host: string): string => (host.startsWith('[') ? host.slice(1, -1) : host).toLowerCase()

/** A host as it stands in a URI: an IPv6 address gets its brackets. */
export const uriHost = (address: string): string =>
  address.includes(':') && !address.startsWith('[') ? `[${address}]` : address

/** These parameters make two URIs differ when only one of them has it (§19.1.4). */
const significant = ['user', 'ttl', 'method', 'maddr', 'transport']

/** RFC 3261 §19.1.4, for SIP and SIPS URIs. */
export function uriEquals(a: Uri, b: Uri): boolean {
  if (a.scheme !== b.scheme || a.port !== b.port || plainHost(a.host) !== plainHost(b.host)) return false
  if (unescapeUri(a.user ?? '') !== unescapeUri(b.user ?? '') || (a.user === undefined) !== (b.user === undefined))
    return false
  if (unescapeUri(a.password ?? '') !== unescapeUri(b.password ?? '')) return false
  if (significant.some(name => a.params.has(name) !== b.params.has(name))) return false
  for (const [name, value] of a.params.entries) {
    const other = b.params.get(name.toLowerCase())
    if (other !== undefined && unescapeUri(other).toLowerCase() !== unescapeUri(value ?? '').toLowerCase()) return false
  }
  return headersEqual(a.headers, b.headers)
}

function headersEqual(a: string | undefined, b: string | undefined): boolean {
  const sorted = (text = '') => unescapeUri(text).toLowerCase().split('&').sort().join('&')
  return sorted(a) === sorted(b)
}
