import { describe, expect, it } from 'vitest'
import { StreamFraming, type Framed } from '../../../server/sip/transport/stream-framing.ts'
import { defaultTransportLimits } from '../../../server/sip/transport/limits.ts'
import { options } from './support.ts'

const limits = { messageBytes: 2_000, headerBytes: 1_000, headerFields: 50 }
const frame = (...chunks: string[]): Framed[] => {
  const framing = new StreamFraming(limits)
  return chunks.flatMap(chunk => framing.push(chunk))
}
/** What came out, in short: the text of a message, else its kind. */
const brief = (framed: Framed): string =>
  framed.kind === 'message'
    ? framed.message.text
    : framed.kind === 'broken'
      ? `broken ${framed.error.status}`
      : framed.kind

const one = options({ body: 'v=0\r\n\r\n' })
const two = options({ fields: ['Subject: two'] })
const three = options({ body: '\r\n\r\n', fields: ['Subject: \xe2\x98\x8e'] })

describe('framing a stream', () => {
  it('gives the same messages wherever the stream is cut in two (RFC 3261 §18.3)', () => {
    const stream = `\r\n${one}${two}\r\n\r\n${three}`
    for (let cut = 0; cut <= stream.length; cut++)
      expect(frame(stream.slice(0, cut), stream.slice(cut)).map(brief)).toEqual([one, two, 'keep-alive', three])
  })

  it('gives the same messages byte by byte', () => {
    expect(frame(...Array.from(`${one}${two}\r\n\r\n${three}`)).map(brief)).toEqual([one, two, 'keep-alive', three])
  })

  it('gives the same messages cut in three', () => {
    const stream = one + three
    for (let a = 0; a <= stream.length; a += 3)
      for (let b = a; b <= stream.length; b += 7)
        expect(frame(stream.slice(0, a), stream.slice(a, b), stream.slice(b)).map(brief)).toEqual([one, three])
  })

  it('finds the compact and the folded Content-Length', () => {
    for (const field of ['l: 3', 'L:3', 'content-LENGTH \t:  3', 'Content-Length:\r\n 3']) {
      const text = one.replace(/Content-Length: \d+\r\n\r\n[^]*/, `${field}\r\n\r\nabc`)
      expect(frame(text + two).map(brief)).toEqual([text, two])
    }
  })

  it('is mid-message from the first byte to the last', () => {
    const framing = new StreamFraming(limits)
    framing.push('\r\n')
    expect(framing.isMidMessage).toBe(false)
    for (const c of one.slice(0, -1)) {
      framing.push(c)
      expect(framing.isMidMessage).toBe(true)
    }
    framing.push(one.slice(-1))
    expect(framing.isMidMessage).toBe(false)
  })

  it('reads bare line feeds as line ends and passes on CRLF', () => {
    const [framed] = frame(two.replaceAll('\r\n', '\n'))
    expect(brief(framed!)).toBe(two)
  })
})

describe('keep-alive on a stream', () => {
  it('is one for each CRLFCRLF (RFC 5626 §4.4.1)', () => {
    expect(frame('\r\n\r\n\r\n\r\n').map(brief)).toEqual(['keep-alive', 'keep-alive'])
    expect(frame(...Array.from('\r\n\r\n')).map(brief)).toEqual(['keep-alive'])
  })

  it('is not a single CRLF, which is a pong or stands before a message (RFC 3261 §7.5)', () => {
    expect(frame('\r\n').map(brief)).toEqual([])
    expect(frame('\r\n', two, '\r\n', two, '\r\n').map(brief)).toEqual([two, two])
  })

  it('is not what lies inside a message', () => {
    expect(frame(options({ body: '\r\n\r\n\r\n\r\n' })).map(({ kind }) => kind)).toEqual(['message'])
  })
})

describe('what cannot be framed', () => {
  const broken = (text: string): Extract<Framed, { kind: 'broken' }> => {
    const last = frame(text).at(-1)
    if (last?.kind !== 'broken') throw new Error('not broken')
    return last
  }

  it.each([
    ['is missing', two.replace(/Content-Length: 0\r\n/, ''), 400],
    ['is negative', two.replace('Content-Length: 0', 'Content-Length: -999'), 400],
    ['is garbage', two.replace('Content-Length: 0', 'Content-Length: 1x'), 400],
    ['differs from another', two.replace('Content-Length: 0', 'Content-Length: 0\r\nl: 5'), 400],
  ])('is a message whose Content-Length %s: it comes with the error, nothing follows', (_, text, status) => {
    const { error, message } = broken(text + one)
    expect(error.status).toBe(status)
    expect(message?.defect).toBe(error)
    expect(frame(text + one)).toHaveLength(1)
  })

  it('is what speaks another protocol', () => {
    expect(broken('GET / HTTP/1.1\r\nHost: example.com\r\n\r\n').message).toBeUndefined()
    expect(broken('\x16\x03\x01'.repeat(500)).message).toBeUndefined()
  })

  it('passes over what is no SIP message but has a length', () => {
    const status = two.replace('OPTIONS sip:example.com SIP/2.0', 'SIP/2.0 4294967301 better not')
    expect(frame(status + two).map(brief)).toEqual([two])
  })
})

describe('limits of a stream', () => {
  const bodyOf = (total: number): string => {
    const bare = options({ body: 'x'.repeat(1000) }).length - 1000
    return options({ body: 'x'.repeat(total - bare) })
  }

  it('takes a message of exactly messageBytes, and the next one', () => {
    const text = bodyOf(limits.messageBytes)
    expect(text).toHaveLength(limits.messageBytes)
    expect(frame(text + two).map(brief)).toEqual([text, two])
  })

  it('says 513 of one byte more, before its body is there', () => {
    const text = bodyOf(limits.messageBytes + 1)
    const [framed] = frame(text.slice(0, text.indexOf('\r\n\r\n') + 4))
    expect(brief(framed!)).toBe('broken 513')
    expect(framed?.kind === 'broken' && framed.message?.defect?.status).toBe(513)
    expect(framed?.kind === 'broken' && framed.message?.callId).toBe('c1')
  })

  const withHeader = (total: number): string => {
    const bare = options({ fields: ['Subject: '] }).length
    return options({ fields: [`Subject: ${'x'.repeat(total - bare)}`] })
  }

  it('takes a header of exactly headerBytes', () => {
    const text = withHeader(limits.headerBytes)
    expect(frame(text + two).map(brief)).toEqual([text, two])
    expect(frame(...Array.from(text)).map(brief)).toEqual([text])
  })

  it('says 513 of one byte more, with the fields that were complete', () => {
    for (const framed of [
      frame(withHeader(limits.headerBytes + 1)),
      frame(...Array.from(withHeader(limits.headerBytes + 1))),
    ]) {
      expect(framed.map(brief)).toEqual(['broken 513'])
      const message = framed[0]?.kind === 'broken' ? framed[0].message : undefined
      expect(message?.defect?.reason).toBe('Message Too Large')
      expect(message?.header('cseq')).toBe('1 OPTIONS')
    }
  })

  it('keeps no more of an endless line than headerBytes', () => {
    const framing = new StreamFraming(limits)
    const out: Framed[] = []
    for (let i = 0; i < 2_000; i++) out.push(...framing.push('x'))
    expect(out.map(brief)).toEqual(['broken 513'])
  })

  it('takes a 60 KB message in single bytes in no time worth speaking of', () => {
    const framing = new StreamFraming(defaultTransportLimits)
    const text = options({ body: 'x'.repeat(30_000), fields: [`Subject: ${'y'.repeat(30_000)}`] })
    const out: Framed[] = []
    for (const c of text) out.push(...framing.push(c))
    expect(out.map(brief)).toEqual([text])
  })
})
