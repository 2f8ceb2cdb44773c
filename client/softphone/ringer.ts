import type { Loudspeaker } from './audio.ts'
import type { Call, CallView } from './call.ts'
import type { Softphone } from './softphone.ts'
import { dtmfTone, tones, type ToneName } from './tones.ts'

/** What is to be heard in a call beside the other side's voice. */
export function toneOf({ state, isAnswering, hasEarlyMedia, end, answeredAt }: CallView): ToneName | undefined {
  if (state === 'incoming') return isAnswering ? undefined : 'ring'
  if (state === 'ringing') return hasEarlyMedia ? undefined : 'ringback'
  if (end?.kind === 'failed') return 'busy'
  if (end?.kind === 'hung-up') return answeredAt === undefined ? undefined : 'ended'
  return undefined
}

/** Lets the loudspeaker follow the softphone: ring, ringback, the other side's voice, busy, and the sound of keys. */
export function connectRinger(softphone: Softphone, loudspeaker: Loudspeaker): void {
  softphone.events.on('callstarted', call => followCall(call, loudspeaker))
}

function followCall(call: Call, loudspeaker: Loudspeaker): void {
  let playing: ToneName | undefined
  const update = (view: CallView) => {
    const tone = toneOf(view)
    if (tone === playing) return
    playing = tone
    if (tone) loudspeaker.playTone(tones[tone])
    else loudspeaker.stopTone()
  }
  update(call.view)
  call.events.on('change', update)
  call.events.on('stream', stream => loudspeaker.playStream(stream))
  call.events.on('digits', digits => {
    const tone = dtmfTone(digits.at(-1) ?? '')
    if (tone) loudspeaker.playTone(tone)
  })
  call.events.on('ended', () => loudspeaker.stopStream())
}
