import type { Request, Response } from '../message/message.ts'
import { completeMessage, parseHead, type Head } from '../message/parse.ts'
import { ParseError } from '../message/parse-error.ts'

export interface FramingLimits {
  readonly messageBytes: number
  readonly headerBytes: number
  readonly headerFields: number
}

export type Framed =
  | { readonly kind: 'message'; readonly message: Request | Response }
  /** CRLFCRLF between messages, to be answered with CRLF (RFC 5626 §4.4.1). */
  | { readonly kind: 'keep-alive' }
  /** Where the next message begins cannot be known: nothing more comes out. `message` carries the error, if it is SIP at all. */
  | { readonly kind: 'broken'; readonly error: ParseError; readonly message: Request | Response | undefined }

const CR = 13
const LF = 10
const endOfHeader = /\n\r?\n/

/**
 * Cuts the bytes of a stream (as latin-1) into messages by their Content-Length (RFC 3261 §18.3), wherever the network cut
 * them. Each byte is looked at once: a peer that sends one at a time costs no more than another.
 *
 * ```
 *   between messages ──first byte──► header ──empty line──► body ──last byte──► between messages
 *      CRLFCRLF: keep-alive            └── too long, no length ──► broken
 * ```
 */
export class StreamFraming {
  readonly #limits: FramingLimits
  /** The part being received, in the pieces that came, and how long that is. */
  #pieces: string[] = []
  #size = 0
  /** Last two bytes of the header so far: its end may be cut anywhere. */
  #tail = ''
  #head: Head | undefined
  #isBroken = false
  /** Bytes of CRLFCRLF seen between messages. */
  #lineEnds = 0

  constructor(limits: FramingLimits) {
    this.#limits = limits
  }

  /** True from the first byte of a message to its last. */
  get isMidMessage(): boolean {
    return this.#size > 0 || this.#head !== undefined
  }

  push(chunk: string): Framed[] {
    const out: Framed[] = []
    let rest = chunk
    while (rest && !this.#isBroken) {
      if (this.#head) rest = this.#takeBody(this.#head, rest, out)
      else if (this.#size) rest = this.#takeHeader(rest, out)
      else rest = this.#takeHeader(this.#skipLineEnds(rest, out), out)
    }
    return out
  }

  #skipLineEnds(chunk: string, out: Framed[]): string {
    let at = 0
    for (; at < chunk.length; at++) {
      const c = chunk.charCodeAt(at)
      if (c !== CR && c !== LF) break
      const expected = this.#lineEnds % 2 ? LF : CR
      this.#lineEnds = c === expected ? this.#lineEnds + 1 : 0
      if (this.#lineEnds === 4) {
        this.#lineEnds = 0
        out.push({ kind: 'keep-alive' })
      }
    }
    if (at < chunk.length) this.#lineEnds = 0
    return chunk.slice(at)
  }

  /** Takes what belongs to the header; gives back what follows it. */
  #takeHeader(chunk: string, out: Framed[]): string {
    if (!chunk) return ''
    const window = this.#tail + chunk
    const end = endOfHeader.exec(window)
    const taken = end ? end.index + end[0].length - this.#tail.length : chunk.length
    this.#add(chunk.slice(0, taken))
    this.#tail = end ? '' : window.slice(-2)
    if (this.#size > this.#limits.headerBytes) this.#tooLargeHeader(out)
    else if (end) this.#beginBody(this.#takePieces(), out)
    return chunk.slice(taken)
  }

  #beginBody(header: string, out: Framed[]): void {
    const head = parseHead(header, this.#limits)
    const length = head?.contentLength
    if (!head || length === undefined) this.#break(new ParseError('Missing Content-Length'), head, out)
    else if (length instanceof ParseError) this.#break(length, head, out)
    else if (header.length + length > this.#limits.messageBytes)
      this.#break(new ParseError('Message Too Large', 513), head, out)
    else if (length === 0) this.#complete(head, '', out)
    else this.#head = head
  }

  #takeBody(head: Head, chunk: string, out: Framed[]): string {
    const missing = (head.contentLength as number) - this.#size
    this.#add(chunk.slice(0, missing))
    if (chunk.length >= missing) this.#complete(head, this.#takePieces(), out)
    return chunk.slice(missing)
  }

  /** What is no SIP message, though it has a Content-Length, is passed over: the one behind it can be found. */
  #complete(head: Head, body: string, out: Framed[]): void {
    this.#head = undefined
    const message = completeMessage(head, body)
    if (message) out.push({ kind: 'message', message })
  }

  #tooLargeHeader(out: Framed[]): void {
    const header = this.#takePieces()
    // The last line may have been cut: what is left of it must not be read as a whole field.
    const head = parseHead(header.slice(0, header.lastIndexOf('\n') + 1), this.#limits)
    this.#break(new ParseError('Message Too Large', 513), head, out)
  }

  #break(error: ParseError, head: Head | undefined, out: Framed[]): void {
    this.#isBroken = true
    out.push({ kind: 'broken', error, message: head && completeMessage(head, '', error) })
  }

  #add(piece: string): void {
    this.#pieces.push(piece)
    this.#size += piece.length
  }

  #takePieces(): string {
    const text = this.#pieces.length === 1 ? this.#pieces[0]! : this.#pieces.join('')
    this.#pieces = []
    this.#size = 0
    return text
  }
}
