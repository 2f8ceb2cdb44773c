/** How long a wait may last before the test fails, in milliseconds. Generous: a time-out is a failure, never a verdict. */
const PATIENCE_MS = 15_000
const STEP_MS = 40

export const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/**
 * Asks `probe` again and again until it gives something truthy, and returns that.
 * Fails with `what` (a phrase: "the phone rings"), and with what `explain` adds, after `timeoutMs`.
 */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  { timeoutMs = PATIENCE_MS, explain }: { timeoutMs?: number; explain?: () => string } = {},
): Promise<Exclude<T, false | undefined | null | 0 | ''>> {
  const end = Date.now() + timeoutMs
  for (;;) {
    const value = await probe()
    if (value) return value as Exclude<T, false | undefined | null | 0 | ''>
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms in vain: ${what}${explain ? `\n${explain()}` : ''}`)
    await sleep(STEP_MS)
  }
}
