import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createResponse } from '../../../server/sip/message/create.ts'
import { Edit } from '../../../server/sip/message/edit.ts'
import { Request, Response } from '../../../server/sip/message/message.ts'
import { parseMessage } from '../../../server/sip/message/parse.ts'
import { parseUri, serializeUri, uriEquals } from '../../../server/sip/message/uri.ts'
import { validateRequest, validateResponse } from '../../../server/sip/message/validate.ts'
import { defaultTransportLimits } from '../../../server/sip/transport/limits.ts'
import { StreamFraming } from '../../../server/sip/transport/stream-framing.ts'

const folder = new URL('../../torture/rfc4475/', import.meta.url)
const torture = readdirSync(folder)
  .filter(file => file.endsWith('.dat'))
  .map(file => readFileSync(new URL(file, folder), 'latin1'))

const latin1 = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map(code => String.fromCharCode(code)),
  maxLength: 60,
})
/** What parsers stumble over. */
const spice = fc.constantFrom(
  '\r\n',
  '\n',
  '\r',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '"',
  '\\',
  '<',
  '>',
  '=',
  '%',
  '%00',
  '\0',
  '\xff',
  '?',
  '@',
  '[',
)
const mutation = fc.record({ at: fc.nat(4_000), remove: fc.nat(20), insert: fc.oneof(spice, latin1) })
/** A message of the RFC with some bytes cut out and others put in. */
const mutant = fc
  .tuple(fc.constantFrom(...torture), fc.array(mutation, { minLength: 1, maxLength: 6 }))
  .map(([text, mutations]) =>
    mutations.reduce((now, { at, remove, insert }) => now.slice(0, at) + insert + now.slice(at + remove), text),
  )

/** Touches all that the layers above touch; throws only what it must not. */
function use(text: string): void {
  const message = parseMessage(text)
  if (message instanceof Request) {
    message.source = { host: '192.0.2.1', port: 5060 }
    if (validateRequest(message)) {
      expect(parseMessage(createResponse(message, 400, { toTag: 'x' }))).toBeInstanceOf(Response)
      return
    }
    void [message.uri, message.via, message.topVia, message.from.uri, message.to.tag, message.cseq, message.maxForwards]
    for (const name of ['route', 'record-route', 'path'] as const)
      message.nameAddrs(name).map(({ uri }) => serializeUri(uri))
    expect(parseMessage(createResponse(message, 200, { recordRoute: true }))?.defect).toBeUndefined()
  } else if (message && !validateResponse(message)) void [message.via, message.seenAt, message.cseq, message.from.tag]
}

describe('whatever comes', () => {
  it('random bytes never make the parser throw', () => {
    fc.assert(fc.property(latin1, use), { numRuns: 2_000 })
  })

  it('mutated messages of RFC 4475 never make the parser throw, and what passes can be used', () => {
    fc.assert(fc.property(mutant, use), { numRuns: 5_000 })
  })

  it('an edit of nothing gives the message again, but for bare line feeds and what follows the body', () => {
    fc.assert(
      fc.property(mutant, text => {
        const message = parseMessage(text)
        if (!message || message.defect) return
        const once = new Edit(message).toString()
        expect(message.text.startsWith(once)).toBe(true)
        const again = parseMessage(once)!
        expect(new Edit(again).toString()).toBe(once)
        expect(again.fields).toEqual(message.fields)
        expect(again.body).toBe(message.body)
      }),
      { numRuns: 3_000 },
    )
  })

  it('what an edit puts in is what is read from it', () => {
    const value = fc.string({
      unit: fc.constantFrom('a', 'B', '1', ';', '=', '<', '>', '\xe9'),
      minLength: 1,
      maxLength: 20,
    })
    fc.assert(
      fc.property(fc.constantFrom(...torture), value, (text, given) => {
        const message = parseMessage(text)
        if (!message || message.defect) return
        const edited = parseMessage(
          new Edit(message).prepend('Via', given).set('Subject', given).append('X-New', given).toString(),
        )!
        expect(edited.headers('via')[0]).toBe(given)
        expect(edited.headers('subject')).toEqual([given])
        expect(edited.headers('x-new').at(-1)).toBe(given)
        expect(edited.body).toBe(message.body)
      }),
      { numRuns: 500 },
    )
  })

  it('a stream cut anywhere gives the same messages', () => {
    const streams = fc.array(fc.oneof(mutant, fc.constant('\r\n\r\n')), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(
        streams,
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 }),
        (texts, sizes) => {
          const stream = texts.join('')
          const whole = new StreamFraming(defaultTransportLimits).push(stream)
          const framing = new StreamFraming(defaultTransportLimits)
          const pieces = []
          for (let at = 0, i = 0; at < stream.length; i++) {
            const size = sizes[i % sizes.length]!
            pieces.push(...framing.push(stream.slice(at, at + size)))
            at += size
          }
          expect(pieces).toEqual(whole)
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('a URI that was read is written alike and equals itself', () => {
    const uri = fc.string({
      unit: fc.constantFrom('a', 'B', '0', '.', ':', ';', '=', '@', '?', '&', '%41', '%3b', '[', ']', '-'),
      maxLength: 30,
    })
    fc.assert(
      fc.property(uri, rest => {
        let parsed
        try {
          parsed = parseUri(`sip:${rest}`)
        } catch {
          return
        }
        const again = parseUri(serializeUri(parsed))
        expect(again).toEqual(parsed)
        expect(uriEquals(parsed, again)).toBe(true)
      }),
      { numRuns: 5_000 },
    )
  })
})
