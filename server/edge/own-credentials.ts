import { parseCredentials } from '../sip/digest/credentials.ts'
import type { Field, Request } from '../sip/message/message.ts'
import { ParseError } from '../sip/message/parse-error.ts'
import type { Home } from './home.ts'

const names = new Set(['authorization', 'proxy-authorization'])

/**
 * Credentials in a request that are for us and so end here (R3.1), within dialogs too. A callee who saw them could call as their
 * sender: he fetches a nonce of ours and challenges with it, as 401 or 407, in our name.
 */
export function ownCredentials(request: Request, home: Home): Field[] {
  return request.fields.filter(field => names.has(field.name) && isOurs(request.valueOf(field), home))
}

/** What cannot be read is taken for ours: a challenge can be made such that its answer looks broken to us and to nobody else. */
function isOurs(value: string, home: Home): boolean {
  try {
    const credentials = parseCredentials(value)
    return credentials !== undefined && home.isDomain(credentials.realm)
  } catch (error) {
    if (error instanceof ParseError) return true
    throw error
  }
}
