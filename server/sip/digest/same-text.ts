import { timingSafeEqual } from 'node:crypto'

/** Equality of two latin-1 texts, of which only the length, which is no secret, can be learnt from the time it takes. */
export function sameText(given: string, expected: string): boolean {
  return (
    given.length === expected.length && timingSafeEqual(Buffer.from(given, 'latin1'), Buffer.from(expected, 'latin1'))
  )
}
