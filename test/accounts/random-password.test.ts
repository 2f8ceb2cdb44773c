import { describe, expect, it } from 'vitest'
import { randomPassword } from '../../server/accounts/random-password.ts'

describe('randomPassword', () => {
  it('is four groups of four letters that look like no others, 80 bits', () => {
    for (let i = 0; i < 200; i++) expect(randomPassword()).toMatch(/^(?:[a-km-np-z2-9]{4}-){3}[a-km-np-z2-9]{4}$/)
    expect(randomPassword()).not.toBe(randomPassword())
  })

  it('makes each of 32 letters from eight of the 256 bytes', () => {
    const counts = new Map<string, number>()
    for (let first = 0; first < 256; first += 16)
      for (const letter of randomPassword(count => Uint8Array.from({ length: count }, (_, i) => first + i)))
        if (letter !== '-') counts.set(letter, (counts.get(letter) ?? 0) + 1)
    expect(counts.size).toBe(32)
    expect(new Set(counts.values())).toEqual(new Set([8]))
  })
})
