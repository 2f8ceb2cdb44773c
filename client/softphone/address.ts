import { SoftphoneError } from './errors.ts'

/** The account somebody signs in with. */
export interface Account {
  /** What stands before the `@`, as a person reads it. */
  readonly user: string
  readonly domain: string
  /** `sip:user@domain` with the user part escaped. */
  readonly aor: string
}

/** Longest text that is taken for an address; a SIP URI has no limit of its own. */
const maxLength = 256

/** A host name, an IPv4 address or an IPv6 reference, with an optional port (RFC 3261 §25.1 `hostport`). */
const hostport = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\.?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i
/** What may not stand in a URI's user part as it is: not `unreserved`, not `user-unreserved` of RFC 3261 §25.1. */
const escapedCharacters = /[^A-Za-z0-9\-_.!~*'()&=+$,;?/]/gu
const phoneNumber = /^(?=.*[\d*#])[+*#\d\s().\-/\u00a0]+$/
const visualSeparators = /[\s().\-/\u00a0]/g

/**
 * Reads what was typed into the account field: `1001` (the domain is added), `1001@example.com` or a SIP URI.
 * Throws a {@link SoftphoneError} `SOFTPHONE_ACCOUNT_INVALID`.
 */
export function parseAccount(text: string, defaultDomain: string): Account {
  const address = splitAddress(text, defaultDomain)
  if (!address) throw new SoftphoneError('SOFTPHONE_ACCOUNT_INVALID')
  return { user: address.user, domain: address.host, aor: `sip:${escapeUser(address.user)}@${address.host}` }
}

/**
 * Turns what was dialled into a SIP URI: a number (`+49 (30) 12-34`, `*43`, `#9`), a name, `user@domain`, a `sip:` or
 * `tel:` URI. Visual separators of numbers are dropped and `#` becomes `%23`, as RFC 3261 §19.1.2 and §19.1.6 want.
 * Throws a {@link SoftphoneError} `SOFTPHONE_INVALID_TARGET`.
 */
export function parseTarget(text: string, defaultDomain: string): string {
  const address = splitAddress(text, defaultDomain)
  if (!address) throw new SoftphoneError('SOFTPHONE_INVALID_TARGET')
  return `sip:${escapeUser(address.user)}@${address.host}${address.parameters}`
}

/** `192.0.2.7`, `[2001:db8::1]`: desk phones write the address of their server where the domain belongs. */
const numericHost = /^(?:[0-9.]+|\[.*\])$/

/** An address as a person reads it: without the domain when it is the home domain, or no name at all. */
export function showAddress(user: string, host: string, homeDomain: string): string {
  if (!user) return host
  const isHome = host === '' || host.toLowerCase() === homeDomain.toLowerCase()
  return isHome || numericHost.test(host) ? user : `${user}@${host}`
}

interface Address {
  /** Unescaped. */
  readonly user: string
  readonly host: string
  /** URI parameters with their leading semicolon, or empty. Header fields (`?…`) are dropped: they do not come from us. */
  readonly parameters: string
}

function splitAddress(text: string, defaultDomain: string): Address | undefined {
  const [, scheme = '', rest = ''] = /^(?:(sips?|tel):)?(.*)$/is.exec(text.trim().slice(0, maxLength + 1)) ?? []
  if (rest.length > maxLength) return undefined
  if (/^tel$/i.test(scheme)) return finish(rest.replace(/;.*$/, ''), defaultDomain, '')
  const at = rest.lastIndexOf('@')
  if (at < 0) return finish(rest, defaultDomain, '')
  const [, host = '', parameters = ''] = /^([^;?]*)((?:;[^?]*)?)/.exec(rest.slice(at + 1)) ?? []
  return finish(rest.slice(0, at), host, parameters)
}

function finish(typedUser: string, host: string, parameters: string): Address | undefined {
  const user = unescapeUser(phoneNumber.test(typedUser) ? typedUser.replace(visualSeparators, '') : typedUser)
  if (!user || /[\s\p{Cc}\p{Cs}@]/u.test(user)) return undefined
  if (!hostport.test(host) || /[\s\p{Cc}<>"]/u.test(parameters)) return undefined
  return { user, host, parameters }
}

/** `%23` → `#`; undefined when the escapes are not UTF-8. */
function unescapeUser(user: string): string | undefined {
  try {
    return decodeURIComponent(user)
  } catch {
    return undefined
  }
}

function escapeUser(user: string): string {
  return user.replace(escapedCharacters, encodeURIComponent)
}
