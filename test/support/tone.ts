import fs from 'node:fs'

/** What was heard: the strongest frequency and its share of the sound. */
export interface Tone {
  hz: number
  /** Amplitude of that frequency, 0 to 1 of full scale. */
  level: number
  /** Part of the sound's energy in that frequency, 0 to 1: a steady tone has nearly all of it. */
  purity: number
}

export interface ToneFile {
  hz: number
  /** Samples per second. */
  rate: number
  seconds: number
  channels?: 1 | 2
  /** 0 to 1 of full scale. */
  level?: number
}

/** The two frequencies of each key of a telephone (ITU-T Q.23). */
export const KEY_HZ: Readonly<Record<string, readonly [number, number]>> = Object.fromEntries(
  [697, 770, 852, 941].flatMap((row, y) =>
    [1209, 1336, 1477].map((column, x) => ['123456789*0#'[3 * y + x]!, [row, column]]),
  ),
)

/** Below this amplitude it is silence: comfort noise, a muted microphone. */
const SILENCE = 0.005

const FULL_SCALE = 32_768
const WAV_HEADER_BYTES = 44

/** The audible range of a telephone. A tone that falls between two steps must not fall into a null of both: half a second has one every 2 Hz. */
const SEARCH = { fromHz: 100, toHz: 3_400, stepHz: 1 } as const
const FINE_HZ = 0.25

/** Writes a steady sine as PCM16 wav. */
export function writeTone(file: string, { hz, rate, seconds, channels = 1, level = 0.4 }: ToneFile): void {
  const frames = rate * seconds
  const wav = Buffer.alloc(WAV_HEADER_BYTES + 2 * frames * channels)
  writeWavHeader(wav, rate, channels)
  for (let frame = 0; frame < frames; frame++) {
    const sample = Math.round(FULL_SCALE * level * Math.sin((2 * Math.PI * hz * frame) / rate))
    for (let channel = 0; channel < channels; channel++)
      wav.writeInt16LE(sample, WAV_HEADER_BYTES + 2 * (frame * channels + channel))
  }
  fs.writeFileSync(file, wav)
}

function writeWavHeader(wav: Buffer, rate: number, channels: number): void {
  wav.write('RIFF', 0)
  wav.writeUInt32LE(wav.length - 8, 4)
  wav.write('WAVEfmt ', 8)
  wav.writeUInt32LE(16, 16)
  wav.writeUInt16LE(1, 20) // PCM
  wav.writeUInt16LE(channels, 22)
  wav.writeUInt32LE(rate, 24)
  wav.writeUInt32LE(rate * channels * 2, 28)
  wav.writeUInt16LE(channels * 2, 32)
  wav.writeUInt16LE(16, 34)
  wav.write('data', 36)
  wav.writeUInt32LE(wav.length - WAV_HEADER_BYTES, 40)
}

/** The last `count` samples (0 to 1) of a mono PCM16 wav that may still be growing: its header's sizes are not looked at. */
export function newestSamples(wav: Buffer, count: number): Float64Array {
  const end = wav.length - ((wav.length - WAV_HEADER_BYTES) % 2)
  const start = Math.max(WAV_HEADER_BYTES, end - 2 * count)
  return Float64Array.from({ length: (end - start) / 2 }, (_, index) => wav.readInt16LE(start + 2 * index) / FULL_SCALE)
}

/** Amplitude of one frequency in `samples`, by Goertzel's algorithm. */
export function amplitudeAt(hz: number, samples: Float64Array, rate: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / rate)
  let newer = 0
  let older = 0
  for (const sample of samples) {
    const next = sample + coefficient * newer - older
    older = newer
    newer = next
  }
  const power = newer * newer + older * older - coefficient * newer * older
  return (2 * Math.sqrt(Math.max(0, power))) / samples.length
}

/** The strongest frequency of a telephone's range; undefined in silence. */
export function strongestTone(samples: Float64Array, rate: number): Tone | undefined {
  const coarse = strongestIn(samples, rate, SEARCH)
  const near = { fromHz: coarse.hz - SEARCH.stepHz, toHz: coarse.hz + SEARCH.stepHz, stepHz: FINE_HZ }
  const best = strongestIn(samples, rate, near)
  if (best.level < SILENCE) return undefined
  // A sine of amplitude a has the mean square a²/2.
  const energy = samples.reduce((sum, sample) => sum + sample * sample, 0)
  return { ...best, purity: Math.min(1, (best.level * best.level * samples.length) / (2 * energy)) }
}

function strongestIn(
  samples: Float64Array,
  rate: number,
  { fromHz, toHz, stepHz }: { fromHz: number; toHz: number; stepHz: number },
): { hz: number; level: number } {
  let best = { hz: 0, level: 0 }
  for (let hz = fromHz; hz <= toHz; hz += stepHz) {
    const level = amplitudeAt(hz, samples, rate)
    if (level > best.level) best = { hz, level }
  }
  return best
}
