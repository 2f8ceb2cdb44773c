import { isIP, isIPv6 } from 'node:net'

/** Where a socket listens. An IPv6 host without brackets; port 0 is any free one. */
export interface SocketAddress {
  readonly host: string
  readonly port: number
}

/** `host:port`, `[::]:5060`. Undefined for anything else: names other than `localhost` are no address to bind to. */
export function parseSocketAddress(text: string): SocketAddress | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text.trim()) ?? []
  const host = bracketed ?? plain
  const port = Number(digits)
  if (host === undefined || port > 65_535) return undefined
  if (bracketed !== undefined) return isIPv6(bracketed) ? { host, port } : undefined
  return isIP(host) || host === 'localhost' ? { host, port } : undefined
}

export function serializeSocketAddress({ host, port }: SocketAddress): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`
}
