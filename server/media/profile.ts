import { isWebRtc, parseSdp } from '../sip/sdp/sdp.ts'

/** What one party speaks: DTLS-SRTP with ICE as browsers do, or plain RTP as phones and gateways do. */
export const mediaProfiles = ['webrtc', 'rtp'] as const
export type MediaProfile = (typeof mediaProfiles)[number]

/** The profile that an SDP itself shows: for a party of which nothing else is known. No SDP is taken for a phone's. */
export function profileOf(text: string): MediaProfile {
  const sdp = parseSdp(text)
  return sdp && isWebRtc(sdp) ? 'webrtc' : 'rtp'
}
