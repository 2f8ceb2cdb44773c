import { parseDigits, unquote } from '../sip/message/grammar.ts'
import { parseNameAddr, type NameAddr } from '../sip/message/name-addr.ts'
import { ParseError } from '../sip/message/parse-error.ts'
import { isSip, parseUri, type Uri, uriEquals } from '../sip/message/uri.ts'
import type { Binding } from './binding.ts'

/** One value of the Contact field of a REGISTER. */
export interface Contact {
  readonly uri: Uri
  /** As written, without brackets. */
  readonly uriText: string
  /** Without quotes and brackets. */
  readonly instanceId?: string
  /** Only where there is an instance ID: without it reg-id means nothing (RFC 5626 §6). */
  readonly regId?: number
  /** Thousandths; 1000 when there is none. */
  readonly q: number
  /** The `expires` parameter as written. */
  readonly expires?: string
  readonly methods?: string
  /** All but `expires`, as written. */
  readonly params: string
}

/** Throws ParseError (400) for what is no contact of a phone. */
export function parseContact(text: string): Contact {
  const contact = parseNameAddr(text, 'Contact')
  // RFC 4475 §3.3.4: other schemes are no address at which a call could arrive.
  if (!isSip(contact.uri)) throw new ParseError('Contact Is No SIP URI')
  const { params } = contact
  const instanceId = parseInstance(params.get('+sip.instance'))
  const methods = params.get('methods')
  return {
    uri: contact.uri,
    uriText: contact.uriText,
    instanceId,
    regId: instanceId === undefined ? undefined : parseRegId(contact),
    q: parseQ(params.get('q')),
    expires: params.get('expires'),
    methods: methods === undefined ? undefined : unquote(methods),
    params: params.without('expires').toString(),
  }
}

/** What makes it unique in its AOR. A URI never begins with a bracket, so the two kinds do not meet. */
export const contactKey = ({ instanceId, regId, uriText }: Contact): string =>
  regId === undefined ? uriText : `<${instanceId!}>;reg-id=${regId}`

/**
 * The binding that this contact refreshes or removes: of the same instance and reg-id (RFC 5626 §6), else of an equal URI
 * (RFC 3261 §19.1.4). The same text comes first, because equality of URIs is not transitive and keys are unique.
 */
export function findBinding(bindings: Iterable<Binding>, contact: Contact): Binding | undefined {
  const key = contactKey(contact)
  const all = [...bindings]
  const same = all.find(binding => binding.key === key)
  if (same || contact.regId !== undefined) return same
  return all.find(binding => !isInstanceKey(binding.key) && uriEquals(parseUri(binding.contact), contact.uri))
}

const isInstanceKey = (key: string): boolean => key.startsWith('<')

/** `"<urn:uuid:…>"` (RFC 5626 §4.1). */
const parseInstance = (value: string | undefined): string | undefined =>
  value === undefined ? undefined : unquote(value).replace(/^<(.*)>$/, '$1') || undefined

function parseRegId({ params }: NameAddr): number | undefined {
  const value = params.get('reg-id')
  if (value === undefined) return undefined
  const regId = parseDigits(value, 2 ** 31 - 1)
  if (!regId) throw new ParseError('Malformed reg-id')
  return regId
}

/** `0.7`, and as some write it `.7` or `1`. */
function parseQ(value: string | undefined): number {
  if (value === undefined) return 1000
  if (!/^(?:0?\.[0-9]{1,3}|0\.?|1(?:\.0{0,3})?)$/.test(value)) throw new ParseError('Malformed q')
  return Math.round(Number(value) * 1000)
}
