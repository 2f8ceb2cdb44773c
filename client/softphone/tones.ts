/** The sounds of a telephone, made of sine waves: no files to load, nothing a browser cannot decode. */

interface Step {
  /** Frequencies heard together, in hertz; none is silence. */
  readonly hz: readonly number[]
  readonly ms: number
}

export interface Tone {
  readonly steps: readonly Step[]
  /** Peak of the sum of all frequencies, 0 to 1. */
  readonly level: number
  /** Begins again at the end, until it is stopped. */
  readonly isLooped: boolean
}

const silence = (ms: number): Step => ({ hz: [], ms })

/** Ringback and busy are those of ETSI TS 101 041-2: 425 Hz, 1 s on 4 s off, and half a second on and off. */
export const tones = {
  ring: {
    steps: [
      { hz: [660, 1320], ms: 180 },
      { hz: [880, 1760], ms: 180 },
      { hz: [660, 1320], ms: 180 },
      { hz: [880, 1760], ms: 360 },
      silence(2100),
    ],
    level: 0.5,
    isLooped: true,
  },
  ringback: { steps: [{ hz: [425], ms: 1000 }, silence(4000)], level: 0.15, isLooped: true },
  busy: {
    steps: Array.from({ length: 4 }, () => [{ hz: [425], ms: 480 }, silence(480)]).flat(),
    level: 0.15,
    isLooped: false,
  },
  ended: { steps: [{ hz: [425], ms: 160 }, silence(60), { hz: [340], ms: 220 }], level: 0.12, isLooped: false },
} as const satisfies Record<string, Tone>

export type ToneName = keyof typeof tones

const dtmfRows = [697, 770, 852, 941]
const dtmfColumns = [1209, 1336, 1477, 1633]
const dtmfKeys = ['123A', '456B', '789C', '*0#D']

/** The tone pair of a key (ITU-T Q.23), as feedback for who presses it; undefined for what is not a key. */
export function dtmfTone(key: string): Tone | undefined {
  const row = dtmfKeys.findIndex(keys => keys.includes(key))
  const column = key.length === 1 ? (dtmfKeys[row]?.indexOf(key) ?? -1) : -1
  if (column < 0) return undefined
  return { steps: [{ hz: [dtmfRows[row]!, dtmfColumns[column]!], ms: 120 }], level: 0.15, isLooped: false }
}

/** Every step begins and ends softly, or it would click. */
const rampMs = 8

/** The samples of a tone, once through. */
export function renderTone({ steps, level }: Tone, sampleRate: number): Float32Array<ArrayBuffer> {
  const lengths = steps.map(({ ms }) => Math.round((ms / 1000) * sampleRate))
  const samples = new Float32Array(lengths.reduce((sum, length) => sum + length, 0))
  const ramp = Math.round((rampMs / 1000) * sampleRate)
  let start = 0
  steps.forEach(({ hz }, index) => {
    const length = lengths[index]!
    for (let i = 0; i < length && hz.length > 0; i++) {
      const wave = hz.reduce((sum, f) => sum + Math.sin((2 * Math.PI * f * i) / sampleRate), 0) / hz.length
      samples[start + i] = level * wave * Math.min(1, i / ramp, (length - 1 - i) / ramp)
    }
    start += length
  })
  return samples
}
