import { randomBytes } from 'node:crypto'

/** No l, o, 0 or 1, which look alike in many a typeface. 32 letters: five bits each, and no letter more likely than another. */
const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789'
const groups = 4
const groupLength = 4

/** 80 random bits that can be read over the telephone: `k4mp-x7cn-2vqe-h9ra`. `random` gives that many random bytes. */
export function randomPassword(random: (count: number) => Uint8Array = randomBytes): string {
  const letters = [...random(groups * groupLength)].map(byte => alphabet[byte % alphabet.length])
  return Array.from({ length: groups }, (_, group) =>
    letters.slice(group * groupLength, (group + 1) * groupLength).join(''),
  ).join('-')
}
