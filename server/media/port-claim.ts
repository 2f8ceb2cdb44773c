import { createSocket, type Socket } from 'node:dgram'

export interface PortRange {
  readonly min: number
  readonly max: number
}

/** A range of ports that is ours until it is released. */
export interface PortClaim {
  readonly range: PortRange
  /** Idempotent. */
  release(): void
}

/** 2000 ports are 500 calls between phones, more with browsers. All below the range that the kernel gives to outgoing traffic. */
export const mediaRanges: readonly PortRange[] = [...[20, 22, 24, 26, 28, 30], ...[10, 12, 14, 16, 18]].map(
  thousands => ({ min: thousands * 1000, max: thousands * 1000 + 1999 }),
)

/**
 * Claims the first free range: its lowest port is bound by us, as a sign to others of our kind, and the rest is the claim.
 * rtpengine itself does not notice another one: it binds with SO_REUSEADDR, and two on one range take each other's packets.
 * Rejects when all are taken.
 */
export async function claimPorts(ranges: readonly PortRange[] = mediaRanges): Promise<PortClaim> {
  for (const { min, max } of ranges) {
    const sign = await bind(min)
    // RTP wants an even port first.
    if (sign) return { range: { min: min + 2, max }, release: once(() => sign.close()) }
  }
  throw new Error('no free range of ports for media')
}

/** A UDP port on loopback that is free now. */
export async function freePort(): Promise<number> {
  const socket = await bind(0)
  if (!socket) throw new Error('no free port')
  const { port } = socket.address()
  await new Promise<void>(resolve => socket.close(resolve))
  return port
}

function bind(port: number): Promise<Socket | undefined> {
  return new Promise(resolve => {
    const socket = createSocket('udp4')
    socket.once('error', () => {
      socket.close()
      resolve(undefined)
    })
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => {
      // It waits for nothing and shall not keep the process alive.
      socket.unref()
      resolve(socket)
    })
  })
}

function once(run: () => void): () => void {
  let done = false
  return () => {
    if (!done) run()
    done = true
  }
}
