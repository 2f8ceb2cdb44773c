import { endOfQuoted, isToken, quote, trimLws, unquote } from './grammar.ts'
import { ParseError } from './parse-error.ts'
import { type Params, parseParams } from './params.ts'
import { parseUri, type Uri } from './uri.ts'

/** `"Display Name" <sip:user@host>;param=value`, or the same without brackets (RFC 3261 §20.10). */
export class NameAddr {
  /** Unquoted; undefined when there is none. */
  readonly displayName: string | undefined
  readonly uriText: string
  /** Header parameters: without brackets all that follows the first `;` belongs here (§20.10). */
  readonly params: Params
  #uri: Uri | undefined

  constructor(displayName: string | undefined, uriText: string, params: Params) {
    this.displayName = displayName
    this.uriText = uriText
    this.params = params
  }

  /** Parsed when asked for. Throws ParseError. */
  get uri(): Uri {
    return (this.#uri ??= parseUri(this.uriText))
  }

  get tag(): string | undefined {
    return this.params.get('tag')
  }

  toString(): string {
    const name = this.displayName === undefined ? '' : `${quote(this.displayName)} `
    return `${name}<${this.uriText}>${this.params.toString()}`
  }
}

/** Throws ParseError for an open quote or bracket, an unquoted display name that is no token, a bad parameter. */
export function parseNameAddr(text: string, what: string): NameAddr {
  const quoted = text.startsWith('"')
  const nameEnd = quoted ? endOfQuoted(text, 0) : 0
  if (nameEnd < 0) throw new ParseError(`Malformed ${what}`)
  const open = text.indexOf('<', nameEnd)
  if (open < 0) {
    if (quoted) throw new ParseError(`Malformed ${what}`)
    return parseAddrSpec(text, what)
  }
  const close = text.indexOf('>', open)
  if (close < 0) throw new ParseError(`Malformed ${what}`)
  const name = trimLws(text.slice(0, open))
  const plain = !quoted && name !== ''
  if (plain && !name.split(/[ \t]+/).every(isToken)) throw new ParseError(`Malformed ${what}`)
  if (quoted && trimLws(text.slice(nameEnd, open))) throw new ParseError(`Malformed ${what}`)
  return new NameAddr(
    name === '' ? undefined : unquote(name),
    text.slice(open + 1, close),
    parseParams(text.slice(close + 1), what),
  )
}

function parseAddrSpec(text: string, what: string): NameAddr {
  const semicolon = text.indexOf(';')
  const uri = trimLws(semicolon < 0 ? text : text.slice(0, semicolon))
  // A URI with `,` `;` or `?` must stand in brackets (§20.10).
  if (!uri || /[?,\s]/.test(uri)) throw new ParseError(`Malformed ${what}`)
  return new NameAddr(undefined, uri, parseParams(semicolon < 0 ? '' : text.slice(semicolon), what))
}
