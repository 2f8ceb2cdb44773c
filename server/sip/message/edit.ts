import { splitOutside } from './grammar.ts'
import { canonicalName } from './header-names.ts'
import type { Field, Message } from './message.ts'

interface Splice {
  start: number
  end: number
  text: string
}

/**
 * A changed copy of a message, made of the original text and a list of edits, so that all that nobody touched goes on byte
 * for byte. Edits of one field must not overlap; insertions at one place keep the order of their calls.
 */
export class Edit {
  readonly #message: Message
  readonly #splices: Splice[] = []
  #startLine: string | undefined
  #body: string | undefined

  constructor(message: Message) {
    this.#message = message
  }

  startLine(line: string): this {
    this.#startLine = line
    return this
  }

  /** Puts a new field before the first one of its name, else before all fields. */
  prepend(name: string, value: string): this {
    const at = this.#message.field(canonicalName(name))?.start ?? this.#message.headersStart
    return this.#splice(at, at, `${name}: ${value}\r\n`)
  }

  /** Puts a new field after the last one of its name, else after all fields. */
  append(name: string, value: string): this {
    const canonical = canonicalName(name)
    const last = this.#message.fields.findLast(field => field.name === canonical)
    const at = last?.end ?? this.#message.headersEnd
    return this.#splice(at, at, `${name}: ${value}\r\n`)
  }

  /** One field of this name with this value: in the place of the first, else after all fields. */
  set(name: string, value: string): this {
    const [first, ...more] = this.#fieldsOf(name)
    if (!first) return this.append(name, value)
    for (const field of more) this.#removeField(field)
    return this.#splice(first.start, first.end, `${name}: ${value}\r\n`)
  }

  /** All fields of this name, gone. */
  remove(name: string): this {
    for (const field of this.#fieldsOf(name)) this.#removeField(field)
    return this
  }

  removeField(field: Field): this {
    this.#removeField(field)
    return this
  }

  /** The first value of a comma-separated field replaced; the values behind it stay. */
  replaceFirst(name: string, value: string): this {
    const field = this.#message.field(canonicalName(name))
    if (!field) return this
    const rest = splitOutside(this.#message.valueOf(field), ',').slice(1)
    return this.#splice(field.valueStart, field.valueEnd, [value, ...rest].join(', '))
  }

  /** The first `count` values of a comma-separated field gone, over as many fields as that takes. */
  removeFirst(name: string, count = 1): this {
    for (const field of this.#fieldsOf(name)) {
      if (count <= 0) break
      const values = splitOutside(this.#message.valueOf(field), ',')
      if (values.length <= count) this.#removeField(field)
      else this.#splice(field.valueStart, field.valueEnd, values.slice(count).join(', '))
      count -= values.length
    }
    return this
  }

  /** A new body; Content-Length follows. `type` undefined keeps the Content-Type. */
  body(body: string, type?: string): this {
    this.#body = body
    if (type !== undefined) this.set('Content-Type', type)
    return this.set('Content-Length', String(body.length))
  }

  toString(): string {
    const { text, headersStart, headersEnd, body } = this.#message
    // Stable: insertions before one place come in the order in which they were asked for.
    this.#splices.sort((a, b) => a.start - b.start || a.end - b.end)
    let result = this.#startLine === undefined ? text.slice(0, headersStart) : `${this.#startLine}\r\n`
    let at = headersStart
    for (const { start, end, text: replacement } of this.#splices) {
      result += text.slice(at, start) + replacement
      at = end
    }
    return `${result}${text.slice(at, headersEnd)}\r\n${this.#body ?? body}`
  }

  #fieldsOf(name: string): Field[] {
    const canonical = canonicalName(name)
    return this.#message.fields.filter(field => field.name === canonical)
  }

  #removeField(field: Field): void {
    this.#splice(field.start, field.end, '')
  }

  #splice(start: number, end: number, text: string): this {
    this.#splices.push({ start, end, text })
    return this
  }
}
