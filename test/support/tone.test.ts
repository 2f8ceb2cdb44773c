import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { removeFolder, scratchFolder } from './scratch.ts'
import { amplitudeAt, newestSamples, strongestTone, writeTone } from './tone.ts'

const RATE = 8_000
const folder = scratchFolder('tone')
afterAll(() => removeFolder(folder))

function sine(hz: number, level: number, samples: number): Float64Array {
  return Float64Array.from({ length: samples }, (_, index) => level * Math.sin((2 * Math.PI * hz * index) / RATE))
}

describe('the ear of the tests', () => {
  it.each([440, 700, 1_008, 1_009, 1_010, 1_011, 1_336])('names %i Hz and its level', hz => {
    const heard = strongestTone(sine(hz, 0.25, 4_000), RATE)!
    expect(Math.abs(heard.hz - hz)).toBeLessThanOrEqual(1)
    expect(heard.level).toBeCloseTo(0.25, 2)
    expect(heard.purity).toBeGreaterThan(0.95)
  })

  it('hears nothing in silence', () => {
    expect(strongestTone(new Float64Array(4_000), RATE)).toBeUndefined()
  })

  it('tells the stronger of two tones, with less purity', () => {
    const quiet = sine(440, 0.1, 4_000)
    const both = sine(700, 0.3, 4_000).map((sample, index) => sample + quiet[index]!)
    expect(strongestTone(both, RATE)).toMatchObject({ hz: expect.closeTo(700, 0) as number })
    expect(amplitudeAt(440, both, RATE)).toBeCloseTo(0.1, 2)
    expect(strongestTone(both, RATE)!.purity).toBeLessThan(0.95)
  })

  it('finds no purity in noise', () => {
    let seed = 1
    const noise = Float64Array.from({ length: 4_000 }, () => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed / 2_147_483_647 - 0.5
    })
    expect(strongestTone(noise, RATE)!.purity).toBeLessThan(0.1)
  })

  it('reads back the newest part of a file it wrote, even when the file ends inside a sample', () => {
    const file = path.join(folder, 'tone.wav')
    writeTone(file, { hz: 700, rate: RATE, seconds: 1, level: 0.5 })
    const cut = fs.readFileSync(file).subarray(0, -1)
    const samples = newestSamples(cut, 4_000)
    expect(samples).toHaveLength(4_000)
    expect(strongestTone(samples, RATE)).toMatchObject({ hz: expect.closeTo(700, 0) as number })
    expect(newestSamples(cut, 1_000_000)).toHaveLength(RATE - 1)
  })
})
