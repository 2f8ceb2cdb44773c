import { describe, expect, it } from 'vitest'
import { quote, splitOutside, trimLws, unfold, unquote } from '../../../server/sip/message/grammar.ts'
import { parseNameAddr } from '../../../server/sip/message/name-addr.ts'
import { parseParams } from '../../../server/sip/message/params.ts'
import { ParseError } from '../../../server/sip/message/parse-error.ts'
import { hasCookie, parseVia, rport, sentBy, serializeVia } from '../../../server/sip/message/via.ts'

describe('name-addr (RFC 3261 §20.10)', () => {
  const read = (text: string) => parseNameAddr(text, 'To')

  it.each([
    ['"A. G. Bell" <sip:agb@bell.com>;tag=a48s', 'A. G. Bell', 'sip:agb@bell.com', 'a48s'],
    ['Anonymous <sip:c8oqz84zk7z@privacy.org>;tag=hyh8', 'Anonymous', 'sip:c8oqz84zk7z@privacy.org', 'hyh8'],
    ['two words<sip:a@b.com>', 'two words', 'sip:a@b.com', undefined],
    ['<sip:a@b.com;user=phone?x=y>', undefined, 'sip:a@b.com;user=phone?x=y', undefined],
    ['sip:+12125551212@server.phone2net.com;tag=887s', undefined, 'sip:+12125551212@server.phone2net.com', '887s'],
    ['"quote \\" > ; , end" <sip:a@b.com>', 'quote " > ; , end', 'sip:a@b.com', undefined],
    ['"" <sip:a@b.com> ; TAG = x', '', 'sip:a@b.com', 'x'],
  ])('%s is understood', (text, displayName, uriText, tag) => {
    const nameAddr = read(text)
    expect([nameAddr.displayName, nameAddr.uriText, nameAddr.tag]).toEqual([displayName, uriText, tag])
  })

  it('gives what follows a bare URI to the field, what is in brackets to the URI', () => {
    expect(read('sip:a@b.com;lr').uri.params.has('lr')).toBe(false)
    expect(read('<sip:a@b.com;lr>').uri.params.has('lr')).toBe(true)
  })

  it.each([
    ['an open quote', '"Alice <sip:a@b.com>'],
    ['an open bracket', 'Alice <sip:a@b.com'],
    ['a display name that is no token', 'Alice, B. <sip:a@b.com>'],
    ['a quoted name without brackets', '"Alice" sip:a@b.com'],
    ['something between name and bracket', '"Alice" x <sip:a@b.com>'],
    ['a bare URI with a question mark', 'sip:a@b.com?x=y'],
    ['rubbish behind the bracket', '<sip:a@b.com> x'],
    ['nothing', ''],
  ])('with %s is refused', (_, text) => {
    expect(() => read(text)).toThrow(ParseError)
  })

  it('with a blank in the brackets has no URI', () => {
    expect(() => read('< sip:a@b.com>').uri).toThrow(ParseError)
  })

  it('is written so that it is read the same', () => {
    for (const text of [
      '"a \\"b\\" \\\\c" <sip:a@b.com>;tag=1',
      'Bob <sip:b@c.com>',
      '<sip:a@b.com>;q=0.5;expires=3600',
    ]) {
      const again = read(read(text).toString())
      expect([again.displayName, again.uriText, again.params.toString()]).toEqual([
        read(text).displayName,
        read(text).uriText,
        read(text).params.toString(),
      ])
    }
  })
})

describe('Via (RFC 3261 §20.42)', () => {
  it('is understood with LWS wherever it may be', () => {
    const via = parseVia('SIP / 2.0 / udp   first.example.com : 4000 ; ttl=16 ;maddr = 224.2.0.1 ;branch=z9hG4bKa7c6')
    expect(via).toMatchObject({ transport: 'UDP', host: 'first.example.com', port: 4000 })
    expect(via.params.get('maddr')).toBe('224.2.0.1')
    expect(serializeVia(via)).toBe('SIP/2.0/UDP first.example.com:4000;ttl=16;maddr=224.2.0.1;branch=z9hG4bKa7c6')
  })

  it('may hold IPv6 addresses, in received with and without brackets (RFC 5118 §4.5)', () => {
    expect(parseVia('SIP/2.0/UDP [2001:db8::9:1]:5070;received=[2001:db8::9:255]')).toMatchObject({
      host: '[2001:db8::9:1]',
      port: 5070,
    })
    expect(parseVia('SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255').params.get('received')).toBe(
      '2001:db8::9:255',
    )
  })

  it('compares by host and port, whose default is spelled out (§17.2.3)', () => {
    expect(sentBy(parseVia('SIP/2.0/UDP Example.com'))).toBe('example.com:5060')
    expect(sentBy(parseVia('SIP/2.0/TLS example.com'))).toBe('example.com:5061')
    expect(sentBy(parseVia('SIP/2.0/WSS x.invalid:80'))).toBe('x.invalid:80')
  })

  it('has a branch of RFC 3261 only when something follows the cookie', () => {
    expect(hasCookie(parseVia('SIP/2.0/UDP a;branch=z9hG4bKx'))).toBe(true)
    expect(hasCookie(parseVia('SIP/2.0/UDP a;branch=z9hG4bK'))).toBe(false)
    expect(hasCookie(parseVia('SIP/2.0/UDP a;branch=1'))).toBe(false)
    expect(hasCookie(parseVia('SIP/2.0/UDP a'))).toBe(false)
  })

  it('tells the port of rport when it is filled in (RFC 3581)', () => {
    expect(rport(parseVia('SIP/2.0/UDP a;rport=4000'))).toBe(4000)
    expect(rport(parseVia('SIP/2.0/UDP a;rport'))).toBeUndefined()
    expect(rport(parseVia('SIP/2.0/UDP a;rport=99999'))).toBeUndefined()
  })

  it.each([
    '',
    'SIP/2.0/UDP',
    'SIP/2.0/UDP ;branch=x',
    'SIP/3.0/UDP a',
    'SIP/2.0/UDP a;;',
    'SIP/2.0/UDP a b',
    'HTTP/1.1 a',
  ])('%j is refused', text => {
    expect(() => parseVia(text)).toThrow(ParseError)
  })
})

describe('parameters', () => {
  it('keep their order and spelling, and compare without case', () => {
    const params = parseParams(' ; A=1;b ; c = "x;y\\"z" ;A=2', 'x')
    expect(params.get('a')).toBe('1')
    expect(params.get('b')).toBe('')
    expect(params.get('c')).toBe('"x;y\\"z"')
    expect(params.get('d')).toBeUndefined()
    expect(params.toString()).toBe(';A=1;b;c="x;y\\"z";A=2')
  })

  it('are changed in a copy, in their place', () => {
    const params = parseParams(';a=1;B=2;c', 'x')
    expect(params.with('b', '3').toString()).toBe(';a=1;b=3;c')
    expect(params.with('d').toString()).toBe(';a=1;B=2;c;d')
    expect(params.without('a', 'b').toString()).toBe(';c')
    expect(params.toString()).toBe(';a=1;B=2;c')
  })

  it.each([';', ';;a', 'a', ';=1', ';a="open', ';a=1 b'])('%j is refused', text => {
    expect(() => parseParams(text, 'x')).toThrow(ParseError)
  })
})

describe('grammar', () => {
  it('splits outside quotes and brackets only', () => {
    expect(splitOutside(' a , "b,c" <sip:d,e> , ,f', ',')).toEqual(['a', '"b,c" <sip:d,e>', '', 'f'])
    expect(splitOutside('"a\\",b",c', ',')).toEqual(['"a\\",b"', 'c'])
  })

  it('reads a folded line as one space (§7.3.1)', () => {
    expect(unfold('I know you are there,\r\n  pick up \r\n\tthe phone')).toBe('I know you are there, pick up the phone')
  })

  it('quotes and unquotes', () => {
    for (const text of ['', 'a', 'a"b\\c', '\\', '"']) expect(unquote(quote(text))).toBe(text)
    expect(unquote('token')).toBe('token')
  })

  it('trims LWS and nothing else: A0 is a byte of a letter', () => {
    expect(trimLws(' \t\r\n\xc3\xa0 \r\n')).toBe('\xc3\xa0')
    expect(splitOutside('a, \xc3\xa0', ',')[1]).toBe('\xc3\xa0')
  })
})
