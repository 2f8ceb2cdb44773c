import type { ServerTransaction, TransactionLayer } from '../../sip/transaction/transaction-layer.ts'
import { type Inbound, reply, type Step } from '../inbound.ts'

/** CANCEL is answered hop by hop and goes on from the INVITE it names (RFC 3261 §9.2, §16.10). */
export function cancel(
  transactions: TransactionLayer,
  inboundOf: (server: ServerTransaction) => Inbound | undefined,
): Step {
  return ({ request }) => {
    if (request.method !== 'CANCEL') return undefined
    const invite = transactions.findCancelled(request)
    if (!invite) return reply(481)
    inboundOf(invite)?.cancel(request.header('reason'))
    return reply(200)
  }
}
