import { endOfQuoted } from './grammar.ts'
import { ParseError } from './parse-error.ts'

/** `;name=value` parameters in their order. Names compare without case; values stay as they were written. */
export class Params {
  static readonly none: Params = new Params([])

  readonly entries: readonly (readonly [name: string, value: string | undefined])[]

  constructor(entries: readonly (readonly [string, string | undefined])[]) {
    this.entries = entries
  }

  /** The value; `''` for a parameter without one; undefined when it is not there. */
  get(name: string): string | undefined {
    for (const [key, value] of this.entries) if (key === name || key.toLowerCase() === name) return value ?? ''
    return undefined
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  /** A copy in which `name` has `value` (undefined: a flag without value). Keeps its place, or goes last. */
  with(name: string, value?: string): Params {
    const at = this.entries.findIndex(([key]) => key.toLowerCase() === name)
    const entry = [name, value] as const
    return new Params(at < 0 ? [...this.entries, entry] : this.entries.map((old, i) => (i === at ? entry : old)))
  }

  without(...names: string[]): Params {
    return new Params(this.entries.filter(([key]) => !names.includes(key.toLowerCase())))
  }

  toString(): string {
    let text = ''
    for (const [name, value] of this.entries) text += value === undefined ? `;${name}` : `;${name}=${value}`
    return text
  }
}

/**
 * Parses `;a=b;c` (with LWS around `;` and `=`), from the first `;` on or from nothing.
 * Throws ParseError for an empty parameter or an unfinished quote.
 */
export function parseParams(text: string, what: string): Params {
  let at = skipSpace(text, 0)
  if (at === text.length) return Params.none
  const entries: [string, string | undefined][] = []
  while (at < text.length) {
    if (text[at] !== ';') throw new ParseError(`Malformed ${what}`)
    at = skipSpace(text, at + 1)
    let end = at
    while (end < text.length && !';= \t'.includes(text[end]!)) end++
    const name = text.slice(at, end)
    if (!name) throw new ParseError(`Malformed ${what}`)
    at = skipSpace(text, end)
    let value: string | undefined
    if (text[at] === '=') {
      at = skipSpace(text, at + 1)
      end = text[at] === '"' ? endOfQuoted(text, at) : endOfValue(text, at)
      if (end < 0) throw new ParseError(`Malformed ${what}`)
      value = text.slice(at, end)
      at = skipSpace(text, end)
    }
    entries.push([name, value])
  }
  return new Params(entries)
}

function endOfValue(text: string, at: number): number {
  while (at < text.length && text[at] !== ';' && text[at] !== ' ' && text[at] !== '\t') at++
  return at
}

function skipSpace(text: string, at: number): number {
  while (text[at] === ' ' || text[at] === '\t') at++
  return at
}
