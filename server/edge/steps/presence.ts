import { allowedMethods } from '../../sip/message/methods.ts'
import { reply, type Step } from '../inbound.ts'

/** There is no presence server here (R4.5): phones that ask for one learn it at once instead of waiting for an answer. */
export const presence: Step = ({ request }) =>
  request.method === 'PUBLISH' || request.method === 'SUBSCRIBE'
    ? reply(405, undefined, [['Allow', allowedMethods.join(', ')]])
    : undefined
