import net, { isIP } from 'node:net'
import tls from 'node:tls'
import type { Address } from './flow.ts'
import type { FlowOwner } from './flow-owner.ts'
import { StreamFlow } from './stream.ts'
import { checkSipIdentity } from './tls-identity.ts'

export interface StreamTarget extends Address {
  readonly transport: 'tcp' | 'tls'
  readonly serverName?: string
}

/** A flow over a connection that is being opened. `gone` is called when its socket is. */
export function openStream(
  target: StreamTarget,
  owner: FlowOwner,
  tlsClient: tls.ConnectionOptions,
  gone: () => void,
): StreamFlow {
  const { transport, host, port } = target
  const socket = transport === 'tcp' ? net.connect({ host, port }) : connectTls(target, tlsClient)
  const flow = new StreamFlow(transport, socket, owner, { host, port })
  socket.once(transport === 'tcp' ? 'connect' : 'secureConnect', () => flow.connected())
  socket.once('close', gone)
  return flow
}

function connectTls({ host, port, serverName = host }: StreamTarget, options: tls.ConnectionOptions): tls.TLSSocket {
  return tls.connect({
    minVersion: 'TLSv1.2',
    checkServerIdentity: (_name, certificate) => checkSipIdentity(serverName, certificate),
    ...options,
    host,
    port,
    // SNI carries names only (RFC 6066 §3).
    servername: isIP(serverName) ? '' : serverName,
  })
}
