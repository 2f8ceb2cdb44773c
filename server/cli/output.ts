import type { Writable } from 'node:stream'

/** One column of a table: its heading and what stands in it. */
export interface Column<T> {
  readonly heading: string
  readonly text: (item: T) => string
}

/** Columns as wide as their widest cell, two spaces apart; `none` instead of a table without rows. */
export function printTable<T>(out: Writable, items: readonly T[], columns: readonly Column<T>[], none: string): void {
  if (items.length === 0) {
    out.write(`${none}\n`)
    return
  }
  const lines = [
    columns.map(column => column.heading),
    ...items.map(item => columns.map(column => printable(column.text(item)))),
  ]
  const widths = columns.map((_, index) => Math.max(...lines.map(line => line[index]!.length)))
  for (const line of lines)
    out.write(
      `${line
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd()}\n`,
    )
}

/** `label: value`, one a line, the values under each other. */
export function printFields(out: Writable, fields: Readonly<Record<string, string>>): void {
  const width = Math.max(...Object.keys(fields).map(label => label.length))
  for (const [label, value] of Object.entries(fields))
    out.write(`${`${label}:`.padEnd(width + 1)} ${printable(value)}`.trimEnd() + '\n')
}

export function printJson(out: Writable, value: unknown): void {
  // JSON escapes C0 by itself, but a terminal takes C1 for commands too.
  out.write(`${JSON.stringify(value, null, 2).replace(/[\x7f-\x9f]/g, escapeUnicode)}\n`)
}

/** What came over the network must not give orders to the terminal: control characters become visible. */
export const printable = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f]/g, escapeUnicode)

/** Messages are latin-1 strings of bytes; people read UTF-8. */
export const fromWire = (text: string): string => Buffer.from(text, 'latin1').toString('utf8')
export const toWire = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

export const dateText = (ms: number): string => new Date(ms).toISOString()

const escapeUnicode = (c: string): string => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`
