import type { CallEnd, CallView } from '../softphone/call.ts'
import type { SoftphoneState } from '../softphone/softphone.ts'

/** The colour of the dot beside the status. */
export type StatusTone = 'good' | 'busy' | 'waiting' | 'bad'

export interface Status {
  readonly text: string
  readonly tone: StatusTone
}

const endTexts: Record<CallEnd['kind'], string> = {
  'hung-up': 'Call ended',
  cancelled: 'Call cancelled',
  missed: 'Missed call',
  declined: 'Call declined',
  'answered-elsewhere': 'Answered on another phone',
  failed: 'Call not connected',
}

/** The state of the phone in a few words; undefined when there is nothing to say. */
export function statusOf({ call, connection, registration, isSignedIn }: SoftphoneState): Status | undefined {
  if (call) return callStatus(call)
  if (registration === 'registered') return { text: 'Ready', tone: 'good' }
  if (connection === 'reconnecting') return { text: 'Reconnecting…', tone: 'bad' }
  if (registration === 'registering') return { text: isSignedIn ? 'Connecting…' : 'Signing in…', tone: 'waiting' }
  if (registration === 'failed') return { text: isSignedIn ? 'Not ready' : 'Not signed in', tone: 'bad' }
  return undefined
}

function callStatus({ state, isAnswering, isMuted, end }: CallView): Status {
  switch (state) {
    case 'incoming':
      return { text: isAnswering ? 'Answering…' : 'Incoming call', tone: 'busy' }
    case 'calling':
      return { text: 'Calling…', tone: 'waiting' }
    case 'ringing':
      return { text: 'Ringing…', tone: 'waiting' }
    case 'active':
      return { text: isMuted ? 'In call, microphone off' : 'In call', tone: 'busy' }
    case 'held':
      return { text: 'On hold by the other side', tone: 'waiting' }
    case 'ended':
      return { text: endTexts[end?.kind ?? 'hung-up'], tone: end?.kind === 'failed' ? 'bad' : 'waiting' }
  }
}
