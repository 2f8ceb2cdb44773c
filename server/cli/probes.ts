import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { access, constants, mkdir } from 'node:fs/promises'
import { request as requestHttp, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { connect, createServer, isIPv6 } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { json } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import { loadCertificate } from '../certificates/certificate.ts'
import { systemClock } from '../lib/clock.ts'
import { randomId } from '../lib/ids.ts'
import { silentLog } from '../lib/log.ts'
import { describeMachine } from '../lib/machine.ts'
import { serializeSocketAddress, type SocketAddress } from '../lib/socket-address.ts'
import { parseEngineAddress } from '../media/engine.ts'
import { findRtpengine, readVersion } from '../media/find-rtpengine.ts'
import { NgClient } from '../media/ng/ng-client.ts'
import type { Health } from '../portal/contract.ts'
import { openServices } from '../services.ts'
import type { Probes } from './doctor-checks.ts'

/** Everything asked is on this machine or near; who has not answered by then will not. */
const patienceMs = 2000

export const systemProbes: Probes = {
  nodeVersion: process.versions.node,
  isNodeSupported: isSupported(process.versions.node),
  machine: () => describeMachine(),
  async tryWriting(folder) {
    await mkdir(folder, { recursive: true })
    await access(folder, constants.W_OK)
  },
  async countUsers(config) {
    if (!existsSync(config.databaseFile)) return undefined
    const { accounts, store } = await openServices({ config, log: silentLog, clock: systemClock, mustExist: true })
    try {
      return (await accounts.list()).length
    } finally {
      await store.close()
    }
  },
  tryListening: (protocol, address) => (protocol === 'udp' ? tryUdp(address) : tryTcp(address)),
  isOffhook,
  async isSipServer(transport, address) {
    try {
      const answer = await (transport === 'udp' ? askUdp(address) : askStream(transport, address))
      return answer.startsWith('SIP/2.0 ')
    } catch {
      return false
    }
  },
  loadCertificate: files => loadCertificate(files, systemClock),
  developmentCertificate(folder) {
    const files = { cert: join(folder, 'server.pem'), key: join(folder, 'server.key') }
    if (!existsSync(files.cert)) return undefined
    return { ...loadCertificate(files, systemClock), authorityFile: join(folder, 'authority.pem') }
  },
  async pingEngine(engine) {
    const address = parseEngineAddress(engine)
    const client = await NgClient.open({ ...address, clock: systemClock, log: silentLog, timeoutMs: patienceMs })
    try {
      await client.request('ping')
    } finally {
      client.close()
    }
  },
  async findRtpengine() {
    const path = await findRtpengine(process.env.PATH)
    return path === undefined ? undefined : { path, version: await readVersion(path) }
  },
}

/** `engines` of package.json: the versions whose ESM and TLS this program is tested with. */
function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return (major === 20 && minor >= 19) || (major === 22 && minor >= 13) || major >= 24
}

async function tryUdp({ host, port }: SocketAddress): Promise<void> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  try {
    socket.bind({ address: host, port, exclusive: true })
    await once(socket, 'listening')
  } finally {
    socket.close()
  }
}

async function tryTcp({ host, port }: SocketAddress): Promise<void> {
  const server = createServer()
  server.listen({ host, port, exclusive: true })
  await once(server, 'listening')
  server.close()
}

async function isOffhook(scheme: 'http' | 'https', { host, port }: SocketAddress): Promise<boolean> {
  const request = scheme === 'http' ? requestHttp : requestHttps
  // Who it is matters here, not whom the certificate names.
  const outgoing = request({
    host,
    port,
    path: '/healthz',
    timeout: patienceMs,
    rejectUnauthorized: false,
    agent: false,
  })
  outgoing.on('timeout', () => outgoing.destroy())
  outgoing.end()
  try {
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
    const health = (await json(incoming)) as Partial<Health> | null
    return health?.name === 'offhook'
  } catch {
    return false
  } finally {
    outgoing.destroy()
  }
}

async function askUdp(address: SocketAddress): Promise<string> {
  const socket = createSocket(isIPv6(address.host) ? 'udp6' : 'udp4')
  try {
    socket.connect(address.port, address.host)
    await once(socket, 'connect')
    const local = socket.address()
    socket.send(Buffer.from(optionsRequest('UDP', address, { host: local.address, port: local.port }), 'latin1'))
    const [answer] = (await once(socket, 'message', { signal: AbortSignal.timeout(patienceMs) })) as [Buffer]
    return answer.toString('latin1')
  } finally {
    socket.close()
  }
}

async function askStream(transport: 'tcp' | 'tls', address: SocketAddress): Promise<string> {
  const socket = transport === 'tls' ? connectTls({ ...address, rejectUnauthorized: false }) : connect(address)
  try {
    const signal = AbortSignal.timeout(patienceMs)
    await once(socket, transport === 'tls' ? 'secureConnect' : 'connect', { signal })
    const local = { host: socket.localAddress ?? address.host, port: socket.localPort ?? 0 }
    socket.write(optionsRequest(transport.toUpperCase(), address, local), 'latin1')
    const [answer] = (await once(socket as Duplex, 'data', { signal })) as [Buffer]
    return answer.toString('latin1')
  } finally {
    socket.destroy()
  }
}

/** RFC 3261 §11.1: OPTIONS to the server itself. */
function optionsRequest(transport: string, to: SocketAddress, local: SocketAddress): string {
  const uri = `sip:${serializeSocketAddress(to)}`
  return [
    `OPTIONS ${uri} SIP/2.0`,
    `Via: SIP/2.0/${transport} ${serializeSocketAddress(local)};branch=z9hG4bK${randomId()};rport`,
    'Max-Forwards: 70',
    `From: <sip:doctor@offhook.invalid>;tag=${randomId()}`,
    `To: <${uri}>`,
    `Call-ID: ${randomId()}`,
    'CSeq: 1 OPTIONS',
    'Content-Length: 0',
    '\r\n',
  ].join('\r\n')
}
