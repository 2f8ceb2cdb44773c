import { OperatorError } from './operator-error.ts'
import { findPortHolder } from './port-holder.ts'
import { serializeSocketAddress, type SocketAddress } from './socket-address.ts'

/** Keys of `listen` in the configuration. */
export type ListenKey = 'udp' | 'tcp' | 'tls' | 'http' | 'https'

/** What a listener that could not be opened means to the person who runs Offhook: which address, why, and which key to change. */
export function listenProblem(error: unknown, key: ListenKey, address: SocketAddress): OperatorError {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  const where = `${key.toUpperCase()} ${serializeSocketAddress(address)}`
  const say = sentences[code]
  const text = say
    ? say(where, key, address)
    : `${where} cannot be opened (${(error as Error).message}): change listen.${key}`
  return new OperatorError('LISTEN_FAILED', text, { cause: error })
}

type Sentence = (where: string, key: ListenKey, address: SocketAddress) => string

const sentences: Record<string, Sentence> = {
  EADDRINUSE: (where, key, { port }) => {
    const holder = findPortHolder(key === 'udp' ? 'udp' : 'tcp', port) ?? 'another program'
    return `${where} is taken by ${holder}: stop it or set listen.${key}`
  },
  EACCES: (where, key) =>
    `${where} needs a right that this user does not have (ports below 1024): set listen.${key} to a higher port`,
  EADDRNOTAVAIL: (where, key, { host }) =>
    `${where}: ${host} is not an address of this machine: set listen.${key} to one of its own, or to 0.0.0.0 for all`,
  EAFNOSUPPORT: (where, key) => `${where}: this machine has no IPv6: set listen.${key} to an IPv4 address`,
}
