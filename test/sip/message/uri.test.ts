import { describe, expect, it } from 'vitest'
import { ParseError } from '../../../server/sip/message/parse-error.ts'
import { parseUri, plainHost, serializeUri, uriEquals, uriHost } from '../../../server/sip/message/uri.ts'

describe('a SIP URI (RFC 3261 §19.1)', () => {
  it('comes apart into its parts', () => {
    const uri = parseUri('sips:alice:secret@[2001:db8::1]:5061;transport=tcp;lr?Subject=a%20b&Priority=urgent')
    expect(uri).toMatchObject({ scheme: 'sips', user: 'alice', password: 'secret', host: '[2001:db8::1]', port: 5061 })
    expect(uri.params.entries).toEqual([
      ['transport', 'tcp'],
      ['lr', undefined],
    ])
    expect(uri.headers).toBe('Subject=a%20b&Priority=urgent')
  })

  it.each([
    'sip:example.com',
    'sip:a@example.com',
    'sip:alice:@example.com',
    'sip:alice;day=tuesday@example.com',
    'sip:+1-212-555-1212:1234@gateway.com;user=phone',
    'sip:1212@gateway.com',
    'sip:*86@example.com:5070',
    'sip:[::1]:5060;lr',
    'sip:a@192.0.2.1?to=sip%3Ab%40example.com',
    'sip:a_host.example.com',
    'tel:+1-201-555-0123;phone-context=example.com',
    'mailto:a@example.com',
    'urn:service:sos',
  ])('%s is written as it was read', text => {
    expect(serializeUri(parseUri(text))).toBe(text)
  })

  it.each([
    ['without scheme', 'alice@example.com'],
    ['without host', 'sip:'],
    ['without host behind the user', 'sip:alice@'],
    ['with an empty user', 'sip:@example.com'],
    ['with a port that is none', 'sip:example.com:port'],
    ['with a port too large', 'sip:example.com:65536'],
    ['with an IPv6 address without brackets (RFC 5118 §4.2)', 'sip:2001:db8::10'],
    ['with an open bracket', 'sip:[2001:db8::10'],
    ['with a blank', 'sip:alice@example.com ;lr'],
    ['with angle brackets', '<sip:alice@example.com>'],
    ['with a broken escape', 'sip:al%ice@example.com'],
    ['with an empty parameter', 'sip:example.com;;lr'],
    ['with a line end', 'sip:example.com;x=\r\nEvil: yes'],
    ['of another scheme with a blank', 'tel:1 2'],
  ])('%s is refused', (_, text) => {
    expect(() => parseUri(text)).toThrow(ParseError)
  })

  it('takes all in brackets for the address (RFC 5118 §4.3)', () => {
    expect(parseUri('sip:[2001:db8::10:5070]')).not.toHaveProperty('port')
    expect(parseUri('sip:[2001:db8::10]:5070')).toMatchObject({ host: '[2001:db8::10]', port: 5070 })
  })

  it('has its host in brackets where it is one of IPv6', () => {
    expect([plainHost('[2001:DB8::1]'), plainHost('Example.COM')]).toEqual(['2001:db8::1', 'example.com'])
    expect([uriHost('2001:db8::1'), uriHost('192.0.2.1'), uriHost('[::1]')]).toEqual([
      '[2001:db8::1]',
      '192.0.2.1',
      '[::1]',
    ])
  })
})

describe('URI comparison (RFC 3261 §19.1.4)', () => {
  const equal = (a: string, b: string): boolean => {
    const one = uriEquals(parseUri(a), parseUri(b))
    expect(uriEquals(parseUri(b), parseUri(a))).toBe(one)
    return one
  }

  it.each([
    ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;security=on'],
    ['sip:carol@chicago.com;newparam=5', 'sip:carol@chicago.com;security=on'],
    [
      'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
      'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
    ],
    [
      'sip:alice@atlanta.com?subject=project%20x&priority=urgent',
      'sip:alice@atlanta.com?priority=urgent&subject=project%20x',
    ],
    ['sip:a@[2001:db8::1]', 'sip:a@[2001:0DB8:0:0::0001]'],
    ['sip:a@example.com;lr', 'sip:a@example.com;LR'],
    ['tel:+1555', 'tel:+1555'],
  ])('%s is %s', (a, b) => {
    expect(equal(a, b)).toBe(true)
  })

  it.each([
    ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'],
    ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4'],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off'],
    ['sip:bob@biloxi.com', 'sips:bob@biloxi.com'],
    ['sip:biloxi.com', 'sip:bob@biloxi.com'],
    ['sip:bob:one@biloxi.com', 'sip:bob:two@biloxi.com'],
    ['sip:bob%3Bx@biloxi.com', 'sip:bob;x@biloxi.com'],
    ['sip:a@example.com;user=phone', 'sip:a@example.com'],
    ['tel:+1555', 'tel:+1556'],
  ])('%s is not %s', (a, b) => {
    expect(equal(a, b)).toBe(false)
  })

  it('takes a time that grows with the number of parameters, not with its square', () => {
    const withParams = (name: string): string =>
      `sip:a@example.com${Array.from({ length: 50_000 }, (_, i) => `;${name}${i}`).join('')}`
    // Of the square this would take minutes.
    expect(equal(withParams('a'), withParams('b'))).toBe(true)
  })

  it('of a parameter that stands twice compares the first, as it is read', () => {
    const twice = parseUri('sip:a@b.example;x=1;x=2')
    expect(uriEquals(twice, twice)).toBe(true)
    expect(uriEquals(twice, parseUri('sip:a@b.example;x=1'))).toBe(true)
    expect(uriEquals(parseUri('sip:a@b.example;x=2'), twice)).toBe(false)
  })
})
