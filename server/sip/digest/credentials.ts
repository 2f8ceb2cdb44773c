import { unquote } from '../message/grammar.ts'
import { ParseError } from '../message/parse-error.ts'

export const qops = ['auth', 'auth-int'] as const
export type Qop = (typeof qops)[number]

/** The value of an Authorization or Proxy-Authorization field of scheme Digest (RFC 3261 §25.1 `credentials`). */
export interface DigestCredentials {
  /** Unescaped; bytes as latin-1, as in every message. */
  readonly username: string
  readonly realm: string
  readonly nonce: string
  /** `uri`, `nonce` and `cnonce` are what stands between the quotes, escapes and all: so they were hashed. */
  readonly uri: string
  readonly response: string
  /** Upper case; `MD5` when there is none (RFC 7616 §3.4). Not necessarily one that we know. */
  readonly algorithm: string
  /** Undefined for the clients of RFC 2069, which know no qop. */
  readonly protection?: Protection
}

/** What came with RFC 2617: three parameters that go together. */
export interface Protection {
  readonly qop: Qop
  /** Nonce count as written, for it is hashed so. */
  readonly nc: string
  readonly cnonce: string
}

/** Bytes that a user name may have; more: 400. It becomes a key of caches and queries. */
export const maxUsernameBytes = 256

const malformed = (): ParseError => new ParseError('Malformed Credentials')

/** Undefined for another scheme; throws ParseError (400) for digest credentials that are none. */
export function parseCredentials(value: string): DigestCredentials | undefined {
  const scheme = /^digest[ \t]+/i.exec(value)
  if (!scheme) return undefined
  const params = parseAuthParams(value, scheme[0].length)
  const get = (name: string): string => {
    const text = params.get(name)
    if (text === undefined) throw malformed()
    return text
  }
  const username = unescape(get('username'))
  if (username.length > maxUsernameBytes) throw malformed()
  return {
    username,
    realm: unescape(get('realm')),
    nonce: get('nonce'),
    uri: get('uri'),
    response: get('response'),
    algorithm: (params.get('algorithm') ?? 'MD5').toUpperCase(),
    // An empty qop is what some phones send when they were offered none.
    protection: params.get('qop') ? readProtection(get('qop'), get('nc'), get('cnonce')) : undefined,
  }
}

function readProtection(qopText: string, nc: string, cnonce: string): Protection {
  const qop = qops.find(known => known === qopText.toLowerCase())
  if (!qop || !/^[0-9a-f]{1,8}$/i.test(nc)) throw malformed()
  return { qop, nc, cnonce }
}

/**
 * `name = value` or `name = "value"`, up to the comma or the end. The look-ahead lets only one run of blanks take the blanks
 * before an empty value: two would try every way to share 60 KB of them.
 */
const authParam =
  /[ \t]*([^\s=",]+)[ \t]*=[ \t]*(?![ \t])(?:"([^"\\]*(?:\\.[^"\\]*)*)"|([^\s",]*))[ \t]*(?:,[ \t,]*|$)/y

/** Values without their quotes, by lower-case name. Phones quote what should not be and leave bare what should. */
function parseAuthParams(text: string, start: number): Map<string, string> {
  const params = new Map<string, string>()
  authParam.lastIndex = start
  while (authParam.lastIndex < text.length) {
    const match = authParam.exec(text)
    if (!match) throw malformed()
    const name = match[1]!.toLowerCase()
    // Each occurs only once (RFC 7616 §3.4); two could be read in two ways.
    if (params.has(name)) throw malformed()
    params.set(name, match[2] ?? match[3]!)
  }
  return params
}

const unescape = (text: string): string => (text.includes('\\') ? unquote(`"${text}"`) : text)
