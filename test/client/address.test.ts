import { describe, expect, it } from 'vitest'
import { parseAccount, parseTarget, showAddress } from '../../client/softphone/address.ts'

const home = 'phone.example.com'

describe('an account', () => {
  it.each([
    ['1001', '1001', home, 'sip:1001@phone.example.com'],
    [' anna.l ', 'anna.l', home, 'sip:anna.l@phone.example.com'],
    ['1001@other.example', '1001', 'other.example', 'sip:1001@other.example'],
    ['sip:1001@other.example:5070', '1001', 'other.example:5070', 'sip:1001@other.example:5070'],
    ['1001@[2001:db8::1]', '1001', '[2001:db8::1]', 'sip:1001@[2001:db8::1]'],
    ['jürgen', 'jürgen', home, 'sip:j%C3%BCrgen@phone.example.com'],
    ['a#b', 'a#b', home, 'sip:a%23b@phone.example.com'],
  ])('%j is read', (text, user, domain, aor) => {
    expect(parseAccount(text, home)).toEqual({ user, domain, aor })
  })

  it.each(['', '   ', '@', '1001@', '@example.com', 'a b', '1001@exa mple', '1001@<evil>', 'a@b@c@', '%zz'])(
    '%j is refused',
    text => {
      expect(() => parseAccount(text, home)).toThrow(expect.objectContaining({ code: 'SOFTPHONE_ACCOUNT_INVALID' }))
    },
  )
})

describe('what is dialled', () => {
  it.each([
    ['1002', 'sip:1002@phone.example.com'],
    ['*43', 'sip:*43@phone.example.com'],
    ['#31#1002', 'sip:%2331%231002@phone.example.com'],
    ['%2331', 'sip:%2331@phone.example.com'],
    ['+49 (30) 123-45.67', 'sip:+49301234567@phone.example.com'],
    ['030/1234567', 'sip:0301234567@phone.example.com'],
    ['tel:+49-30-1234567', 'sip:+49301234567@phone.example.com'],
    ['tel:1234;phone-context=example.com', 'sip:1234@phone.example.com'],
    ['anna', 'sip:anna@phone.example.com'],
    ['anna-marie', 'sip:anna-marie@phone.example.com'],
    ['anna@other.example', 'sip:anna@other.example'],
    ['SIP:Anna@Other.Example:5070;transport=tcp', 'sip:Anna@Other.Example:5070;transport=tcp'],
    ['sips:anna@other.example', 'sip:anna@other.example'],
    ['sip:anna@other.example?Subject=x', 'sip:anna@other.example'],
    ['名前', 'sip:%E5%90%8D%E5%89%8D@phone.example.com'],
    ['a&b=c', 'sip:a&b=c@phone.example.com'],
    ['"x"<y>', 'sip:%22x%22%3Cy%3E@phone.example.com'],
  ])('%j becomes %s', (text, uri) => {
    expect(parseTarget(text, home)).toBe(uri)
  })

  it.each([
    '',
    ' ',
    'sip:',
    'tel:',
    '@',
    'anna@',
    '@other.example',
    'Anna L',
    'anna@-x',
    'a\r\nb',
    'a@b;x=<y>',
    '\ud800',
  ])('%j cannot be dialled', text => {
    expect(() => parseTarget(text, home)).toThrow(expect.objectContaining({ code: 'SOFTPHONE_INVALID_TARGET' }))
  })

  it('has a limit of 256 characters', () => {
    expect(parseTarget('1'.repeat(256), home)).toContain('1'.repeat(256))
    expect(() => parseTarget('1'.repeat(257), home)).toThrow()
  })
})

describe('an address that is shown', () => {
  it('leaves out the home domain only', () => {
    expect(showAddress('1002', 'Phone.Example.Com', home)).toBe('1002')
    expect(showAddress('1002', 'other.example', home)).toBe('1002@other.example')
    expect(showAddress('', 'other.example', home)).toBe('other.example')
    expect(showAddress('1002', '192.0.2.7', home)).toBe('1002')
    expect(showAddress('1002', '[2001:db8::1]', home)).toBe('1002')
  })
})
