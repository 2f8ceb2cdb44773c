import { parseDigits, isToken } from './grammar.ts'
import { canonicalName } from './header-names.ts'
import { type Field, Request, Response, type MessageParts } from './message.ts'
import { ParseError } from './parse-error.ts'

export interface ParseLimits {
  /** Header fields a message may have. Default 256; more: 400. */
  readonly headerFields: number
  /** Bytes a message may have. Default 65,536; more: 513. */
  readonly messageBytes: number
}

export const defaultParseLimits: ParseLimits = { headerFields: 256, messageBytes: 65_536 }

const CR = 13
const LF = 10
const SPACE = 32
const TAB = 9

/**
 * One complete message (a datagram, a WebSocket message, or what a stream's framing cut out) from its latin-1 text. Leading
 * line ends are skipped (RFC 3261 §7.5). What is no SIP message at all gives undefined; a message that is only broken comes
 * back with its `defect`, so that a request can be answered.
 */
export function parseMessage(text: string, limits: ParseLimits = defaultParseLimits): Request | Response | undefined {
  let start = 0
  while (text.charCodeAt(start) === CR || text.charCodeAt(start) === LF) start++
  if (start) text = text.slice(start)
  const lineEnd = text.indexOf('\n')
  if (lineEnd < 0) return undefined
  const startLine = text.slice(0, text.charCodeAt(lineEnd - 1) === CR ? lineEnd - 1 : lineEnd)
  const parts = indexFields(text, lineEnd + 1, limits)
  return /^SIP\//i.test(startLine) ? readStatusLine(startLine, parts) : readRequestLine(startLine, parts)
}

const requestLine = /^([^ ]+) ([^ ]+) SIP\/2\.0$/i
const looseRequestLine = /^[ \t]*([^ \t]+)[ \t]+(.*?)[ \t]+SIP\/([0-9]+\.[0-9]+)[ \t]*$/i

function readRequestLine(line: string, parts: MessageParts): Request | undefined {
  const strict = requestLine.exec(line)
  if (strict && isToken(strict[1]!)) return new Request(parts, strict[1]!, strict[2]!)
  const loose = looseRequestLine.exec(line)
  if (!loose || !isToken(loose[1]!)) return undefined
  const defect =
    loose[3] === '2.0' ? new ParseError('Malformed Request-Line') : new ParseError('Version Not Supported', 505)
  return new Request({ ...parts, defect }, loose[1]!, loose[2]!)
}

const statusLine = /^SIP\/2\.0 ([0-9]+)(?: (.*))?$/i

function readStatusLine(line: string, parts: MessageParts): Response | undefined {
  const match = statusLine.exec(line)
  const status = match && parseDigits(match[1]!, 699)
  if (!status || status < 100) return undefined
  return new Response(parts, status, match[2] ?? '')
}

/** One pass over the header: where each field begins, where its value lies, where the body begins. */
function indexFields(text: string, headersStart: number, limits: ParseLimits): MessageParts {
  const fields: Field[] = []
  let defect = text.length > limits.messageBytes ? new ParseError('Message Too Large', 513) : undefined
  let at = headersStart
  let bodyStart = text.length
  let headersEnd = text.length
  while (at < text.length) {
    const first = text.charCodeAt(at)
    if (first === LF || (first === CR && text.charCodeAt(at + 1) === LF)) {
      headersEnd = at
      bodyStart = at + (first === LF ? 1 : 2)
      break
    }
    const end = endOfField(text, at)
    const field = readField(text, at, end)
    if (field) fields.push(field)
    else defect ??= new ParseError('Malformed header field')
    at = end
  }
  if (fields.length > limits.headerFields) defect ??= new ParseError('Too Many Header Fields')
  // A header that no empty line ends is cut off or broken (RFC 4475 `baddn.dat`).
  if (headersEnd === text.length) defect ??= new ParseError('Header Not Ended')
  const body = readBody(text, fields, bodyStart)
  if (body instanceof ParseError) defect ??= body
  return { text, fields, headersStart, headersEnd, body: typeof body === 'string' ? body : '', defect }
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
  while (valueStart < end && isSpaceOrLineEnd(text.charCodeAt(valueStart))) valueStart++
  let valueEnd = end
  while (valueEnd > valueStart && isSpaceOrLineEnd(text.charCodeAt(valueEnd - 1))) valueEnd--
  const lineFeed = text.indexOf('\n', valueStart)
  return { name, start, valueStart, valueEnd, end, folded: lineFeed >= 0 && lineFeed < valueEnd }
}

const isSpace = (c: number): boolean => c === SPACE || c === TAB
const isSpaceOrLineEnd = (c: number): boolean => c === SPACE || c === TAB || c === CR || c === LF

/** Content-Length counts: what follows is not part of the message, and less than it says is an error (§18.3). */
function readBody(text: string, fields: readonly Field[], bodyStart: number): string | ParseError {
  let length: number | undefined
  for (const field of fields) {
    if (field.name !== 'content-length') continue
    const value = parseDigits(text.slice(field.valueStart, field.valueEnd), 2 ** 31)
    if (value === undefined) return new ParseError('Malformed Content-Length')
    if (length !== undefined && length !== value) return new ParseError('Differing Content-Length')
    length = value
  }
  if (length === undefined) return text.slice(bodyStart)
  if (length > text.length - bodyStart) return new ParseError('Content-Length Larger Than Message')
  return text.slice(bodyStart, bodyStart + length)
}
