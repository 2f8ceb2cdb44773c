/** What one party speaks: DTLS-SRTP with ICE as browsers do, or plain RTP as phones and gateways do. */
export type MediaProfile = 'webrtc' | 'rtp'
