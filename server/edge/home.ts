import ipaddr from 'ipaddr.js'
import { plainHost, type Uri } from '../sip/message/uri.ts'
import { unescapeUri } from '../sip/message/grammar.ts'

export interface HomeOptions {
  /** Default domain: this machine's own names and addresses count as it. */
  readonly domain: string
  /** Names and addresses of this machine, public ones too. */
  readonly names: readonly string[]
  /** Ports we listen on. A name of ours with another port is somebody else. */
  readonly ports: () => readonly number[]
}

/** Which hosts are ours, and whose accounts live there (R3.7). */
export class Home {
  readonly #names: ReadonlySet<string>
  #domains: ReadonlySet<string>
  readonly #ports: () => readonly number[]
  readonly defaultDomain: string

  constructor({ domain, names, ports }: HomeOptions) {
    this.defaultDomain = domain.toLowerCase()
    this.#domains = new Set([this.defaultDomain])
    this.#names = new Set(names.map(canonicalHost))
    this.#ports = ports
  }

  /** The home domains beside the default one, each with accounts of its own. */
  setDomains(domains: readonly string[]): void {
    this.#domains = new Set([this.defaultDomain, ...domains.map(domain => domain.toLowerCase())])
  }

  isDomain(name: string): boolean {
    return this.#domains.has(name.toLowerCase())
  }

  /** The home domain that this URI belongs to; undefined: it is not ours. */
  domainOf(uri: Uri): string | undefined {
    if (uri.port !== undefined && uri.port !== 5060 && uri.port !== 5061 && !this.#ports().includes(uri.port))
      return undefined
    const host = canonicalHost(uri.host)
    if (this.#domains.has(host)) return host
    return this.#names.has(host) ? this.defaultDomain : undefined
  }

  /**
   * The home domain in whose name this URI speaks, in a From: that of `domainOf`, and for the name of a home domain whatever the
   * port is, which nobody looks at on a display.
   */
  claimOf(uri: Uri): string | undefined {
    const host = canonicalHost(uri.host)
    return this.#domains.has(host) ? host : this.domainOf(uri)
  }

  /** Canonical address-of-record of a home URI with a user part: no port, no parameters, nothing escaped (§10.3 step 5). */
  aorOf(uri: Uri): string | undefined {
    const domain = this.domainOf(uri)
    return domain !== undefined && uri.user ? `sip:${unescapeUri(uri.user)}@${domain}` : undefined
  }
}

/** One spelling for each host: a name may end in a dot, and IPv6 has many ways to write an address, even one of IPv4. */
function canonicalHost(text: string): string {
  const host = plainHost(text)
  if (host.includes(':')) return ipaddr.isValid(host) ? ipaddr.process(host).toString() : host
  return host.endsWith('.') ? host.slice(0, -1) : host
}
