import ipaddr from 'ipaddr.js'
import { addressOf, parseSdp } from '../sip/sdp/sdp.ts'

/** Address ranges that mean something only where the phone stands. `unspecified` is not among them: that is an old hold. */
const localRanges = new Set(['private', 'linkLocal', 'uniqueLocal', 'carrierGradeNat', 'loopback'])

/** The keys by which the engine learns where to send media to. */
export type AddressKeys =
  | { readonly flags: readonly ['trust-address'] }
  | { readonly flags: readonly ['SIP-source-address']; readonly 'received-from': readonly ['IP4' | 'IP6', string] }

const trust = { flags: ['trust-address'] } as const

/**
 * Where is the media of the one who sent this SDP? At the address it says, unless that is a local one and its signalling
 * came from elsewhere: then behind a NAT, and the address that its signalling came from is the best guess until its first
 * packet tells better. Loopback signalling says nothing about the way of media, so there the SDP is believed.
 */
export function addressKeys(text: string, signalledFrom: string | undefined): AddressKeys {
  if (signalledFrom === undefined || !ipaddr.isValid(signalledFrom)) return trust
  const source = ipaddr.process(signalledFrom)
  const said = mediaAddress(text)
  if (!said || said.kind() !== source.kind() || source.range() === 'loopback') return trust
  if (!localRanges.has(said.range()) || said.toString() === source.toString()) return trust
  const family = source.kind() === 'ipv4' ? 'IP4' : 'IP6'
  return { flags: ['SIP-source-address'], 'received-from': [family, source.toString()] }
}

function mediaAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const sdp = parseSdp(text)
  if (!sdp) return undefined
  const section = sdp.media.find(({ port }) => port > 0)
  const address = section && addressOf(sdp, section)
  return address !== undefined && ipaddr.isValid(address) ? ipaddr.process(address) : undefined
}
