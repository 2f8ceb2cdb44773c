import { randomFillSync } from 'node:crypto'

const pool = Buffer.alloc(4096)
let used = pool.length

/** Unguessable id of `bytes` random bytes as hex (RFC 3261 §19.3 wants at least 32 bits for tags; we take 64 and more). */
export function randomId(bytes = 10): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += bytes
  return pool.toString('hex', used - bytes, used)
}
