import { isSpaceCode, isToken, parseDigits, trimLws } from './grammar.ts'
import { canonicalName } from './header-names.ts'
import { type Field, Request, Response, type MessageParts } from './message.ts'
import { ParseError } from './parse-error.ts'

export interface ParseLimits {
  /** Header fields a message may have. Default 256; more: 400. */
  readonly headerFields: number
  /** Bytes a message may have. Default 65,536; more: 513. */
  readonly messageBytes: number
}

/** What can be judged before the body is there. */
export type HeadLimits = Pick<ParseLimits, 'headerFields'>

export const defaultParseLimits: ParseLimits = { headerFields: 256, messageBytes: 65_536 }

const CR = 13
const LF = 10
const SPACE = 32
const TAB = 9

/** The header of a message: all that stands before its body, and how long that will be. */
export interface Head {
  /** What was given, from the start line on; with bare line feeds of the header made CRLF. */
  readonly text: string
  readonly startLine: string
  readonly fields: readonly Field[]
  readonly headersStart: number
  readonly headersEnd: number
  readonly bodyStart: number
  /** What Content-Length says, undefined without one, the error when it cannot be known. */
  readonly contentLength: number | undefined | ParseError
  readonly defect: ParseError | undefined
}

/**
 * One complete message (a datagram or a WebSocket message) from its latin-1 text. Leading line ends are skipped (RFC 3261
 * §7.5). What is no SIP message at all gives undefined; a message that is only broken comes back with its `defect`, so that
 * a request can be answered.
 */
export function parseMessage(text: string, limits: ParseLimits = defaultParseLimits): Request | Response | undefined {
  const head = parseHead(text, limits)
  if (!head) return undefined
  const tooLarge = text.length > limits.messageBytes ? new ParseError('Message Too Large', 513) : undefined
  return completeMessage(head, '', tooLarge)
}

/** The header, for whoever has to know how much body follows. undefined when not even one line is there. */
export function parseHead(text: string, limits: HeadLimits = defaultParseLimits): Head | undefined {
  let start = 0
  while (text.charCodeAt(start) === CR || text.charCodeAt(start) === LF) start++
  if (start) text = text.slice(start)
  const end = endOfHeader.exec(text)
  const bodyStart = end ? end.index + end[0].length : text.length
  const header = text.slice(0, bodyStart)
  const oddEnd = oddLineEnd.exec(header)
  if (!oddEnd) return indexFields(text, bodyStart, limits)
  // Bare line feeds are read as line ends but never sent on; a bare CR is one to some and none to others: refused.
  const clean = header.replace(bareLineFeed, '\r\n')
  const head = indexFields(clean + text.slice(bodyStart), clean.length, limits)
  return head && /\r(?!\n)/.test(header) ? { ...head, defect: new ParseError('Malformed line end') } : head
}

/** The message of this header; `more` is body that had not come when the header was read, `defect` goes before all others. */
export function completeMessage(head: Head, more = '', defect?: ParseError): Request | Response | undefined {
  const { startLine, fields, headersStart, headersEnd } = head
  const text = head.text + more
  const body = readBody(text, head)
  const found = defect ?? head.defect ?? (body instanceof ParseError ? body : undefined)
  const parts = { text, fields, headersStart, headersEnd, body: typeof body === 'string' ? body : '', defect: found }
  return /^SIP\//i.test(startLine) ? readStatusLine(startLine, parts) : readRequestLine(startLine, parts)
}

const endOfHeader = /\n\r?\n/
const oddLineEnd = /\r(?!\n)|(?<!\r)\n/
const bareLineFeed = /(?<!\r)\n/g

const requestLine = /^([^ ]+) ([^ ]+) SIP\/2\.0$/i
const sipVersion = /[ \t]SIP\/([0-9]+\.[0-9]+)$/i

function readRequestLine(line: string, parts: MessageParts): Request | undefined {
  const strict = requestLine.exec(line)
  if (strict && isToken(strict[1]!)) return new Request(parts, strict[1]!, strict[2]!)
  const loose = trimLws(line)
  const version = sipVersion.exec(loose)
  const methodEnd = loose.search(/[ \t]/)
  if (!version || version.index < methodEnd || !isToken(loose.slice(0, methodEnd))) return undefined
  const defect =
    version[1] === '2.0' ? new ParseError('Malformed Request-Line') : new ParseError('Version Not Supported', 505)
  const uriText = trimLws(loose.slice(methodEnd, version.index))
  // Too large goes first: it is what the stream's framing stopped for.
  const first = parts.defect?.status === 513 ? parts.defect : defect
  return new Request({ ...parts, defect: first }, loose.slice(0, methodEnd), uriText)
}

const statusLine = /^SIP\/2\.0 ([0-9]+)(?: (.*))?$/i

function readStatusLine(line: string, parts: MessageParts): Response | undefined {
  const match = statusLine.exec(line)
  const status = match && parseDigits(match[1]!, 699)
  if (!status || status < 100) return undefined
  return new Response(parts, status, match[2] ?? '')
}

/** One pass over the header: where each field begins, where its value lies. Every line end of it is CRLF. */
function indexFields(text: string, bodyStart: number, limits: HeadLimits): Head | undefined {
  const lineEnd = text.indexOf('\n')
  if (lineEnd < 0) return undefined
  const fields: Field[] = []
  let defect: ParseError | undefined
  const headersStart = lineEnd + 1
  // A header that no empty line ends is cut off or broken (RFC 4475 `baddn.dat`).
  const ended = text.startsWith('\r\n', bodyStart - 2) && text[bodyStart - 3] === '\n'
  const headersEnd = ended ? bodyStart - 2 : text.length
  let lines = 0
  for (let at = headersStart; at < headersEnd;) {
    if (++lines > limits.headerFields) {
      defect = new ParseError('Too Many Header Fields')
      break
    }
    const end = endOfField(text, at)
    const field = readField(text, at, end)
    if (field) fields.push(field)
    else defect ??= new ParseError('Malformed header field')
    at = end
  }
  if (!ended) defect ??= new ParseError('Header Not Ended')
  const startLine = text.slice(0, text.charCodeAt(lineEnd - 1) === CR ? lineEnd - 1 : lineEnd)
  return {
    text,
    startLine,
    fields,
    headersStart,
    headersEnd,
    bodyStart,
    contentLength: readLength(text, fields),
    defect,
  }
}

/** Index after the line end of the field that begins at `at`; a line that begins with LWS belongs to it. */
function endOfField(text: string, at: number): number {
  for (;;) {
    const lineFeed = text.indexOf('\n', at)
    if (lineFeed < 0) return text.length
    const next = text.charCodeAt(lineFeed + 1)
    if (next !== SPACE && next !== TAB) return lineFeed + 1
    at = lineFeed + 1
  }
}

function readField(text: string, start: number, end: number): Field | undefined {
  const colon = text.indexOf(':', start)
  if (colon < 0 || colon >= end) return undefined
  let nameEnd = colon
  while (nameEnd > start && isSpace(text.charCodeAt(nameEnd - 1))) nameEnd--
  const name = canonicalName(text.slice(start, nameEnd))
  if (!name || !isToken(name)) return undefined
  let valueStart = colon + 1
  while (valueStart < end && isSpaceCode(text.charCodeAt(valueStart))) valueStart++
  let valueEnd = end
  while (valueEnd > valueStart && isSpaceCode(text.charCodeAt(valueEnd - 1))) valueEnd--
  const lineFeed = text.indexOf('\n', valueStart)
  return { name, start, valueStart, valueEnd, end, folded: lineFeed >= 0 && lineFeed < valueEnd }
}

const isSpace = (c: number): boolean => c === SPACE || c === TAB

function readLength(text: string, fields: readonly Field[]): number | undefined | ParseError {
  let length: number | undefined
  for (const field of fields) {
    if (field.name !== 'content-length') continue
    const value = parseDigits(text.slice(field.valueStart, field.valueEnd), 2 ** 31)
    if (value === undefined) return new ParseError('Malformed Content-Length')
    if (length !== undefined && length !== value) return new ParseError('Differing Content-Length')
    length = value
  }
  return length
}

/** Content-Length counts: what follows is not part of the message, and less than it says is an error (§18.3). */
function readBody(text: string, { bodyStart, contentLength }: Head): string | ParseError {
  if (contentLength === undefined) return text.slice(bodyStart)
  if (contentLength instanceof ParseError) return contentLength
  if (contentLength > text.length - bodyStart) return new ParseError('Content-Length Larger Than Message')
  return text.slice(bodyStart, bodyStart + contentLength)
}
