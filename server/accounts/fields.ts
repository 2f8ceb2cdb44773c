import { isIPv6 } from 'node:net'
import { AccountError } from './account-error.ts'

/**
 * What may be in the fields of an account. Each `read…` gives the value to keep, or throws AccountError `ACCOUNT_INVALID`
 * naming the field.
 */

/**
 * User names stand in URIs, in digest credentials and in number plans: of the characters of RFC 3261 §25.1 those that need
 * no escape and no quotes in any of them. Case counts (§19.1.4).
 */
const usernamePattern = /^[A-Za-z0-9+*_][A-Za-z0-9+*_.~-]{0,63}$/
const domainLabel = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?$/
const emailPattern = /^[^\s@<>,;"\p{Cc}]{1,64}@[^\s@<>,;"\p{Cc}]{1,255}$/u
const controlPattern = /\p{Cc}/u
const md5Pattern = /^[0-9a-f]{32}$/

const maxPasswordLength = 128
const maxDisplayNameLength = 100

const invalid = (field: string, message: string): AccountError =>
  new AccountError('ACCOUNT_INVALID', `${field}: ${message}`, field)

export function readUsername(text: string): string {
  if (usernamePattern.test(text)) return text
  throw invalid('user', '1 to 64 letters, digits and + * _ . ~ -, beginning with a letter, a digit, +, * or _')
}

/** A host name or address, as it stands in a URI. Lower case comes back. */
export function readDomain(text: string): string {
  const domain = text.toLowerCase()
  const isName = domain.length <= 253 && domain.split('.').every(label => domainLabel.test(label))
  if (isName || (/^\[.*\]$/.test(domain) && isIPv6(domain.slice(1, -1)))) return domain
  throw invalid('domain', 'a host name such as phone.example.com is needed')
}

/** `minLength` counts characters. The message never repeats the password. */
export function readPassword(text: string, { minLength, username }: { minLength: number; username: string }): string {
  if (text.length < minLength) throw invalid('password', `at least ${minLength} characters are needed`)
  if (text.length > maxPasswordLength) throw invalid('password', `at most ${maxPasswordLength} characters are possible`)
  if (controlPattern.test(text)) throw invalid('password', 'line ends and other control characters are not possible')
  // The first thing that those who scan the Internet for telephone systems try.
  if (text.toLowerCase() === username.toLowerCase()) throw invalid('password', 'it must not be the user name')
  return text
}

/** MD5 of `user:domain:password` as hex, as other SIP servers keep it. */
export function readHa1(text: string): string {
  const ha1 = text.toLowerCase()
  if (md5Pattern.test(ha1)) return ha1
  throw invalid('ha1', 'the MD5 of user:domain:password is needed, 32 hexadecimal digits')
}

/** Empty stands for none. */
export function readEmail(text: string | undefined): string | undefined {
  if (!text) return undefined
  if (emailPattern.test(text)) return text
  throw invalid('email', 'an address such as alice@example.com is needed')
}

/** Empty stands for none. Any script; a line of text for people. */
export function readDisplayName(text: string | undefined): string | undefined {
  const name = text?.trim()
  if (!name) return undefined
  if (controlPattern.test(name)) throw invalid('name', 'line ends and other control characters are not possible')
  if (name.length > maxDisplayNameLength)
    throw invalid('name', `at most ${maxDisplayNameLength} characters are possible`)
  return name
}
