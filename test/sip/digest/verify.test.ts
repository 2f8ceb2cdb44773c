import { describe, expect, it } from 'vitest'
import { dummyHa1, hashHex } from '../../../server/sip/digest/algorithm.ts'
import { parseCredentials } from '../../../server/sip/digest/credentials.ts'
import { hashHa1, hashPassword } from '../../../server/sip/digest/ha1.ts'
import { type DigestProof, verifyDigest } from '../../../server/sip/digest/verify.ts'

const proof = (value: string, rest: Partial<DigestProof>): DigestProof => ({
  credentials: parseCredentials(value)!,
  algorithm: 'MD5',
  method: 'GET',
  ha1: hashHa1('Mufasa', 'http-auth@example.org', 'Circle of Life', rest.algorithm ?? 'MD5'),
  ...rest,
})

/** RFC 7616 §3.9.1. */
const rfc7616 = (algorithm: string, response: string) =>
  `Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=${algorithm}, ` +
  `nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, ` +
  `cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="${response}", ` +
  `opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`

const md5 = rfc7616('MD5', '8ca523f5e9506fed4657c9700eebdbec')
const sha256 = rfc7616('SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1')

describe('verifyDigest', () => {
  it('accepts the MD5 example of RFC 7616 §3.9.1', () => {
    expect(verifyDigest(proof(md5, {}))).toBe(true)
  })

  it('accepts the SHA-256 example of RFC 7616 §3.9.1', () => {
    expect(verifyDigest(proof(sha256, { algorithm: 'SHA-256' }))).toBe(true)
  })

  it('accepts the response in upper case', () => {
    expect(verifyDigest(proof(rfc7616('MD5', '8CA523F5E9506FED4657C9700EEBDBEC'), {}))).toBe(true)
  })

  it('accepts a response without qop by the formula of RFC 2069 (RFC 3261 §22.4)', () => {
    const response = hashHex(
      'MD5',
      `${hashHa1('bob', 'biloxi.com', 'zanzibar', 'MD5')}:n:${hashHex('MD5', 'INVITE:sip:b')}`,
    )
    const value = `Digest username="bob", realm="biloxi.com", nonce="n", uri="sip:b", response="${response}"`
    const ha1 = hashHa1('bob', 'biloxi.com', 'zanzibar', 'MD5')
    expect(verifyDigest(proof(value, { method: 'INVITE', ha1 }))).toBe(true)
    expect(verifyDigest(proof(value, { method: 'BYE', ha1 }))).toBe(false)
  })

  it('accepts qop=auth-int for the body it was made for, and no other (RFC 7616 §3.4.3)', () => {
    const ha1 = hashHa1('bob', 'biloxi.com', 'zanzibar', 'MD5')
    const ha2 = hashHex('MD5', `INVITE:sip:b:${hashHex('MD5', 'v=0\r\n')}`)
    const response = hashHex('MD5', `${ha1}:n:00000001:c:auth-int:${ha2}`)
    const value =
      `Digest username="bob", realm="biloxi.com", nonce="n", uri="sip:b", response="${response}", ` +
      'qop=auth-int, nc=00000001, cnonce="c"'
    expect(verifyDigest(proof(value, { method: 'INVITE', ha1, body: 'v=0\r\n' }))).toBe(true)
    expect(verifyDigest(proof(value, { method: 'INVITE', ha1, body: 'v=1\r\n' }))).toBe(false)
    expect(verifyDigest(proof(value, { method: 'INVITE', ha1 }))).toBe(false)
  })

  it.each([
    ['method', proof(md5, { method: 'POST' })],
    ['password', proof(md5, { ha1: hashHa1('Mufasa', 'http-auth@example.org', 'circle of life', 'MD5') })],
    ['uri', proof(md5.replace('index', 'other'), {})],
    ['nonce', proof(md5.replace('7ypf', '8ypf'), {})],
    ['nonce count', proof(md5.replace('nc=00000001', 'nc=00000002'), {})],
    ['cnonce', proof(md5.replace('f2/w', 'f2/x'), {})],
    ['response', proof(md5.replace('8ca5', '8ca6'), {})],
    ['length of the response', proof(md5.replace('8ca5', ''), {})],
  ])('refuses another %s', (_, wrong) => {
    expect(verifyDigest(wrong)).toBe(false)
  })

  it('refuses every response to the hash of a user who does not exist', () => {
    expect(verifyDigest(proof(md5, { ha1: dummyHa1('MD5') }))).toBe(false)
    expect(dummyHa1('MD5')).toHaveLength(hashHex('MD5', '').length)
    expect(dummyHa1('SHA-256')).toHaveLength(hashHex('SHA-256', '').length)
  })
})

describe('hashPassword', () => {
  it('makes what is stored: both algorithms, with and without the domain', () => {
    expect(hashPassword('alice', 'example.com', 'secret')).toEqual({
      ha1: {
        MD5: hashHex('MD5', 'alice:example.com:secret'),
        'SHA-256': hashHex('SHA-256', 'alice:example.com:secret'),
      },
      ha1b: {
        MD5: hashHex('MD5', 'alice@example.com:example.com:secret'),
        'SHA-256': hashHex('SHA-256', 'alice@example.com:example.com:secret'),
      },
    })
  })

  it('hashes UTF-8, as clients do', () => {
    // printf 'jäger:example.com:straße' | md5sum
    expect(hashHa1('jäger', 'example.com', 'straße', 'MD5')).toBe('13cc5fbea14df4d7c8e1d98c7534931b')
  })
})
