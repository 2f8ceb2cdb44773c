import { Edit } from '../message/edit.ts'
import type { Field, Request, Response } from '../message/message.ts'
import { parseNameAddr } from '../message/name-addr.ts'
import { branchCookie } from '../message/via.ts'
import { randomId } from '../../lib/ids.ts'

/** What changes in a request on its way through a proxy. */
export interface Forwarding {
  /** New Request-URI. Its headers (`?…`) are dropped: they must never become header fields (RFC 3261 §19.1.5). */
  readonly uri: string
  /** `SIP/2.0/UDP host:port`: how this side of us is reached. */
  readonly via: string
  readonly branch: string
  /** Route values of our own that this hop consumes, counted from the top. */
  readonly ownRoutes?: number
  /** `uri` was the last Route value, where a strict router had put it (§16.4). */
  readonly fromLastRoute?: boolean
  /** A route set to visit before the Request-URI, above what the request brought: the Path of a binding. */
  readonly routes?: readonly string[]
  /** Record-Route values, top first. */
  readonly recordRoutes?: readonly string[]
  /** Fields that end here: consumed credentials. */
  readonly remove?: readonly Field[]
  readonly body?: string
  /** Further edits of the one who knows the target. */
  readonly edit?: (edit: Edit) => void
}

/** `Max-Forwards` put into a request that has none (§16.6 step 3). */
const defaultMaxForwards = 70

export const newBranch = (): string => branchCookie + randomId()

/** Text of the request for the next hop (§16.6). */
export function forwardRequest(request: Request, to: Forwarding): string {
  const edit = new Edit(request)
  const routes = nextRoutes(request, to)
  const uri = withoutHeaders(to.uri)
  const [first, ...rest] = routes
  if (first !== undefined && !isLoose(first)) {
    // The next hop is a strict router: it wants to find itself in the Request-URI (§16.6 step 6).
    edit.startLine(`${request.method} ${withoutHeaders(addressOf(first))} SIP/2.0`)
    setRoutes(edit, [...rest, `<${uri}>`])
  } else {
    edit.startLine(`${request.method} ${uri} SIP/2.0`)
    if (to.ownRoutes || to.fromLastRoute || to.routes?.length) setRoutes(edit, routes)
  }
  edit.replaceFirst('via', request.topVia).prepend('Via', `${to.via};branch=${to.branch}`)
  if (to.recordRoutes?.length) edit.prepend('Record-Route', to.recordRoutes.join(', '))
  edit.set('Max-Forwards', String((request.maxForwards ?? defaultMaxForwards + 1) - 1))
  for (const field of to.remove ?? []) edit.removeField(field)
  to.edit?.(edit)
  if (to.body !== undefined) edit.body(to.body)
  else if (!request.has('content-length')) edit.append('Content-Length', String(request.body.length))
  return edit.toString()
}

/** A response for the one who sent us the request: without our Via (§16.7 step 3). undefined: no Via is left, it was for us. */
export function forwardResponse(response: Response, body?: string, change?: (edit: Edit) => void): string | undefined {
  if (response.list('via').length < 2) return undefined
  const edit = new Edit(response).removeFirst('via')
  change?.(edit)
  if (body !== undefined) edit.body(body)
  else if (!response.has('content-length')) edit.append('Content-Length', String(response.body.length))
  return edit.toString()
}

/** The Route set as it goes on. */
function nextRoutes(request: Request, to: Forwarding): readonly string[] {
  return [...(to.routes ?? []), ...request.list('route').slice(to.ownRoutes ?? 0, to.fromLastRoute ? -1 : undefined)]
}

function setRoutes(edit: Edit, routes: readonly string[]): void {
  if (routes.length) edit.set('Route', routes.join(', '))
  else edit.remove('Route')
}

const addressOf = (route: string): string => parseNameAddr(route, 'Route').uriText
const isLoose = (route: string): boolean => parseNameAddr(route, 'Route').uri.params.has('lr')

function withoutHeaders(uri: string): string {
  const question = uri.indexOf('?', uri.indexOf('@') + 1)
  return question < 0 ? uri : uri.slice(0, question)
}
