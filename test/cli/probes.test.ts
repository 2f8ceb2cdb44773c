import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { systemProbes } from '../../server/cli/probes.ts'
import { findPortHolder } from '../../server/lib/port-holder.ts'

const closers: (() => void)[] = []
afterEach(() => closers.splice(0).forEach(close => close()))

async function listen(server: Server): Promise<{ host: string; port: number }> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => server.close())
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

async function udp(answer: (request: string) => string) {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  socket.on('message', (datagram, { port, address }) => socket.send(answer(datagram.toString('latin1')), port, address))
  closers.push(() => socket.close())
  return { host: '127.0.0.1', port: socket.address().port }
}

const ok = 'SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n'

describe('systemProbes', () => {
  it('tries a port and gives it back', async () => {
    const address = await udp(() => '')
    await expect(systemProbes.tryListening('udp', address)).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await systemProbes.tryListening('tcp', address)
    await systemProbes.tryListening('tcp', address)
    closers.splice(0).forEach(close => close())
    await systemProbes.tryListening('udp', address)
    await expect(systemProbes.tryListening('udp', { host: '192.0.2.1', port: 0 })).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
    })
  })

  it('knows an Offhook by /healthz', async () => {
    const serving = (body: string) => listen(createHttpServer((_, response) => response.end(body)))
    expect(await systemProbes.isOffhook('http', await serving('{"status":"ok","name":"offhook"}'))).toBe(true)
    expect(await systemProbes.isOffhook('http', await serving('{"name":"other"}'))).toBe(false)
    expect(await systemProbes.isOffhook('http', await serving('null'))).toBe(false)
    expect(await systemProbes.isOffhook('http', await serving('<html>'))).toBe(false)
    expect(await systemProbes.isOffhook('http', await listen(createServer(socket => socket.destroy())))).toBe(false)
  })

  it('knows a SIP server by its answer to OPTIONS', async () => {
    let request = ''
    const sip = await udp(text => {
      request = text
      return ok
    })
    expect(await systemProbes.isSipServer('udp', sip)).toBe(true)
    expect(request).toMatch(
      /^OPTIONS sip:127\.0\.0\.1:\d+ SIP\/2\.0\r\nVia: SIP\/2\.0\/UDP 127\.0\.0\.1:\d+;branch=z9hG4bK/,
    )
    expect(request).toMatch(/\r\n\r\n$/)
    expect(await systemProbes.isSipServer('udp', await udp(() => 'HTTP/1.1 400'))).toBe(false)
    const stream = await listen(createServer(socket => socket.on('data', () => socket.end(ok))))
    expect(await systemProbes.isSipServer('tcp', stream)).toBe(true)
    expect(await systemProbes.isSipServer('tls', stream)).toBe(false)
  })
})

describe.runIf(process.platform === 'linux')('findPortHolder', () => {
  it('names the program that holds a port', async () => {
    const { port } = await udp(() => '')
    expect(findPortHolder('udp', port)).toMatch(new RegExp(`^.+ \\(pid ${process.pid}\\)$`))
    closers.splice(0).forEach(close => close())
    expect(findPortHolder('udp', port)).toBeUndefined()
  })
})
