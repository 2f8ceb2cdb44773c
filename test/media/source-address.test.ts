import { describe, expect, it } from 'vitest'
import { addressKeys } from '../../server/media/source-address.ts'
import { phoneSdp } from './support/engine.ts'

const usesSource = (said: string, source: string | undefined, sdp = phoneSdp(4000, said)) =>
  addressKeys(sdp, source).flags[0] === 'SIP-source-address'

describe('where media of a phone is', () => {
  it.each([
    ['192.168.1.5', '203.0.113.9'],
    ['10.0.0.5', '192.168.1.1'],
    ['100.64.1.1', '203.0.113.9'],
    ['169.254.1.1', '203.0.113.9'],
    ['127.0.0.1', '192.168.1.5'],
  ])('is where its signalling came from when its SDP says %s and that was %s', (said, source) => {
    expect(usesSource(said, source)).toBe(true)
  })

  it.each([
    ['nobody says where it came from', '192.168.1.5', undefined],
    ['both are the same', '192.168.1.5', '192.168.1.5'],
    ['the SDP names a public address', '198.51.100.7', '203.0.113.9'],
    ['it is held in the old way', '0.0.0.0', '203.0.113.9'],
    ['the signalling came over loopback', '192.168.1.5', '127.0.0.1'],
    ['the families differ', '192.168.1.5', '2001:db8::1'],
    ['the source is no address', '192.168.1.5', 'pbx.example.com'],
    ['the SDP has a name for an address', 'pbx.example.com', '203.0.113.9'],
  ])('is where its SDP says when %s', (_, said, source) => {
    expect(usesSource(said, source)).toBe(false)
  })

  it('is where its SDP says when that is none', () => {
    expect(usesSource('', '203.0.113.9', 'hello')).toBe(false)
  })

  it('sees through IPv4 addresses written as IPv6', () => {
    expect(addressKeys(phoneSdp(4000, '192.168.1.5'), '::ffff:203.0.113.9')).toEqual({
      flags: ['SIP-source-address'],
      'received-from': ['IP4', '203.0.113.9'],
    })
    expect(usesSource('192.168.1.5', '::ffff:192.168.1.5')).toBe(false)
  })
})
