import { parseSdp, serializeSdp, type Line, type Section } from './sdp.ts'

/**
 * Attributes that only browsers understand and that rtpengine 10.5 leaves in an SDP it sends to RTP/AVP. Some phones refuse
 * what they do not know, and a changed `a=ssrc` or `a=msid` in a later SDP makes a browser at the far end drop the stream.
 */
const browserAttributes = new Set([
  'msid',
  'msid-semantic',
  'ssrc',
  'ssrc-group',
  'extmap',
  'extmap-allow-mixed',
  'rtcp-rsize',
  'rtcp-fb',
  'group',
  'mid',
  'bundle-only',
  'rid',
  'simulcast',
  'ice-options',
  'tls-id',
])

/** SDP for a phone: without what only browsers say. The rest is kept byte for byte; what is no SDP comes back as it is. */
export function cleanForPhone(text: string): string {
  const sdp = parseSdp(text)
  if (!sdp) return text
  return serializeSdp({
    session: withoutBrowserAttributes(sdp.session),
    media: sdp.media.map(section => ({ ...section, ...withoutBrowserAttributes(section) })),
  })
}

const withoutBrowserAttributes = (section: Section): Section => ({
  lines: section.lines.filter(line => !isBrowserAttribute(line)),
})

const isBrowserAttribute = (line: Line): boolean =>
  line.type === 'a' && browserAttributes.has(line.value.split(':', 1)[0]!.toLowerCase())
