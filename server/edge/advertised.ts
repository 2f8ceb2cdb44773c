import ipaddr from 'ipaddr.js'
import { uriHost } from '../sip/message/uri.ts'
import type { Flow } from '../sip/transport/flow.ts'

/** An address of this machine with its network, as `os.networkInterfaces()` gives it. */
export interface LocalNetwork {
  readonly address: string
  readonly cidr: string
}

export interface AdvertisedOptions {
  /** What phones and browsers outside see. Default: the first address that is not loopback. */
  readonly publicAddress?: string
  readonly networks: readonly LocalNetwork[]
}

/** How we call ourselves towards a peer: in Via and Record-Route it must be an address that this peer can reach. */
export class Advertised {
  readonly #outside: string
  readonly #networks: readonly { address: string; range: ReturnType<typeof ipaddr.parseCIDR> }[]

  constructor({ publicAddress, networks }: AdvertisedOptions) {
    this.#networks = networks.map(({ address, cidr }) => ({ address, range: ipaddr.parseCIDR(cidr) }))
    const reachable = networks.find(({ address }) => ipaddr.parse(address).range() !== 'loopback')
    this.#outside = publicAddress ?? reachable?.address ?? networks[0]?.address ?? '127.0.0.1'
  }

  /** Host for URIs (IPv6 in brackets). A listener bound to one address is called by it; of all others the peer's network decides. */
  hostFor({ local, remote }: Pick<Flow, 'local' | 'remote'>): string {
    if (!isWildcard(local.host) && !this.#isOutside(remote.host)) return uriHost(local.host)
    return uriHost(this.#networkOf(remote.host) ?? this.#outside)
  }

  hostPortFor(flow: Pick<Flow, 'local' | 'remote'>): string {
    return `${this.hostFor(flow)}:${flow.local.port}`
  }

  #isOutside(host: string): boolean {
    return this.#networkOf(host) === undefined
  }

  #networkOf(host: string): string | undefined {
    if (!ipaddr.isValid(host)) return undefined
    const peer = ipaddr.process(host)
    return this.#networks.find(({ range }) => range[0].kind() === peer.kind() && peer.match(range))?.address
  }
}

const isWildcard = (host: string): boolean => host === '0.0.0.0' || host === '::'
