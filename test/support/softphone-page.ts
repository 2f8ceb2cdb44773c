import { execFile } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { FakeSipServer, type FakeSipServerOptions } from './fake-sip-server.ts'
import { removeFolder, scratchFolder } from './scratch.ts'

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

/** As strict as a server may be: the page must live with it. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** The softphone page as it is built, on a server that knows nothing but it and one account. */
export class SoftphonePage {
  readonly sip: FakeSipServer
  readonly url: string
  readonly #http: Server
  readonly #folder: string

  private constructor(http: Server, folder: string, options: FakeSipServerOptions) {
    this.#http = http
    this.#folder = folder
    this.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/`
    this.sip = new FakeSipServer(http, '/sip', options)
  }

  static async start(options: FakeSipServerOptions): Promise<SoftphonePage> {
    const folder = scratchFolder('softphone-page')
    await buildPages(folder)
    const settings = { domain: options.realm, sip: '/sip', name: 'Offhook', version: '0.1.0', echo: '*43' }
    const http = createServer((request, response) => {
      if (request.url === '/api/v1/softphone') {
        response.setHeader('content-type', 'application/json').end(JSON.stringify(settings))
        return
      }
      const file = path.join(folder, path.normalize(request.url === '/' ? '/index.html' : (request.url ?? '')))
      readFile(file).then(
        content => {
          response.setHeader('content-type', contentTypes[path.extname(file)] ?? 'application/octet-stream')
          response.setHeader('content-security-policy', contentSecurityPolicy)
          response.end(content)
        },
        () => response.writeHead(404).end(),
      )
    })
    await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
    return new SoftphonePage(http, folder, options)
  }

  async stop(): Promise<void> {
    this.sip.close()
    this.#http.closeAllConnections()
    await new Promise(resolve => this.#http.close(resolve))
    removeFolder(this.#folder)
  }
}

/** In a process of its own: a test runner's NODE_ENV would make it a build for development. */
async function buildPages(folder: string): Promise<void> {
  const vite = path.resolve('node_modules/vite/bin/vite.js')
  const env = { ...process.env, NODE_ENV: 'production' }
  await promisify(execFile)(process.execPath, [vite, 'build', '--mode', 'client', '--outDir', folder], { env })
}
