/** Compact forms (RFC 3261 §7.3.3 and the RFCs that added some). */
const compact: Readonly<Record<string, string>> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  n: 'identity-info',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
  y: 'identity',
}

/** The usual spellings, so that the common case is one look-up and makes no new string. */
const known = new Map<string, string>(
  [
    ...['Via', 'From', 'To', 'Call-ID', 'CSeq', 'Contact', 'Max-Forwards', 'Route', 'Record-Route', 'Content-Length'],
    ...['Content-Type', 'Authorization', 'Proxy-Authorization', 'WWW-Authenticate', 'Proxy-Authenticate', 'Expires'],
    ...['User-Agent', 'Server', 'Allow', 'Supported', 'Require', 'Proxy-Require', 'Unsupported', 'Accept', 'Date'],
    ...['Event', 'Refer-To', 'Referred-By', 'Session-Expires', 'Min-SE', 'Path', 'Service-Route', 'RSeq', 'RAck'],
  ].flatMap(name => [[name, name.toLowerCase()] as const, [name.toLowerCase(), name.toLowerCase()] as const]),
)
for (const [short, name] of Object.entries(compact)) known.set(short, name).set(short.toUpperCase(), name)

/** Lower-case full name of a header field, whatever its spelling. */
export const canonicalName = (name: string): string => known.get(name) ?? name.toLowerCase()
