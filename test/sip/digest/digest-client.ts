import type { DigestAlgorithm } from '../../../server/sip/digest/algorithm.ts'
import { type Protection } from '../../../server/sip/digest/credentials.ts'
import { hashHa1 } from '../../../server/sip/digest/ha1.ts'
import { digestResponse } from '../../../server/sip/digest/verify.ts'
import type { Request } from '../../../server/sip/message/message.ts'
import { parseMessage } from '../../../server/sip/message/parse.ts'

export interface ClientAnswer {
  readonly nonce: string
  readonly username?: string
  readonly password?: string
  readonly realm?: string
  readonly algorithm?: DigestAlgorithm
  /** `none`: a client of RFC 2069. */
  readonly protection?: Partial<Protection> | 'none'
}

export const uri = 'sip:example.com'

/** What a client sends back: the value of its Authorization field for a REGISTER. */
export function answer(options: ClientAnswer): string {
  const { nonce, username = 'alice', password = 'secret', realm = 'example.com', algorithm = 'MD5' } = options
  const protection: Protection | undefined =
    options.protection === 'none' ? undefined : { qop: 'auth', nc: '00000001', cnonce: 'xyz', ...options.protection }
  const response = digestResponse({
    credentials: { username, realm, nonce, uri, response: '', algorithm, protection },
    algorithm,
    method: 'REGISTER',
    ha1: hashHa1(username, realm, password, algorithm),
  })
  const tail = protection ? `, qop=${protection.qop}, nc=${protection.nc}, cnonce="${protection.cnonce}"` : ''
  return (
    `Digest username="${username}", realm="${realm}", nonce="${nonce}", uri="${uri}", ` +
    `response="${response}", algorithm=${algorithm}${tail}`
  )
}

export function registerWith(...headerFields: string[]): Request {
  const lines = [
    `REGISTER ${uri} SIP/2.0`,
    'Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKnashds7',
    'From: <sip:alice@example.com>;tag=456248',
    'To: <sip:alice@example.com>',
    'Call-ID: 843817637684230@998sdasdh09',
    'CSeq: 1826 REGISTER',
    ...headerFields,
  ]
  return parseMessage(`${lines.join('\r\n')}\r\n\r\n`) as Request
}
