import type { Field, Request } from '../sip/message/message.ts'

/** Who somebody is, said by himself. */
const names = new Set(['p-asserted-identity', 'p-preferred-identity', 'remote-party-id'])

/** Only a trusted network may assert an identity, and so far nobody is trusted: these end here (RFC 3325 §5), and From stands alone. */
export const assertedIdentities = (request: Request): Field[] => request.fields.filter(field => names.has(field.name))
