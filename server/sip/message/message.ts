import { parseDigits, splitOutside, unfold } from './grammar.ts'
import { parseNameAddr, type NameAddr } from './name-addr.ts'
import { ParseError } from './parse-error.ts'
import { parseUri, type Uri } from './uri.ts'
import { parseVia, rport, serializeVia, type Via } from './via.ts'

/** Where one header field lies in the text. `start` to `end` is its line with line end; the value lies between the other two. */
export interface Field {
  /** Lower-case full name, whatever the spelling was. */
  readonly name: string
  readonly start: number
  readonly valueStart: number
  readonly valueEnd: number
  readonly end: number
  readonly folded: boolean
}

export interface CSeq {
  readonly number: number
  readonly method: string
}

/** Address a message came from, as the socket tells it. */
export interface Source {
  readonly host: string
  readonly port: number
}

/**
 * A SIP message: its text — a latin-1 view of the bytes, so that lengths are byte lengths and every byte round-trips — and an
 * index of its header fields. A field is parsed when somebody asks for it. The typed getters throw ParseError on what
 * `validateRequest` and `validateResponse` refuse; after these have passed they do not throw.
 */
export abstract class Message {
  readonly text: string
  readonly fields: readonly Field[]
  /** Where the header fields begin: after the start line. */
  readonly headersStart: number
  /** Where the empty line that ends the header begins. */
  readonly headersEnd: number
  readonly body: string
  /** What the parser already found wrong with it. */
  readonly defect: ParseError | undefined
  /** Where it came from; set by the receiver, once. Makes `topVia` answer with `received` and `rport` filled in. */
  source: Source | undefined

  #via: Via | undefined
  #from: NameAddr | undefined
  #to: NameAddr | undefined
  #cseq: CSeq | undefined

  constructor(parts: MessageParts) {
    this.text = parts.text
    this.fields = parts.fields
    this.headersStart = parts.headersStart
    this.headersEnd = parts.headersEnd
    this.body = parts.body
    this.defect = parts.defect
  }

  field(name: string): Field | undefined {
    for (const field of this.fields) if (field.name === name) return field
    return undefined
  }

  valueOf(field: Field): string {
    const value = this.text.slice(field.valueStart, field.valueEnd)
    return field.folded ? unfold(value) : value
  }

  /** Value of the first field of this (lower-case, full) name. */
  header(name: string): string | undefined {
    const field = this.field(name)
    return field && this.valueOf(field)
  }

  has(name: string): boolean {
    return this.field(name) !== undefined
  }

  /** The value of every field of this name, one a field. */
  headers(name: string): string[] {
    const values: string[] = []
    for (const field of this.fields) if (field.name === name) values.push(this.valueOf(field))
    return values
  }

  /** The comma-separated values of every field of this name, in order. Not for the authentication fields (RFC 3261 §7.3.1). */
  list(name: string): string[] {
    const values: string[] = []
    for (const field of this.fields) if (field.name === name) values.push(...splitOutside(this.valueOf(field), ','))
    return values
  }

  /** Option tags and the like: does the list hold this token? */
  lists(name: string, token: string): boolean {
    return this.has(name) && this.list(name).some(value => value.toLowerCase() === token)
  }

  /** First Via as it was sent. */
  get via(): Via {
    return (this.#via ??= parseVia(this.list('via')[0] ?? ''))
  }

  get from(): NameAddr {
    return (this.#from ??= parseNameAddr(this.header('from') ?? '', 'From'))
  }

  get to(): NameAddr {
    return (this.#to ??= parseNameAddr(this.header('to') ?? '', 'To'))
  }

  get callId(): string {
    return this.header('call-id') ?? ''
  }

  get cseq(): CSeq {
    return (this.#cseq ??= parseCSeq(this.header('cseq') ?? ''))
  }

  nameAddrs(name: 'contact' | 'route' | 'record-route' | 'path'): NameAddr[] {
    return this.list(name).map(value => parseNameAddr(value, name))
  }

  /** The media type of the body, lower case and without parameters. */
  get contentType(): string | undefined {
    return this.header('content-type')?.split(';', 1)[0]!.trim().toLowerCase()
  }
}

export interface MessageParts {
  readonly text: string
  readonly fields: readonly Field[]
  readonly headersStart: number
  readonly headersEnd: number
  readonly body: string
  readonly defect?: ParseError
}

export class Request extends Message {
  readonly method: string
  /** Request-URI as written. */
  readonly uriText: string
  #uri: Uri | undefined

  constructor(parts: MessageParts, method: string, uriText: string) {
    super(parts)
    this.method = method
    this.uriText = uriText
  }

  get uri(): Uri {
    return (this.#uri ??= parseUri(this.uriText))
  }

  /** undefined when the field is missing. */
  get maxForwards(): number | undefined {
    const value = this.header('max-forwards')
    if (value === undefined) return undefined
    const hops = parseDigits(value, 255)
    if (hops === undefined) throw new ParseError('Malformed Max-Forwards')
    return hops
  }

  /**
   * The top Via as it travels on: with `received` when the source is not what the Via says or asks for `rport`
   * (RFC 3261 §18.2.1, RFC 3581 §4). As it was when no source is known.
   */
  get topVia(): string {
    const { via, source } = this
    if (!source) return serializeVia(via)
    let { params } = via
    const asked = params.has('rport')
    if (asked) params = params.with('rport', String(source.port))
    const same = via.host.toLowerCase() === source.host || via.host.toLowerCase() === `[${source.host}]`
    if (asked || !same) params = params.with('received', source.host)
    return serializeVia({ ...via, params })
  }
}

export class Response extends Message {
  readonly status: number
  readonly reason: string

  constructor(parts: MessageParts, status: number, reason: string) {
    super(parts)
    this.status = status
    this.reason = reason
  }

  get isFinal(): boolean {
    return this.status >= 200
  }

  get isSuccess(): boolean {
    return this.status >= 200 && this.status < 300
  }

  /** `received`/`rport` of the top Via: where the one who sent the request was seen. */
  get seenAt(): { host?: string; port?: number } {
    return { host: this.via.params.get('received'), port: rport(this.via) }
  }
}

const cseqPattern = /^([0-9]{1,10})[ \t]+([^ \t]+)$/

function parseCSeq(text: string): CSeq {
  const match = cseqPattern.exec(text)
  // The sequence number must be less than 2**31 (RFC 3261 §8.1.1.5).
  const number = match && parseDigits(match[1]!, 2 ** 31 - 1)
  if (number === null || number === undefined) throw new ParseError('Malformed CSeq')
  return { number, method: match![2]! }
}
