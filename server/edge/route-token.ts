import { createHmac, timingSafeEqual } from 'node:crypto'
import type { MediaProfile } from '../media/profile.ts'
import type { FlowRef } from '../sip/transport/flow.ts'

/**
 * What the Record-Route that faces one party says of it (design decisions 3 and 4). It comes back with every request of the
 * dialog, so that these need no memory of who called whom: the flow identity leads to the party, the media session and its
 * leg tell what to do with an SDP.
 */
export interface RouteToken {
  /** Media session, empty when media is not controlled. */
  readonly session: string
  readonly engine: string
  /** This party's leg in the media session. */
  readonly leg: string
  readonly profile: MediaProfile
  /** The binding that reaches the party, over whatever flow it has then; or the flow itself of one who is not registered. */
  readonly to: { readonly binding: string } | { readonly flow: FlowRef }
}

const macLength = 22
const maxRemembered = 20_000
/** Stands in none of the fields: ids are letters, digits and hyphens, flows are base64url. */
const separator = '.'

/**
 * Signs and reads route tokens. A token belongs to one Call-ID, so that who was in a call once cannot walk past the policy with
 * another one. Read with another Call-ID, changed, or of another secret, it is none: undefined.
 */
export class RouteTokens {
  readonly #secret: Buffer
  /** Verified ones, so that the dialogs of the moment cost no HMAC: oldest out first. */
  readonly #known = new Map<string, { readonly token: RouteToken; readonly callId: string }>()

  constructor(secret: Buffer) {
    this.#secret = secret
  }

  issue(token: RouteToken, callId: string): string {
    const to = 'binding' in token.to ? `b${token.to.binding}` : `f${encodeFlow(token.to.flow)}`
    const fields = [token.session, token.engine, token.leg, token.profile, to].join(separator)
    const text = `${fields}${separator}${this.#sign(fields, callId)}`
    this.#remember(text, token, callId)
    return text
  }

  read(text: string, callId: string): RouteToken | undefined {
    const known = this.#known.get(text)
    if (known?.callId === callId) return known.token
    const cut = text.lastIndexOf(separator)
    const mac = text.slice(cut + 1)
    if (cut < 0 || mac.length !== macLength) return undefined
    const fields = text.slice(0, cut)
    if (!timingSafeEqual(Buffer.from(mac, 'latin1'), Buffer.from(this.#sign(fields, callId), 'latin1')))
      return undefined
    const token = decode(fields)
    if (token) this.#remember(text, token, callId)
    return token
  }

  #sign(fields: string, callId: string): string {
    // No field holds a line end, so nothing can be moved from one to the other.
    return createHmac('sha256', this.#secret).update(`${fields}\n${callId}`).digest('base64url').slice(0, macLength)
  }

  #remember(text: string, token: RouteToken, callId: string): void {
    if (this.#known.size >= maxRemembered) this.#known.delete(this.#known.keys().next().value!)
    this.#known.set(text, { token, callId })
  }
}

function decode(fields: string): RouteToken | undefined {
  const [session, engine, leg, profile, to] = fields.split(separator)
  if (to === undefined || (profile !== 'webrtc' && profile !== 'rtp')) return undefined
  const target = to.startsWith('b') ? { binding: to.slice(1) } : { flow: decodeFlow(to.slice(1)) }
  return { session: session!, engine: engine!, leg: leg!, profile, to: target }
}

const encodeFlow = ({ id, transport, local, remote }: FlowRef): string =>
  Buffer.from(JSON.stringify([id, transport, local.host, local.port, remote.host, remote.port])).toString('base64url')

function decodeFlow(text: string): FlowRef {
  // Only ever called on what we signed.
  const [id, transport, localHost, localPort, remoteHost, remotePort] = JSON.parse(
    Buffer.from(text, 'base64url').toString(),
  ) as [string, FlowRef['transport'], string, number, string, number]
  return { id, transport, local: { host: localHost, port: localPort }, remote: { host: remoteHost, port: remotePort } }
}
