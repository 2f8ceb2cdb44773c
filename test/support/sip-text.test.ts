import { describe, expect, it } from 'vitest'
import { answerChallenge, headerList, readSip, uriOf } from './sip-text.ts'

describe('the SIP of the tests', () => {
  it('reads a response, compact forms and lists included', () => {
    const lines = [
      'SIP/2.0 180 Ringing',
      'v: SIP/2.0/UDP a;branch=z9hG4bK1',
      'Record-Route: <sip:a;lr>, <sip:b;x=1,2;lr>',
    ]
    const message = readSip([...lines, 'l: 2', '', 'hi'].join('\r\n'))
    expect(message).toMatchObject({ status: 180, reason: 'Ringing', body: 'hi' })
    expect(message.headers.via).toEqual(['SIP/2.0/UDP a;branch=z9hG4bK1'])
    expect(headerList(message, 'record-route')).toEqual(['<sip:a;lr>', '<sip:b;x=1,2;lr>'])
  })

  it('finds the URI of a name-addr and of an addr-spec', () => {
    expect(uriOf('"A" <sip:a@b;transport=tcp>;q=1')).toBe('sip:a@b;transport=tcp')
    expect(uriOf('sip:a@b;tag=1')).toBe('sip:a@b')
  })

  it('answers the challenge of RFC 2617 §3.5 without qop as RFC 2069 says', () => {
    const challenge = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5c"'
    const answer = answerChallenge(
      challenge,
      { user: 'Mufasa', password: 'Circle Of Life' },
      { method: 'GET', uri: '/dir/index.html' },
    )
    expect(answer).toContain('response="670fd8c2df070c60b045671b8b24ff02"')
    expect(answer).toContain('opaque="5c"')
  })
})
