import ipaddr from 'ipaddr.js'
import { isHost, parseDigits, unescapeUri } from './grammar.ts'
import { ParseError } from './parse-error.ts'
import { Params, parseParams } from './params.ts'

const { IPv6 } = ipaddr

/**
 * A SIP or SIPS URI (RFC 3261 §19.1) in its parts; `user` stays escaped as it was written. Of another scheme (`tel:`,
 * `mailto:`) only `scheme` and `opaque` mean anything and `host` is empty.
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
  /** Of another scheme than sip and sips: all that follows the colon. */
  readonly opaque?: string
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
    return { scheme, host: '', params: Params.none, opaque: rest }
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
  if (uri.opaque !== undefined) return `${uri.scheme}:${uri.opaque}`
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

/** RFC 3261 §19.1.4. URIs of another scheme are equal when they are written alike. */
export function uriEquals(a: Uri, b: Uri): boolean {
  if (a.scheme !== b.scheme || a.opaque !== b.opaque || a.port !== b.port || !hostEquals(a.host, b.host)) return false
  if ((a.user === undefined) !== (b.user === undefined) || comparable(a.user) !== comparable(b.user)) return false
  if (comparable(a.password) !== comparable(b.password)) return false
  if (significant.some(name => a.params.has(name) !== b.params.has(name))) return false
  return commonParamsEqual(a.params, b.params) && headersEqual(a.headers, b.headers)
}

/** By name once, not searched for each of the other's: hundreds fit into one URI. Of several alike the first counts. */
function commonParamsEqual(a: Params, b: Params): boolean {
  const others = firstOfEach(b)
  for (const [name, value] of firstOfEach(a)) if (others.has(name) && others.get(name) !== value) return false
  return true
}

const firstOfEach = ({ entries }: Params): Map<string, string> =>
  new Map(entries.toReversed().map(([name, value]) => [name.toLowerCase(), comparable(value).toLowerCase()]))

/** Names without case; IPv6 addresses whatever way they are written (RFC 5954 §4). */
export function hostEquals(a: string, b: string): boolean {
  const [one, other] = [plainHost(a), plainHost(b)]
  if (one === other) return true
  if (!one.includes(':') || !IPv6.isValid(one) || !IPv6.isValid(other)) return false
  return IPv6.parse(one).toNormalizedString() === IPv6.parse(other).toNormalizedString()
}

/** Escapes undone but for those of reserved characters, which differ from the character itself (§19.1.4). */
function comparable(text = ''): string {
  if (!text.includes('%')) return text
  return text.replace(/%[0-9A-Fa-f]{2}/g, escape => {
    const character = unescapeUri(escape)
    return ';/?:@&=+$,'.includes(character) ? escape.toUpperCase() : character
  })
}

function headersEqual(a: string | undefined, b: string | undefined): boolean {
  const sorted = (text = '') => comparable(text).toLowerCase().split('&').sort().join('&')
  return sorted(a) === sorted(b)
}
