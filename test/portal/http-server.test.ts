import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { ensureDevelopmentCertificate } from '../../server/certificates/development-certificate.ts'
import { systemClock } from '../../server/lib/clock.ts'
import { silentLog } from '../../server/lib/log.ts'
import type { SoftphoneSettings } from '../../server/portal/contract.ts'
import { HttpServer } from '../../server/portal/http-server.ts'
import { createPages } from '../../server/portal/pages.ts'

const local = { host: '127.0.0.1', port: 0 }
const settings: SoftphoneSettings = { domain: 'a.test', sip: '/sip', name: 'Offhook', version: '1.2.3', echo: '*43' }
let folder: string
let server: HttpServer
let port: number
let sockets: WebSocketServer

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-portal-'))
  sockets = new WebSocketServer({ noServer: true })
  server = new HttpServer({
    app: createPages({ clientDir: join(folder, 'client'), softphone: () => settings, log: silentLog }),
    onSip: (incoming, socket, head) =>
      sockets.handleUpgrade(incoming, socket, head, webSocket => webSocket.send(`hello ${incoming.url ?? ''}`)),
    log: silentLog,
    maxConnections: 0,
  })
  port = (await server.listenHttp(local)).port
})
afterEach(() => {
  for (const webSocket of sockets.clients) webSocket.terminate()
  server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`)
function build() {
  mkdirSync(join(folder, 'client', 'assets'), { recursive: true })
  writeFileSync(join(folder, 'client', 'index.html'), '<!doctype html><title>Offhook</title>')
  writeFileSync(join(folder, 'client', 'offhook.js'), '1')
  writeFileSync(join(folder, 'client', 'assets', 'index-Ab12.js'), '1')
}

describe('the HTTP server', () => {
  it('tells a page what it needs for a call', async () => {
    const response = await get('/api/v1/softphone')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toEqual(settings)
  })

  it('answers that it is well', async () => {
    expect(await (await get('/healthz')).json()).toEqual({ status: 'ok', name: 'offhook', version: '1.2.3' })
  })

  it('answers 404 in JSON below /api', async () => {
    for (const path of ['/api/v1/nothing?x=<b>', '/api/v2/softphone', '/api']) {
      const response = await get(path)
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({ code: 'NOT_FOUND' })
    }
  })

  it('serves the built pages: what has a hash in its name for ever, the rest asked for anew', async () => {
    build()
    const cacheOf = async (path: string) => (await get(path)).headers.get('cache-control')
    expect(await (await get('/')).text()).toContain('Offhook')
    expect(await cacheOf('/')).toBe('no-cache')
    expect(await cacheOf('/offhook.js')).toBe('no-cache')
    expect(await cacheOf('/assets/index-Ab12.js')).toBe('public, max-age=31536000, immutable')
  })

  it('says how to build the pages when they are missing, and 404 for a page that is not there', async () => {
    const response = await get('/')
    expect(response.status).toBe(503)
    expect(await response.text()).toContain('npm run build')
    build()
    expect((await get('/nothing')).status).toBe(404)
  })

  it('does not leave its folder', async () => {
    build()
    writeFileSync(join(folder, 'secret'), 'SECRET')
    for (const path of ['/../secret', '/%2e%2e/secret', '/assets/..%2f..%2fsecret', '/%00']) {
      const incoming = await raw(path)
      expect(incoming.statusCode).toBeGreaterThanOrEqual(400)
      expect(await text(incoming)).not.toContain('SECRET')
    }
  })

  it('allows nothing from elsewhere and nothing inline', async () => {
    const { headers } = await get('/healthz')
    const policy = headers.get('content-security-policy')!
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).toContain("connect-src 'self'")
    expect(policy).not.toContain('unsafe')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-powered-by')).toBeNull()
    expect(headers.get('strict-transport-security')).toBeNull()
  })

  it('hands a WebSocket handshake to /sip over, also with a query', async () => {
    for (const path of ['/sip', '/sip?token=x']) {
      const webSocket = new WebSocket(`ws://127.0.0.1:${port}${path}`)
      const [message] = (await once(webSocket, 'message')) as [Buffer]
      expect(message.toString()).toBe(`hello ${path}`)
      webSocket.close()
    }
  })

  it('refuses any other upgrade', async () => {
    for (const path of ['/', '/sip/', '/SIP', '/api/v1/softphone']) {
      const webSocket = new WebSocket(`ws://127.0.0.1:${port}${path}`)
      const [error] = (await once(webSocket, 'error')) as [Error]
      expect(error.message).toContain('404')
    }
    const incoming = await raw('/sip', { Connection: 'Upgrade', Upgrade: 'h2c' })
    expect(incoming.statusCode).toBe(404)
  })

  it('refuses a request with headers of more than 16 kB', async () => {
    const incoming = await raw('/', { 'X-Long': 'x'.repeat(17_000) })
    expect(incoming.statusCode).toBe(431)
  })

  it('survives a client that goes away in the middle', async () => {
    const socket = connect(port, '127.0.0.1')
    socket.write('GET /sip HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n')
    socket.resetAndDestroy()
    await once(socket, 'close')
    expect((await get('/healthz')).status).toBe(200)
  })

  it('rejects when the port is taken', async () => {
    await expect(server.listenHttp({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  it('serves the same over TLS, and another certificate without a restart', async () => {
    const make = (name: string) =>
      ensureDevelopmentCertificate({ dir: join(folder, name), names: [name], addresses: [], clock: systemClock })
    const tlsPort = (await server.listenHttps(local, await make('one.test'))).port
    const nameSeen = async () => {
      const socket = connectTls({ host: '127.0.0.1', port: tlsPort, rejectUnauthorized: false })
      await once(socket, 'secureConnect')
      const name = socket.getPeerCertificate().subjectaltname
      socket.end('GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
      expect(await text(socket)).toContain('"status":"ok"')
      return name
    }
    expect(await nameSeen()).toBe('DNS:one.test')
    server.replaceIdentity(await make('two.test'))
    expect(await nameSeen()).toBe('DNS:two.test')
  })

  it('stops though a client keeps its connection open, and twice does no harm', async () => {
    await get('/healthz')
    server.stop()
    server.stop()
    await expect(get('/healthz')).rejects.toThrow()
  })

  it('stops while browsers are connected, and leaves their sockets to whom they were handed', async () => {
    const browser = new WebSocket(`ws://127.0.0.1:${port}/sip`)
    await once(browser, 'message')
    server.stop()
    await expect(get('/healthz')).rejects.toThrow()
    expect(browser.readyState).toBe(WebSocket.OPEN)
  })
})

/** `fetch` would tidy the path up. */
async function raw(path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const outgoing = request({ host: '127.0.0.1', port, path, headers, agent: false })
  outgoing.end()
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  return incoming
}
