import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createResponse } from '../../server/sip/message/create.ts'
import { Edit } from '../../server/sip/message/edit.ts'
import { Request, type Response } from '../../server/sip/message/message.ts'
import { parseMessage } from '../../server/sip/message/parse.ts'
import { validateRequest, validateResponse } from '../../server/sip/message/validate.ts'
import { defaultTransportLimits } from '../../server/sip/transport/limits.ts'
import { StreamFraming, type Framed } from '../../server/sip/transport/stream-framing.ts'
import { expected, overStream, type Verdict } from './expected.ts'

const folder = new URL('rfc4475/', import.meta.url)
const files = readdirSync(folder).filter(file => file.endsWith('.dat'))
const read = (file: string): string => readFileSync(new URL(file, folder), 'latin1')

function verdictOn(message: Request | Response | undefined): Verdict {
  if (!message) return 'drop'
  if (!(message instanceof Request)) return validateResponse(message) ? 'drop' : 'ok'
  const error = validateRequest(message)
  return error ? { status: error.status } : 'ok'
}

function byteByByte(text: string): Framed[] {
  const framing = new StreamFraming(defaultTransportLimits)
  return Array.from(text).flatMap(byte => framing.push(byte))
}

it('RFC 4475: every message of the archive has an expectation', () => {
  expect(files.toSorted()).toEqual(Object.keys(expected).toSorted())
})

describe.each(files)('RFC 4475 %s', file => {
  const text = read(file)
  const message = parseMessage(text)

  it('gets its verdict as a datagram', () => {
    expect(verdictOn(message)).toEqual(expected[file]!.verdict)
  })

  it('gets the same over a stream, byte by byte', () => {
    const framed = byteByByte(text)
    const kinds = framed.map(({ kind }) => kind)
    const special = overStream[file]
    if (special) {
      expect(kinds).toEqual(special === 'waits' ? [] : special)
      return
    }
    expect(kinds).toEqual(['message'])
    const [first] = framed
    if (first?.kind !== 'message') throw new Error('no message')
    expect(first.message.text).toBe(message!.text)
    expect(verdictOn(first.message)).toEqual(expected[file]!.verdict)
  })

  it('goes on byte for byte when nobody edits it', () => {
    if (!message || verdictOn(message) !== 'ok') return
    // What follows the body as Content-Length counts it is not part of the message (RFC 3261 §18.3).
    expect(text.startsWith(new Edit(message).toString())).toBe(true)
    if (file !== 'dblreq.dat') expect(new Edit(message).toString()).toBe(text)
  })

  it('can be answered, if it is a request', () => {
    if (!(message instanceof Request)) return
    message.source = { host: '192.0.2.1', port: 5060 }
    const answer = parseMessage(createResponse(message, 400, { toTag: 'x' }))
    expect(answer?.defect).toBeUndefined()
    expect(answer?.header('call-id')).toBe(message.callId)
  })
})

const request = (file: string): Request => parseMessage(read(file)) as Request

describe('RFC 4475 in detail', () => {
  it('3.1.1.1: a folded, oddly spelled INVITE is understood', () => {
    const message = request('wsinv.dat')
    expect(message.via).toMatchObject({ transport: 'UDP', host: '192.0.2.2' })
    expect(message.list('via')).toHaveLength(3)
    expect(message.from.displayName).toBe('J Rosenberg \\"')
    expect(message.to.tag).toBe('1918181833n')
    expect(message.maxForwards).toBe(68)
    expect(message.cseq).toEqual({ number: 9, method: 'INVITE' })
    expect(message.callId).toBe('wsinv.ndaksdj@192.0.2.1')
    expect(message.has('route')).toBe(true)
  })

  it('3.1.1.3: an escape is not undone twice', () => {
    expect(request('esc01.dat').uri.user).toBe('sips%3Auser%40example.com')
  })

  it('3.1.1.4: an escaped NUL ends nothing', () => {
    const message = request('escnull.dat')
    expect(message.to.uri.user).toBe('null-%00-null')
    expect(message.nameAddrs('contact').map(({ uri }) => uri.user)).toEqual(['%00', '%00%00'])
  })

  it('3.1.1.5: an escape in a method or field name is none', () => {
    const message = request('esc02.dat')
    expect(message.method).toBe('RE%47IST%45R')
    expect(message.headers('contact')).toHaveLength(2)
    expect(message.has('c%6fntact')).toBe(true)
  })

  it('3.1.1.8: what follows the body is ignored', () => {
    const message = request('dblreq.dat')
    expect(message.method).toBe('REGISTER')
    expect(message.body).toBe('')
  })

  it('3.1.1.9: a semicolon in the user part belongs to it', () => {
    const { uri } = request('semiuri.dat')
    expect([uri.user, uri.host, uri.params.entries]).toEqual(['user;par=u%40example.net', 'example.com', []])
  })

  it('3.1.1.11: a binary body keeps every byte', () => {
    const text = read('mpart01.dat')
    expect(request('mpart01.dat').body).toBe(text.slice(text.indexOf('\r\n\r\n') + 4))
  })

  it('3.3.1: the answer names what is missing', () => {
    expect(validateRequest(request('insuf.dat'))?.reason).toMatch(/^Missing \S+ Header Field$/)
  })

  it('3.3.14: a header escaped in a Contact stays inside the URI', () => {
    const message = request('regescrt.dat')
    expect(message.has('route')).toBe(false)
    expect(message.nameAddrs('contact')[0]!.uri.headers).toMatch(/^Route=/)
  })
})
