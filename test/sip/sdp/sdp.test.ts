import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { cleanForPhone } from '../../../server/sip/sdp/clean.ts'
import { codecsOf } from '../../../server/sip/sdp/codecs.ts'
import { addressOf, attributes, directionOf, maxLines, parseSdp, serializeSdp } from '../../../server/sip/sdp/sdp.ts'

const text = (...lines: string[]) => lines.map(line => `${line}\r\n`).join('')
const session = ['v=0', 'o=- 1 1 IN IP4 10.0.0.1', 's=-', 'c=IN IP4 10.0.0.1', 't=0 0']

describe('reading SDP', () => {
  it('finds sections, ports, protocols and formats', () => {
    const sdp = parseSdp(text(...session, 'm=audio 4000 RTP/AVP 0 8', 'a=ptime:20', 'm=VIDEO 0/2 RTP/SAVPF 96'))!
    expect(sdp.media.map(({ kind, port, protocol, formats }) => ({ kind, port, protocol, formats }))).toEqual([
      { kind: 'audio', port: 4000, protocol: 'RTP/AVP', formats: ['0', '8'] },
      { kind: 'video', port: 0, protocol: 'RTP/SAVPF', formats: ['96'] },
    ])
    expect(attributes(sdp.media[0]!, 'ptime')).toEqual(['20'])
  })

  it('takes the direction and the address of the session where a section has none (RFC 8866 §5.7, §6.7)', () => {
    const sdp = parseSdp(
      text(
        ...session,
        'a=sendonly',
        'm=audio 4000 RTP/AVP 0',
        'm=audio 4002 RTP/AVP 0',
        'c=IN IP4 10.0.0.2/127',
        'a=recvonly',
      ),
    )!
    expect(sdp.media.map(section => [directionOf(sdp, section), addressOf(sdp, section)])).toEqual([
      ['sendonly', '10.0.0.1'],
      ['recvonly', '10.0.0.2'],
    ])
    const plain = parseSdp(text('v=0', 'm=audio 4000 RTP/AVP 0'))!
    expect([directionOf(plain, plain.media[0]!), addressOf(plain, plain.media[0]!)]).toEqual(['sendrecv', undefined])
  })

  it('knows static payload types without a=rtpmap, and what a=rtpmap says instead', () => {
    const sdp = parseSdp(
      text(...session, 'm=audio 4000 RTP/AVP 8 111 0 97 x', 'a=rtpmap:111 OPUS/48000/2', 'a=rtpmap:0 GSM/8000'),
    )!
    expect(codecsOf(sdp.media[0]!)).toEqual([
      { payloadType: 8, name: 'pcma', clockRate: 8000 },
      { payloadType: 111, name: 'opus', clockRate: 48000 },
      { payloadType: 0, name: 'gsm', clockRate: 8000 },
    ])
  })

  it.each(['', 'hello', 'm=audio 1 RTP/AVP 0\r\n', 'v=0\r\nm=audio\r\n', 'v=0\r\nm=audio 99999 RTP/AVP 0\r\n'])(
    'finds no SDP in %j',
    broken => {
      expect(parseSdp(broken)).toBeUndefined()
    },
  )

  it('reads as many lines as the limit says, and not one more', () => {
    const lines = (count: number) => 'v=0\r\n' + 'a=x\r\n'.repeat(count - 1)
    expect(parseSdp(lines(maxLines))).toBeDefined()
    expect(parseSdp(lines(maxLines + 1))).toBeUndefined()
  })

  it.each([
    ['bare LF', 'v=0\no=- 1 1 IN IP4 1.2.3.4\nm=audio 1 RTP/AVP 0\na=sendonly\n'],
    ['no line end at the end', 'v=0\r\nm=audio 1 RTP/AVP 0\r\na=sendonly'],
    ['white space at line ends', 'v=0 \r\nm=audio 1 RTP/AVP 0  \r\na=sendonly\t\r\n'],
    ['blank lines', 'v=0\r\n\r\nm=audio 1 RTP/AVP 0\r\na=sendonly\r\n\r\n'],
    ['lines that are none', 'v=0\r\nnonsense\r\nm=audio 1 RTP/AVP 0\r\na=sendonly\r\n'],
  ])('reads %s and writes it back byte for byte', (_, odd) => {
    const sdp = parseSdp(odd)!
    expect(directionOf(sdp, sdp.media[0]!)).toBe('sendonly')
    expect(serializeSdp(sdp)).toBe(odd)
  })

  it('never throws and never loses a byte', () => {
    const piece = fc.constantFrom('v=0', 'm=audio 1 RTP/AVP 0', 'a=', 'c=IN', '\r', '\n', '\r\n', ' ', 'x', '\xff', '=')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), pieces => {
        const body = pieces.join('')
        const sdp = parseSdp(body)
        if (sdp) expect(serializeSdp(sdp)).toBe(body)
        cleanForPhone(body)
      }),
    )
  })
})

describe('cleaning SDP for a phone', () => {
  it('takes out what only browsers say and leaves every other byte', () => {
    expect(
      cleanForPhone(
        text(
          ...session,
          'a=group:BUNDLE 0',
          'a=extmap-allow-mixed',
          'a=msid-semantic: WMS x',
          'm=audio 4000 RTP/AVP 111 126',
          'a=msid:x y',
          'a=rtcp-rsize',
          'a=ssrc:1 cname:z',
          'a=mid:0',
          'a=extmap:1 urn:x',
          'a=rtpmap:111 opus/48000/2 ',
          'a=rtcp-fb:111 transport-cc',
          'a=fmtp:111 minptime=10',
          'a=sendrecv',
        ),
      ),
    ).toBe(
      text(
        ...session,
        'm=audio 4000 RTP/AVP 111 126',
        'a=rtpmap:111 opus/48000/2 ',
        'a=fmtp:111 minptime=10',
        'a=sendrecv',
      ),
    )
  })

  it('gives back what is no SDP', () => {
    expect(cleanForPhone('a=mid:0')).toBe('a=mid:0')
  })
})
