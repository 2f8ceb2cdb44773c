import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maxUsernameBytes, parseCredentials } from '../../../server/sip/digest/credentials.ts'
import { ParseError } from '../../../server/sip/message/parse-error.ts'

const minimal = 'Digest username="bob", realm="biloxi.com", nonce="n1", uri="sip:biloxi.com", response="r1"'

describe('parseCredentials', () => {
  it('reads the example of RFC 3261 §20.7, which has no qop', () => {
    const text =
      'Digest username="Alice", realm="atlanta.com",\r\n nonce="84a4cc6f3082121f32b42a2187831a9e",\r\n response="7587245234b3434cc3412213e5f113a5432"'
    expect(() => parseCredentials(text)).toThrow(ParseError) // it has no uri either, which §22.4 asks for
    expect(parseCredentials(`${text.replaceAll('\r\n', '')}, uri="sip:atlanta.com"`)).toEqual({
      username: 'Alice',
      realm: 'atlanta.com',
      nonce: '84a4cc6f3082121f32b42a2187831a9e',
      uri: 'sip:atlanta.com',
      response: '7587245234b3434cc3412213e5f113a5432',
      algorithm: 'MD5',
      protection: undefined,
    })
  })

  it('reads qop, nc and cnonce together', () => {
    const { protection } = parseCredentials(`${minimal}, qop=auth, nc=0000000a, cnonce="c,1"`)!
    expect(protection).toEqual({ qop: 'auth', nc: '0000000a', cnonce: 'c,1' })
  })

  it.each([
    ['qop in quotes', `${minimal}, qop="auth", nc=00000001, cnonce="c"`],
    ['qop in odd case', `${minimal}, QOP=Auth, NC=00000001, CNonce="c"`],
    ['nc in quotes and cnonce without', `${minimal}, qop=auth, nc="00000001", cnonce=c`],
    ['spaces around = and ,', minimal.replaceAll('=', ' = ') + ' ,\tqop = auth ,nc=00000001,  cnonce = "c" '],
    ['empty list elements', `${minimal},, qop=auth, ,nc=00000001, cnonce="c",`],
    ['the scheme in odd case', `${minimal.replace('Digest', 'dIGEST  ')}, qop=auth, nc=00000001, cnonce="c"`],
    ['parameters that nobody knows', `${minimal}, opaque="", x-y=z, qop=auth, nc=00000001, cnonce="c"`],
  ])('takes %s', (_, text) => {
    expect(parseCredentials(text)).toMatchObject({
      username: 'bob',
      realm: 'biloxi.com',
      uri: 'sip:biloxi.com',
      protection: { nc: '00000001', cnonce: 'c', qop: 'auth' },
    })
  })

  it.each([
    ['algorithm=SHA-256', 'SHA-256'],
    ['algorithm="sha-256"', 'SHA-256'],
    ['algorithm=md5', 'MD5'],
    ['algorithm=AKAv1-MD5', 'AKAV1-MD5'],
  ])('reads %s, quoted or not, as %s', (param, algorithm) => {
    expect(parseCredentials(`${minimal}, ${param}`)!.algorithm).toBe(algorithm)
  })

  it('takes an empty qop for none', () => {
    expect(parseCredentials(`${minimal}, qop=""`)!.protection).toBeUndefined()
  })

  it('unescapes names but leaves what is hashed as it stands', () => {
    const text = minimal.replace('"bob"', String.raw`"b\"o\\b"`).replace('"n1"', String.raw`"n\"1"`)
    expect(parseCredentials(text)).toMatchObject({ username: 'b"o\\b', nonce: String.raw`n\"1` })
  })

  it.each(['Basic dXNlcjpwYXNz', 'Bearer eyJhbGciOi', 'Digest', 'DigestX username="bob"', ''])(
    'leaves another scheme to others: %j',
    text => expect(parseCredentials(text)).toBeUndefined(),
  )

  it.each([
    ['no user name', minimal.replace('username', 'user')],
    ['no realm', minimal.replace('realm', 'real')],
    ['no nonce', minimal.replace('nonce', 'once')],
    ['no uri', minimal.replace('uri', 'url')],
    ['no response', minimal.replace('response', 'answer')],
    ['a parameter twice', `${minimal}, NONCE="n2"`],
    ['an unfinished quote', `${minimal}, cnonce="abc`],
    ['an escape at the end', `${minimal}, cnonce="abc\\`],
    ['a parameter without =', `${minimal}, qop`],
    ['text after a quoted value', `${minimal}, cnonce="a"b`],
    ['no comma between parameters', minimal.replace('", realm', '" realm')],
    ['an unknown qop', `${minimal}, qop=auth-conf, nc=00000001, cnonce="c"`],
    ['qop without nc', `${minimal}, qop=auth, cnonce="c"`],
    ['qop without cnonce', `${minimal}, qop=auth, nc=00000001`],
    ['an nc that is no hex number', `${minimal}, qop=auth, nc=0000000g, cnonce="c"`],
    ['an nc of nine digits', `${minimal}, qop=auth, nc=000000001, cnonce="c"`],
    ['an empty nc', `${minimal}, qop=auth, nc=, cnonce="c"`],
  ])('refuses %s with 400', (_, text) => {
    expect(() => parseCredentials(text)).toThrow(expect.objectContaining({ code: 'SIP_PARSE', status: 400 }) as Error)
  })

  it('takes a user name of the greatest length and refuses one byte more', () => {
    const withName = (length: number) => minimal.replace('bob', 'b'.repeat(length))
    expect(parseCredentials(withName(maxUsernameBytes))!.username).toHaveLength(maxUsernameBytes)
    expect(() => parseCredentials(withName(maxUsernameBytes + 1))).toThrow(ParseError)
  })

  it('takes a time that grows with the length of what comes, not with its square', () => {
    // Of the square this would take minutes.
    for (const tail of ['"', 'a b', '='])
      expect(() => parseCredentials(`Digest a=${' '.repeat(500_000)}${tail}`)).toThrow(ParseError)
  })

  it('never throws anything but ParseError, whatever comes', () => {
    const piece = fc.constantFrom('username', 'nonce', 'qop', '=', '"', '\\', ',', ' ', 'auth', 'x', '\t', '\r', 'é')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), pieces => {
        try {
          parseCredentials(`Digest ${pieces.join('')}`)
        } catch (error) {
          expect(error).toBeInstanceOf(ParseError)
        }
      }),
    )
  })
})
