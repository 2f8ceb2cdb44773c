import type { Registrar } from '../registrar/registrar.ts'
import type { ServerTransaction, TransactionLayer } from '../sip/transaction/transaction-layer.ts'
import type { Flow } from '../sip/transport/flow.ts'
import type { Inbound, Step } from './inbound.ts'
import { authenticate, type AuthenticateParts } from './steps/authenticate.ts'
import { cancel } from './steps/cancel.ts'
import { location, type LocationParts } from './steps/location.ts'
import { presence } from './steps/presence.ts'
import { register } from './steps/register.ts'
import { type NextHops, relay } from './steps/relay.ts'
import { routes } from './steps/routes.ts'
import { sanity } from './steps/sanity.ts'
import { serverOptions } from './steps/server-options.ts'
import { services } from './steps/services.ts'
import { type DialogWays, withinDialog } from './steps/within-dialog.ts'

export interface PolicyParts extends AuthenticateParts, LocationParts, DialogWays {
  readonly transactions: TransactionLayer
  readonly registrar: Registrar
  readonly nextHops: NextHops
  readonly serviceNumbers: ReadonlyMap<string, Flow>
  readonly inboundOf: (server: ServerTransaction) => Inbound | undefined
}

/** Every request passes these in order; the first to decide ends the walk. */
export const policy = (parts: PolicyParts): readonly Step[] => [
  sanity, //                              400 416 420 483 505 513
  cancel(parts.transactions, parts.inboundOf), // hop by hop: 200 or 481
  routes(parts.home, parts.tokens), //    our own Route values off; a preloaded Route to others 403
  withinDialog(parts), //                 has a To tag: follow the route set, no policy; 404 Not here
  serverOptions(parts.home), //           OPTIONS to the server: 200
  authenticate(parts), //                 401 REGISTER, 407 the rest; From or To must be the account; outside → outside 403
  register(parts.home, parts.registrar), // REGISTER ends here
  relay(parts.home, parts.nextHops), //   inside → outside, by DNS
  services(parts.serviceNumbers), //      *43
  presence, //                            none yet: 405
  location(parts), //                     an AOR of ours: its bindings; 484 404 480
]
