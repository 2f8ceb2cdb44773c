import ipaddr from 'ipaddr.js'

/** How far from the world an address is: what is not named here is public. */
const depths: Readonly<Record<string, number>> = {
  loopback: 3,
  unspecified: 3,
  linkLocal: 2,
  private: 1,
  uniqueLocal: 1,
  carrierGradeNat: 1,
}

const depthOf = (host: string): number =>
  ipaddr.isValid(host) ? (depths[ipaddr.process(host).range()] ?? 0) : Number.POSITIVE_INFINITY

/**
 * Nobody reaches through us what he could not reach himself: from a public address neither the network behind us nor what
 * listens on this machine alone, which takes lines of a SIP body for commands of its own.
 */
export const mayReach = (from: string, to: string): boolean => depthOf(to) <= depthOf(from)
