import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import helmet from 'helmet'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Log } from '../lib/log.ts'
import type { ApiProblem, Health, SoftphoneSettings } from './contract.ts'

export interface PagesOptions {
  /** Folder of the built pages (`dist/client`). Looked at on every request, so that a build shows without a restart. */
  readonly clientDir: string
  /** Called for every request, since the default domain can change. */
  readonly softphone: () => SoftphoneSettings
  readonly log: Log
}

/** Pages, health and API as one application, which any number of HTTP and HTTPS listeners can serve. */
export function createPages(options: PagesOptions): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', 'weak')
  app.use(securityHeaders())
  app.get('/healthz', (_request, response) => {
    const health: Health = { status: 'ok', name: 'offhook', version: options.softphone().version }
    response.set('Cache-Control', 'no-store').json(health)
  })
  app.use('/api/v1', api(options))
  app.use('/api', unknownApi)
  app.use(staticFiles(options.clientDir))
  app.use((request, response) => missingPage(request, response, options.clientDir))
  app.use(unexpected(options.log))
  return app
}

function api({ softphone }: PagesOptions): express.Router {
  const router = express.Router()
  router.use((_request, response, next) => {
    response.set('Cache-Control', 'no-store')
    next()
  })
  router.get('/softphone', (_request, response) => void response.json(softphone()))
  return router
}

/**
 * Everything comes from this server and nothing is inline. `connect-src 'self'` covers ws and wss to the same host and port
 * (CSP level 3 §6.7.2.8). Strict-Transport-Security is left out: it speaks for every port of a host, and would take
 * http://localhost:8080 away from whoever trusts the development certificate.
 */
function securityHeaders(): express.RequestHandler {
  const self = ["'self'"]
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: self,
        styleSrc: self,
        imgSrc: [...self, 'data:'],
        fontSrc: self,
        mediaSrc: [...self, 'blob:'],
        connectSrc: self,
        workerSrc: self,
        manifestSrc: self,
        formAction: self,
        frameAncestors: self,
        baseUri: ["'none'"],
      },
    },
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'no-referrer' },
  })
}

/** Vite puts a hash of the content into the name of every file below `assets/`; the rest is asked for anew each time. */
function staticFiles(clientDir: string): express.RequestHandler {
  return express.static(clientDir, {
    cacheControl: false,
    setHeaders(response, file) {
      const isHashed = file.startsWith(join(clientDir, 'assets'))
      response.setHeader('Cache-Control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })
}

function unknownApi(request: Request, response: Response): void {
  problem(response, 404, 'NOT_FOUND', `there is no ${request.method} ${request.originalUrl.split('?', 1)[0]!}`)
}

function missingPage(request: Request, response: Response, clientDir: string): void {
  const isBuilt = existsSync(join(clientDir, 'index.html'))
  response
    .status(isBuilt ? 404 : 503)
    .set('Cache-Control', 'no-store')
    .type('text/plain')
    .send(
      isBuilt
        ? `There is no page ${request.path} here. The softphone is at /\n`
        : 'Offhook runs, but its pages have not been built. Run "npm run build" and load this page again.\n',
    )
}

/** Express finds an error handler by its four parameters. */
function unexpected(log: Log) {
  return (error: unknown, request: Request, response: Response, next: NextFunction): void => {
    const status = statusOf(error)
    if (status >= 500) log.error({ err: error, method: request.method, path: request.path }, 'request failed')
    if (response.headersSent) next(error)
    else
      problem(
        response,
        status,
        status >= 500 ? 'INTERNAL' : 'BAD_REQUEST',
        status >= 500 ? 'internal error; see the log' : 'bad request',
      )
  }
}

/** Errors of express itself (bad escape in a path, aborted body) know their status. */
function statusOf(error: unknown): number {
  const status = (error as { status?: unknown } | undefined)?.status
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500
}

function problem(response: Response, status: number, code: string, message: string): void {
  const body: ApiProblem = { code, message }
  response.status(status).set('Cache-Control', 'no-store').json(body)
}
