import { describe, expect, it } from 'vitest'
import { createResponse } from '../../../server/sip/message/create.ts'
import { Edit } from '../../../server/sip/message/edit.ts'
import { Request, Response } from '../../../server/sip/message/message.ts'
import { parseMessage } from '../../../server/sip/message/parse.ts'
import { validateRequest, validateResponse } from '../../../server/sip/message/validate.ts'

const lines = (...text: string[]): string => text.join('\r\n')
const basic = [
  'Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK1;rport',
  'From: <sip:a@example.com>;tag=1',
  'To: <sip:b@example.com>',
  'Call-ID: c1',
  'CSeq: 7 INVITE',
]
const request = (...more: string[]): Request =>
  parseMessage(lines('INVITE sip:b@example.com SIP/2.0', ...basic, ...more, '', '')) as Request

describe('parsing', () => {
  it('reads a request line and a status line', () => {
    expect(request()).toMatchObject({ method: 'INVITE', uriText: 'sip:b@example.com', defect: undefined })
    const response = parseMessage(lines('sip/2.0 486 Busy Here', ...basic, '', '')) as Response
    expect(response).toMatchObject({ status: 486, reason: 'Busy Here', isFinal: true, isSuccess: false })
  })

  it('knows each compact form (§7.3.3)', () => {
    const message = parseMessage(
      lines(
        'INVITE sip:b@example.com SIP/2.0',
        'v: SIP/2.0/UDP 192.0.2.1',
        'f: <sip:a@example.com>',
        'T: <sip:b@example.com>',
        'i: c1',
        'CSEQ: 7 INVITE',
        'm: <sip:a@192.0.2.1>',
        'k: path, outbound',
        'c: Application/SDP ; x=y',
        's: hello',
        'x: 90',
        'o: presence',
        'r: <sip:c@example.com>',
        'b: <sip:a@example.com>',
        'u: dialog',
        'e: gzip',
        'l: 3',
        '',
        'abcdef',
      ),
    ) as Request
    expect(validateRequest(message)).toBeUndefined()
    for (const name of [
      'subject',
      'session-expires',
      'event',
      'refer-to',
      'referred-by',
      'allow-events',
      'content-encoding',
    ])
      expect(message.has(name)).toBe(true)
    expect(message.contentType).toBe('application/sdp')
    expect(message.lists('supported', 'outbound')).toBe(true)
    expect(message.lists('supported', 'gruu')).toBe(false)
    expect(message.body).toBe('abc')
  })

  it('joins fields of one name and the values of each in order (§7.3.1)', () => {
    const message = request('Route: <sip:1.com;lr>, <sip:2.com;lr>', 'Subject: x', 'ROUTE: <sip:3.com;lr>')
    expect(message.nameAddrs('route').map(({ uri }) => uri.host)).toEqual(['1.com', '2.com', '3.com'])
    expect(message.headers('route')).toHaveLength(2)
  })

  it('unfolds a value that goes on in the next line (§7.3.1)', () => {
    const message = request('Subject: one', '  two', '\tthree', 'Date: y')
    expect(message.header('subject')).toBe('one two three')
    expect(message.header('date')).toBe('y')
  })

  it('skips line ends before the start line (§7.5)', () => {
    expect(parseMessage(`\r\n\r\n${request().text}`)?.callId).toBe('c1')
  })

  it('reads bare line feeds, and never sends them on (§7.5)', () => {
    const text = `${request('Subject: one', ' two').text}v=0\n`
    const message = parseMessage(text.replaceAll('\r\n', '\n')) as Request
    expect(validateRequest(message)).toBeUndefined()
    expect(new Edit(message).toString()).toBe(text)
  })

  it('refuses a bare CR, which some take for a line end and others not', () => {
    expect(validateRequest(request('Subject: a\rEvil: b'))?.status).toBe(400)
  })

  it('gives no message for what is none', () => {
    for (const text of [
      '',
      '\r\n\r\n',
      'hello',
      'hello\r\n',
      'GET / HTTP/1.1\r\n\r\n',
      'SIP/2.0 99 x\r\n\r\n',
      'SIP/2.0 700 x\r\n\r\n',
    ])
      expect(parseMessage(text)).toBeUndefined()
  })

  it('says 505 of another version and 400 of an odd request line', () => {
    const of = (line: string) => (parseMessage(lines(line, ...basic, '', '')) as Request).defect?.status
    expect(of('INVITE sip:b@example.com SIP/7.0')).toBe(505)
    expect(of('INVITE  sip:b@example.com SIP/2.0')).toBe(400)
    expect(of(' INVITE sip:b@example.com SIP/2.0 ')).toBe(400)
  })

  it('bears as many header fields as the limit says and not one more', () => {
    const limits = { headerFields: basic.length + 1, messageBytes: 10_000 }
    expect(parseMessage(request('A: b').text, limits)?.defect).toBeUndefined()
    expect(parseMessage(request('A: b', 'C: d').text, limits)?.defect?.status).toBe(400)
  })

  it('says 513 of one byte over the limit, whatever else is wrong', () => {
    const { text } = request()
    expect(parseMessage(text, { headerFields: 99, messageBytes: text.length })?.defect).toBeUndefined()
    expect(parseMessage(text, { headerFields: 99, messageBytes: text.length - 1 })?.defect?.status).toBe(513)
    const odd = text.replace('INVITE ', 'INVITE  ')
    expect(parseMessage(odd, { headerFields: 1, messageBytes: 10 })?.defect?.status).toBe(513)
  })

  it('needs all the bytes that Content-Length counts, and ignores more (§18.3)', () => {
    const of = (length: string, body: string) =>
      parseMessage(lines('INVITE sip:b@example.com SIP/2.0', ...basic, `Content-Length: ${length}`, '', body))!
    expect(of('3', 'abc')).toMatchObject({ body: 'abc', defect: undefined })
    expect(of('2', 'abc').body).toBe('ab')
    expect(of('4', 'abc').defect?.status).toBe(400)
    expect(of('-1', 'abc').defect?.status).toBe(400)
    expect(of('3\r\nContent-Length: 2', 'abc').defect?.status).toBe(400)
    expect(of('3\r\nl: 3', 'abc').defect).toBeUndefined()
  })
})

describe('validation', () => {
  const without = (name: string) =>
    parseMessage(
      lines('INVITE sip:b@example.com SIP/2.0', ...basic.filter(line => !line.startsWith(name)), '', ''),
    ) as Request

  it.each(['Via', 'From', 'To', 'Call-ID', 'CSeq'])('names the missing %s (§8.1.1)', name => {
    expect(validateRequest(without(name))?.reason).toBe(`Missing ${name.toLowerCase()} Header Field`)
  })

  it.each([
    'From: <sip:x@y.com>',
    'To: <sip:x@y.com>',
    'Call-ID: c2',
    'CSeq: 8 INVITE',
    'Max-Forwards: 1\r\nMax-Forwards: 2',
  ])('refuses a second %s', line => {
    expect(validateRequest(request(line))?.status).toBe(400)
  })

  it.each([
    ['Max-Forwards: 256'],
    ['Max-Forwards: x'],
    ['Contact: <sip:a@b'],
    ['Route: <sip:a@b.com>, "'],
    ['Record-Route: ,'],
    ['Path: a b'],
    ['Via: nonsense'],
  ])('refuses %s', line => {
    expect(validateRequest(request(line))?.status).toBe(400)
  })

  it('takes the sequence number below 2**31 (§8.1.1.5)', () => {
    const cseq = (number: string) => parseMessage(request().text.replace('CSeq: 7', `CSeq: ${number}`)) as Request
    expect(validateRequest(cseq('2147483647'))).toBeUndefined()
    expect(validateRequest(cseq('2147483648'))?.reason).toBe('Malformed CSeq')
    expect(cseq('0009').cseq.number).toBe(9)
  })

  it('takes Contact: *', () => {
    expect(validateRequest(request('Contact: *'))).toBeUndefined()
  })

  it('asks of a response no more than what routes it', () => {
    const response = parseMessage(lines('SIP/2.0 200 OK', ...basic, '', '')) as Response
    expect(validateResponse(response)).toBeUndefined()
    expect(validateResponse(parseMessage(lines('SIP/2.0 200 OK', '', '')) as Response)?.status).toBe(400)
  })
})

describe('a response (RFC 3261 §8.2.6)', () => {
  it('copies what it must, in order, and gives To a tag', () => {
    const message = request(
      'Via: SIP/2.0/TCP 192.0.2.9;branch=z9hG4bK0',
      'Record-Route: <sip:p.com;lr>',
      'Timestamp: 54',
    )
    expect(createResponse(message, 404, { toTag: 't', headers: [['Server', 'x']] })).toBe(
      lines(
        'SIP/2.0 404 Not Found',
        'Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK1;rport',
        'Via: SIP/2.0/TCP 192.0.2.9;branch=z9hG4bK0',
        'From: <sip:a@example.com>;tag=1',
        'To: <sip:b@example.com>;tag=t',
        'Call-ID: c1',
        'CSeq: 7 INVITE',
        'Server: x',
        'Content-Length: 0',
        '',
        '',
      ),
    )
  })

  it('copies Timestamp into 100 and gives it no tag', () => {
    const text = createResponse(request('Timestamp: 54'), 100, { toTag: 't' })
    expect(text).toContain('\r\nTimestamp: 54\r\n')
    expect(text).toContain('To: <sip:b@example.com>\r\n')
  })

  it('is not much longer than the request, however many Vias that lists in one field', () => {
    for (const vias of [',', 'SIP/2.0/UDP h,'].map(value => value.repeat(3000 / value.length))) {
      const text = lines('OPTIONS sip:a@b.c SIP/2.0', ...basic, `Via: ${vias}`, '', '')
      expect(createResponse(parseMessage(text) as Request, 400, { toTag: 't' }).length).toBeLessThan(text.length + 100)
    }
  })

  it('copies several Vias of one field in their order, the first one filled in', () => {
    const text = lines('OPTIONS sip:a@b.c SIP/2.0', ...basic, '', '').replace(';rport', ';rport, SIP/2.0/TCP 192.0.2.9')
    const message = parseMessage(text) as Request
    message.source = { host: '192.0.2.1', port: 6000 }
    expect((parseMessage(createResponse(message, 200)) as Response).list('via')).toEqual([
      'SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK1;rport=6000;received=192.0.2.1',
      'SIP/2.0/TCP 192.0.2.9',
    ])
  })

  it('copies Record-Route where a dialog begins, and has a body', () => {
    const message = request('Record-Route: <sip:p2.com;lr>', 'Record-Route: <sip:p1.com;lr>')
    const text = createResponse(message, 200, {
      recordRoute: true,
      body: { type: 'text/plain', text: 'hi' },
      reason: 'Fine',
    })
    const response = parseMessage(text) as Response
    expect(response.reason).toBe('Fine')
    expect(response.headers('record-route')).toEqual(['<sip:p2.com;lr>', '<sip:p1.com;lr>'])
    expect([response.contentType, response.body]).toEqual(['text/plain', 'hi'])
  })

  it('fills in received and rport (RFC 3581 §4)', () => {
    const message = request()
    message.source = { host: '192.0.2.1', port: 6000 }
    expect(createResponse(message, 200)).toContain(
      'Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK1;rport=6000;received=192.0.2.1\r\n',
    )
  })

  it('fills in received only where the source is another than the Via says (RFC 3261 §18.2.1)', () => {
    const via = (sentBy: string, host: string): string => {
      const message = parseMessage(
        request().text.replace('192.0.2.1:5070;branch=z9hG4bK1;rport', `${sentBy};branch=z9hG4bK1`),
      )
      ;(message as Request).source = { host, port: 6000 }
      return (message as Request).topVia
    }
    expect(via('192.0.2.1', '192.0.2.1')).toBe('SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1')
    expect(via('192.0.2.1', '192.0.2.2')).toBe('SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;received=192.0.2.2')
    expect(via('[2001:db8::1]', '2001:db8::1')).toBe('SIP/2.0/UDP [2001:db8::1];branch=z9hG4bK1')
    expect(via('a.example.com', '192.0.2.2')).toContain(';received=192.0.2.2')
  })

  it('is made even of fields that nobody can read', () => {
    const message = parseMessage(
      lines('INVITE sip:b@example.com SIP/2.0', 'Via: ;;,;', 'To: "open <sip:x>', 'CSeq: ?', '', ''),
    ) as Request
    message.source = { host: '192.0.2.1', port: 6000 }
    expect(createResponse(message, 400, { toTag: 't' })).toContain('To: "open <sip:x>\r\n')
  })
})

describe('an edit', () => {
  const message = request(
    'Route: <sip:1.com;lr> , <sip:2.com;lr>',
    'r:  odd   spacing ',
    'Route: <sip:3.com;lr>',
    'X-Unknown:kept',
    'l: 0',
  )
  const header = (edit: Edit): string[] =>
    edit
      .toString()
      .split('\r\n')
      .slice(basic.length + 1, -2)

  it('of nothing is the message, byte for byte', () => {
    expect(new Edit(message).toString()).toBe(message.text)
  })

  it('changes the start line', () => {
    const text = new Edit(message).startLine('INVITE sip:c@example.com SIP/2.0').toString()
    expect(text).toBe(message.text.replace('sip:b@example.com SIP', 'sip:c@example.com SIP'))
  })

  it('puts fields before the first and after the last of their name', () => {
    const edit = new Edit(message)
      .prepend('Route', '<sip:0.com>')
      .append('Route', '<sip:4.com>')
      .prepend('Via', 'SIP/2.0/TCP me')
    expect(edit.toString()).toContain('SIP/2.0\r\nVia: SIP/2.0/TCP me\r\nVia: SIP/2.0/UDP')
    expect(header(edit)).toEqual([
      basic[4],
      'Route: <sip:0.com>',
      'Route: <sip:1.com;lr> , <sip:2.com;lr>',
      'r:  odd   spacing ',
      'Route: <sip:3.com;lr>',
      'Route: <sip:4.com>',
      'X-Unknown:kept',
      'l: 0',
    ])
  })

  it('puts new fields before or after all others, in the order of the calls', () => {
    const text = new Edit(message).append('A', '1').append('B', '2').prepend('C', '3').prepend('D', '4').toString()
    expect(text).toContain('SIP/2.0\r\nC: 3\r\nD: 4\r\nVia:')
    expect(text.endsWith('l: 0\r\nA: 1\r\nB: 2\r\n\r\n')).toBe(true)
  })

  it('sets, removes and replaces', () => {
    expect(header(new Edit(message).set('Route', '<sip:9.com>').remove('Refer-To'))).toEqual([
      'Route: <sip:9.com>',
      'X-Unknown:kept',
      'l: 0',
    ])
    expect(new Edit(message).set('Max-Forwards', '69').toString()).toContain('l: 0\r\nMax-Forwards: 69\r\n\r\n')
    expect(new Edit(message).replaceFirst('Route', '<sip:9.com>').toString()).toContain(
      'Route: <sip:9.com>, <sip:2.com;lr>\r\n',
    )
    expect(new Edit(message).removeField(message.field('x-unknown')!).toString()).not.toContain('X-Unknown')
  })

  it('removes the first values over as many fields as that takes', () => {
    const routes = (count: number) =>
      (parseMessage(new Edit(message).removeFirst('Route', count).toString()) as Request).list('route')
    expect(routes(1)).toEqual(['<sip:2.com;lr>', '<sip:3.com;lr>'])
    expect(routes(2)).toEqual(['<sip:3.com;lr>'])
    expect(routes(3)).toEqual([])
    expect(routes(9)).toEqual([])
    expect(routes(0)).toHaveLength(3)
  })

  it('of the body counts its bytes', () => {
    const text = new Edit(message).body('caf\xc3\xa9', 'text/plain').toString()
    expect(text.endsWith('Content-Length: 5\r\nContent-Type: text/plain\r\n\r\ncaf\xc3\xa9')).toBe(true)
    expect(parseMessage(text)).toMatchObject({ body: 'caf\xc3\xa9', defect: undefined })
  })
})

describe('hostile text is read in linear time', () => {
  const blanks = ' '.repeat(30_000)
  const texts = {
    'a request line of blanks': `INVITE ${blanks}x${blanks}y SIP/2.0\r\n\r\n`,
    'a status line of digits': `SIP/2.0 ${'1'.repeat(60_000)}\r\n\r\n`,
    'a Via of blanks': request(`Via: SIP/2.0/UDP ${blanks}a${blanks}b`).text,
    'a Via of blanks and colons': request(`Via: SIP/2.0/UDP a${` :${' '.repeat(100)}`.repeat(500)}`).text,
    'a folded field of blanks': request(`Subject: a\r\n b${blanks}x${blanks}y`).text,
    'a folded Via of blanks': request(`Via: SIP/2.0/UDP a\r\n ;b${blanks}x${blanks}y`).text,
    'lines without a colon': `OPTIONS sip:a SIP/2.0\r\n${'a\r\n'.repeat(20_000)}\r\n`,
    'bare line feeds': 'OPTIONS sip:a SIP/2.0\n'.padEnd(60_000, 'a:b\n'),
    'bare CRs': 'OPTIONS sip:a SIP/2.0\r\n'.padEnd(60_000, '\r'),
    'open quotes': request(`Contact: ${'"<'.repeat(20_000)}`).text,
    'a URI of escapes': request(`Contact: <sip:${'%41'.repeat(20_000)}!>`).text,
    'a name of blanks': request(`Contact: ${`a${' '.repeat(50)}`.repeat(1_000)}<`).text,
  }

  // Quadratic work on 60 KB takes many seconds, which the time-out of the test does not give.
  it.each(Object.entries(texts))('%s', (_, text) => {
    for (let i = 0; i < 20; i++) {
      const message = parseMessage(text)
      if (message instanceof Request) {
        validateRequest(message)
        message.headers('subject')
        createResponse(message, 400)
      }
    }
  })
})
