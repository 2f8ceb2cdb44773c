import dgram from 'node:dgram'
import { describe, expect, it } from 'vitest'
import { freePort, freePortRange, LOOPBACK } from './ports.ts'

describe('free ports', () => {
  it('can be bound, and are given once', async () => {
    const ports = await Promise.all(Array.from({ length: 20 }, freePort))
    expect(new Set(ports).size).toBe(ports.length)
    const socket = dgram.createSocket('udp4')
    await new Promise<void>(resolve => socket.bind(ports[0], LOOPBACK, resolve))
    socket.close()
  })

  it('come in a row that starts even', async () => {
    const { first, last } = await freePortRange(10)
    expect(first % 2).toBe(0)
    expect(last - first).toBe(9)
  })
})
