import ipaddr from 'ipaddr.js'
import { uriHost } from '../sip/message/uri.ts'
import type { Flow, Transport } from '../sip/transport/flow.ts'

/** An address of this machine with its network, as `os.networkInterfaces()` gives it. */
export interface LocalNetwork {
  readonly address: string
  readonly cidr: string
}

export interface AdvertisedOptions {
  /** What phones and browsers outside see. Default: the first address that is not loopback. */
  readonly publicAddress?: string
  readonly networks: readonly LocalNetwork[]
  /** Ports on which we listen for this transport. */
  readonly ports: (transport: Transport) => readonly number[]
}

type Way = Pick<Flow, 'local' | 'remote' | 'transport'>

/** How we call ourselves towards a peer: in Via and Record-Route it must be an address that this peer can reach. */
export class Advertised {
  readonly #outside: string
  readonly #ports: AdvertisedOptions['ports']
  readonly #networks: readonly { address: string; range: ReturnType<typeof ipaddr.parseCIDR> }[]

  constructor({ publicAddress, networks, ports }: AdvertisedOptions) {
    this.#ports = ports
    this.#networks = networks.map(({ address, cidr }) => ({ address, range: ipaddr.parseCIDR(cidr) }))
    const reachable = networks.find(({ address }) => ipaddr.parse(address).range() !== 'loopback')
    this.#outside = publicAddress ?? reachable?.address ?? networks[0]?.address ?? '127.0.0.1'
  }

  /** Host for URIs (IPv6 in brackets). A listener bound to one address is called by it; of all others the peer's network decides. */
  hostFor({ local, remote }: Way): string {
    if (!isUnspecified(local.host) && !this.#isOutside(remote.host)) return uriHost(local.host)
    return uriHost(this.#networkOf(remote.host) ?? this.#outside)
  }

  /** The port is one that we listen on: that of a connection we opened ourselves leads nowhere (RFC 3261 §18.1.1). */
  hostPortFor(flow: Way): string {
    const ports = this.#ports(flow.transport)
    const { port } = flow.local
    return `${this.hostFor(flow)}:${ports.includes(port) ? port : (ports[0] ?? port)}`
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

const isUnspecified = (host: string): boolean => host === '' || host === '0.0.0.0' || host === '::'
