export interface MediaAddresses {
  /** What phones and browsers outside see, when it is set. */
  readonly publicAddress?: string
  /** This machine's own addresses but loopback, the main one first. */
  readonly addresses: readonly string[]
  /** True when SIP listens on loopback addresses only: then media does not go further either. */
  readonly loopbackOnly?: boolean
}

const loopback = '127.0.0.1'

/**
 * The `--interface` values of an engine on this machine. They are addresses of one logical interface: ICE offers all of
 * them, so a browser takes the one that it can reach; a phone, which has no ICE, gets the first. A public address that is
 * not ours is a NAT in front of us: media is bound to the main address and the public one is announced in its place.
 */
export function mediaInterfaces({ publicAddress, addresses, loopbackOnly = false }: MediaAddresses): string[] {
  const main = addresses[0]
  if (loopbackOnly || main === undefined) return [loopback]
  if (publicAddress === undefined || publicAddress === main) return [main, loopback]
  if (addresses.includes(publicAddress)) return [publicAddress, loopback]
  return [`${main}!${publicAddress}`, main, loopback]
}
