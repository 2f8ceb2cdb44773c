import { describe, expect, it } from 'vitest'
import { dtmfTone, renderTone, tones, type Tone, type ToneName } from '../../client/softphone/tones.ts'
import { connectRinger } from '../../client/softphone/ringer.ts'
import { Softphone } from '../../client/softphone/softphone.ts'
import { Subject } from '../../client/softphone/observable.ts'
import type { Loudspeaker } from '../../client/softphone/audio.ts'
import { FakeMicrophone, FakeUserAgent, settle } from '../support/fake-user-agent.ts'

const rate = 8_000

/** Strength of one frequency in samples (Goertzel), 0 to 1. */
function strength(samples: Float32Array, hz: number): number {
  const c = 2 * Math.cos((2 * Math.PI * hz) / rate)
  let [a, b] = [0, 0]
  for (const x of samples) [a, b] = [x + c * a - b, a]
  return (2 * Math.sqrt(a * a + b * b - c * a * b)) / samples.length
}

describe('tones', () => {
  it('the keys have the frequencies of ITU-T Q.23', () => {
    const pairs = { '1': [697, 1209], '5': [770, 1336], '#': [941, 1477], D: [941, 1633] }
    for (const [key, hz] of Object.entries(pairs)) {
      const samples = renderTone(dtmfTone(key)!, rate)
      for (const each of hz) expect(strength(samples, each)).toBeGreaterThan(0.06)
      expect(strength(samples, 600)).toBeLessThan(0.01)
    }
  })

  it.each(['', 'x', '12', '+'])('%j is not a key', key => {
    expect(dtmfTone(key)).toBeUndefined()
  })

  it.each(Object.keys(tones) as ToneName[])(
    '%s lasts as long as it says, is never too loud, and does not click',
    name => {
      const tone: Tone = tones[name]
      const samples = renderTone(tone, rate)
      const ms = tone.steps.reduce((sum, step) => sum + step.ms, 0)
      expect(samples.length / rate).toBeCloseTo(ms / 1000, 2)
      expect(Math.max(...samples.map(Math.abs))).toBeLessThan(tone.level + 1e-6)
      expect(Math.abs(samples[0]!)).toBeLessThan(0.001)
      expect(Math.abs(samples.at(-1)!)).toBeLessThan(0.001)
    },
  )
})

class FakeLoudspeaker implements Loudspeaker {
  readonly isBlocked = new Subject(false)
  readonly heard: string[] = []

  playTone(tone: unknown): void {
    const name = Object.entries(tones).find(([, each]) => each === tone)?.[0]
    this.heard.push(name ?? 'key')
  }

  stopTone(): void {
    this.heard.push('-')
  }

  playStream(): void {
    this.heard.push('voice')
  }

  stopStream(): void {
    this.heard.push('no voice')
  }

  prepare(): void {}

  unlock(): void {}
}

describe('what is heard', () => {
  function connect() {
    let agent: FakeUserAgent | undefined
    const softphone = new Softphone({
      server: 'wss://x/sip',
      domain: 'example.com',
      createUserAgent: options => (agent = new FakeUserAgent(options)),
      microphone: new FakeMicrophone(),
    })
    const loudspeaker = new FakeLoudspeaker()
    connectRinger(softphone, loudspeaker)
    softphone.signIn({ account: '1001', password: 'x' })
    agent!.accept()
    return { softphone, agent: agent!, heard: loudspeaker.heard }
  }

  it('an incoming call rings until it is answered, then the voice comes, then the end', async () => {
    const { softphone, agent, heard } = connect()
    const session = agent.ring()
    await softphone.call!.answer()
    session.events.emit('stream', {} as MediaStream)
    session.confirm()
    softphone.call!.sendDigits('5')
    session.events.emit('ended', { by: 'remote', cause: 'Terminated' })
    expect(heard).toEqual(['ring', '-', 'voice', 'key', 'ended', 'no voice'])
  })

  it('a caller hears ringback, and busy when that is the answer', async () => {
    const { softphone, agent, heard } = connect()
    softphone.dial('1002')
    await settle()
    const [session] = agent.sessions
    session!.events.emit('progress', { hasEarlyMedia: false })
    session!.events.emit('ended', { by: 'remote', cause: 'Busy', status: 486 })
    expect(heard).toEqual(['ringback', 'busy', 'no voice'])
  })

  it('early media replaces our own ringback', async () => {
    const { softphone, agent, heard } = connect()
    softphone.dial('1002')
    await settle()
    agent.sessions[0]!.events.emit('progress', { hasEarlyMedia: true })
    expect(heard.at(-1)).toBe('-')
  })

  it('a call that is declined or missed falls silent', () => {
    const { softphone, agent, heard } = connect()
    agent.ring()
    softphone.call!.decline()
    expect(heard).toEqual(['ring', '-', 'no voice'])
  })
})
