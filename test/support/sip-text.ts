import { createHash, randomBytes } from 'node:crypto'

/**
 * Just enough SIP to talk to a server from a test. On purpose it shares nothing with the server's own parser,
 * so that a mistake there does not hide itself.
 */
export interface SipText {
  /** The message as it came. */
  text: string
  /** Set in a request. */
  method?: string
  uri?: string
  /** Set in a response. */
  status?: number
  reason?: string
  /** Values in order of appearance, by lower-case long name. */
  headers: Record<string, string[]>
  body: string
}

const COMPACT: Record<string, string> = {
  v: 'via',
  f: 'from',
  t: 'to',
  i: 'call-id',
  m: 'contact',
  l: 'content-length',
  c: 'content-type',
  k: 'supported',
}

export const newToken = (): string => randomBytes(8).toString('hex')
export const newBranch = (): string => `z9hG4bK${newToken()}`

export function readSip(text: string): SipText {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const [firstLine = '', ...lines] = head.split('\r\n')
  const headers: Record<string, string[]> = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).trim().toLowerCase()
    ;(headers[COMPACT[name] ?? name] ??= []).push(line.slice(colon + 1).trim())
  }
  const [first, second, ...others] = firstLine.split(' ')
  const start =
    first === 'SIP/2.0' ? { status: Number(second), reason: others.join(' ') } : { method: first, uri: second }
  return { text, ...start, headers, body: rest.join('\r\n\r\n') }
}

export function header(message: SipText, name: string): string | undefined {
  return message.headers[name]?.[0]
}

/** All values of a field that may be a comma list, such as Record-Route. */
export function headerList(message: SipText, name: string): string[] {
  return (message.headers[name] ?? []).flatMap(value => value.split(/,(?![^<]*>)/)).map(value => value.trim())
}

/** The URI inside `"Name" <uri>;params` or `uri;params`. */
export function uriOf(value: string): string {
  return /<([^>]*)>/.exec(value)?.[1] ?? value.split(';')[0]!.trim()
}

export interface Credentials {
  user: string
  password: string
}

/** The value of Authorization or Proxy-Authorization for an MD5 challenge (RFC 2617, qop auth or none). */
export function answerChallenge(
  challenge: string,
  { user, password }: Credentials,
  { method, uri, count = 1 }: { method: string; uri: string; count?: number },
): string {
  const given = Object.fromEntries(
    [...challenge.matchAll(/(\w+)=(?:"([^"]*)"|([^\s,]+))/g)].map(([, key, quoted, token]) => [key!, quoted ?? token!]),
  )
  const { realm = '', nonce = '', opaque, qop } = given
  const ha1 = md5(`${user}:${realm}:${password}`)
  const ha2 = md5(`${method}:${uri}`)
  const nc = count.toString(16).padStart(8, '0')
  const cnonce = newToken()
  const response = qop ? md5(`${ha1}:${nonce}:${nc}:${cnonce}:auth:${ha2}`) : md5(`${ha1}:${nonce}:${ha2}`)
  return [
    `Digest username="${user}"`,
    `realm="${realm}"`,
    `nonce="${nonce}"`,
    `uri="${uri}"`,
    `response="${response}"`,
    'algorithm=MD5',
    ...(qop ? ['qop=auth', `nc=${nc}`, `cnonce="${cnonce}"`] : []),
    ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
  ].join(', ')
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}
