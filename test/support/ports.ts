import dgram from 'node:dgram'
import net from 'node:net'
import { randomInt } from 'node:crypto'

export const LOOPBACK = '127.0.0.1'

/** Below Linux' ephemeral range (32768 and up): nobody's outgoing connection takes the port between our look and its use. */
const FIRST = 10_000
const LAST = 32_000
const ATTEMPTS = 200

/** What this process has given away already; each port is given once. */
const given = new Set<number>()

/** A port that is free on 127.0.0.1 for UDP and for TCP. */
export async function freePort(): Promise<number> {
  return (await freePortRange(1)).first
}

/** `count` ports in a row, all free for UDP and TCP on 127.0.0.1; the first one is even, as RTP likes it. */
export async function freePortRange(count: number): Promise<{ first: number; last: number }> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const first = randomInt(FIRST / 2, Math.floor((LAST - count) / 2)) * 2
    const ports = Array.from({ length: count }, (_, index) => first + index)
    if (ports.some(port => given.has(port)) || !(await allFree(ports))) continue
    for (const port of ports) given.add(port)
    return { first, last: first + count - 1 }
  }
  throw new Error(`no ${count} free ports in a row on ${LOOPBACK}`)
}

async function allFree(ports: readonly number[]): Promise<boolean> {
  const free = await Promise.all(ports.flatMap(port => [isFreeForUdp(port), isFreeForTcp(port)]))
  return free.every(Boolean)
}

function isFreeForUdp(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = dgram.createSocket('udp4')
    socket.once('error', () => resolve(false))
    socket.bind({ port, address: LOOPBACK, exclusive: true }, () => socket.close(() => resolve(true)))
  })
}

function isFreeForTcp(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = net.createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
