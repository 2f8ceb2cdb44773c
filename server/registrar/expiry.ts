import { parseDigits } from '../sip/message/grammar.ts'

/** For how long a contact is registered, in seconds. */
export interface ExpiryLimits {
  /** Granted to who asks for no time, or for none that can be read. */
  readonly default: number
  /** Shorter wishes are raised to it, or refused. */
  readonly min: number
  /** Longer wishes are cut to it. */
  readonly max: number
}

/** What a contact asks for: its own parameter, else the Expires field (RFC 3261 §10.3 step 7); 0 is to be removed. */
export function wishedExpires(param: string | undefined, field: string | undefined): number | undefined {
  const text = param ?? field
  return text === undefined ? undefined : parseDigits(text, 2 ** 32 - 1)
}

/** 0 for a contact that is to be removed. */
export function grantedExpires(wished: number | undefined, { default: fallback, min, max }: ExpiryLimits): number {
  return wished === 0 ? 0 : Math.min(Math.max(wished ?? fallback, min), max)
}

const hour = 3600

/** May it be answered 423? Only what is shorter than an hour may (§10.3 step 7). */
export const isTooBrief = (wished: number | undefined, { min }: ExpiryLimits): boolean =>
  wished !== undefined && wished > 0 && wished < Math.min(min, hour)
