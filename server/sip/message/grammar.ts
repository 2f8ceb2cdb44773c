/** Character classes of RFC 3261 §25.1, and the splitting that needs to know of quotes and angle brackets. */

const tokenPattern = /^[A-Za-z0-9\-.!%*_+`'~]+$/
export const isToken = (text: string): boolean => tokenPattern.test(text)

const hostPattern = /^(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*)|\[[0-9A-Fa-f:.]+\])$/
export const isHost = (text: string): boolean => hostPattern.test(text)

/** Is the character code one of SP, HT, CR and LF? */
export const isSpaceCode = (c: number): boolean => c === 32 || c === 9 || c === 13 || c === 10

/** Without LWS at both ends. Not `trim()`, which would also cut the byte A0 off a UTF-8 letter. */
export function trimLws(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isSpaceCode(text.charCodeAt(start))) start++
  while (end > start && isSpaceCode(text.charCodeAt(end - 1))) end--
  return start === 0 && end === text.length ? text : text.slice(start, end)
}

/** LWS around a value is not part of it; a folded line counts as one space (§7.3.1). */
export const unfold = (text: string): string => text.split('\n').map(trimLws).join(' ')

const QUOTE = 34
const BACKSLASH = 92
const LESS = 60
const GREATER = 62

/**
 * Splits at `separator` (one character), but not inside "quoted strings" or <angle brackets>. Values come back trimmed.
 * A separator that stands alone gives an empty value, for the caller to judge.
 */
export function splitOutside(text: string, separator: string): string[] {
  if (!text.includes(separator)) return [trimLws(text)]
  const cut = separator.charCodeAt(0)
  const parts: string[] = []
  let start = 0
  let quoted = false
  let angled = false
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (quoted) {
      if (c === BACKSLASH) i++
      else if (c === QUOTE) quoted = false
    } else if (c === QUOTE) quoted = true
    else if (c === LESS) angled = true
    else if (c === GREATER) angled = false
    else if (c === cut && !angled) {
      parts.push(trimLws(text.slice(start, i)))
      start = i + 1
    }
  }
  parts.push(trimLws(text.slice(start)))
  return parts
}

/** Index after the quoted string that begins at `start`, or -1 when it never ends. */
export function endOfQuoted(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === BACKSLASH) i++
    else if (c === QUOTE) return i + 1
  }
  return -1
}

export const quote = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`

export function unquote(text: string): string {
  return text.startsWith('"') && text.endsWith('"') && text.length >= 2
    ? text.slice(1, -1).replace(/\\(.)/g, '$1')
    : text
}

/** `%41` → `A`. What is no escape stays as it is: a `%` is never unescaped twice (RFC 4475 §3.1.1.3). */
export function unescapeUri(text: string): string {
  return text.includes('%')
    ? text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    : text
}

/** Decimal digits only, no sign, no spaces; undefined above `max`. */
export function parseDigits(text: string, max: number): number | undefined {
  if (!/^[0-9]{1,15}$/.test(text)) return undefined
  const value = Number(text)
  return value <= max ? value : undefined
}
