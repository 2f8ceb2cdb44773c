import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig } from '../server/config.ts'
import { silentLog } from '../server/lib/log.ts'
import { start } from '../server/main.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-main-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const config = (http: string) =>
  loadConfig({
    folder,
    env: {
      OFFHOOK_LISTEN_UDP: '127.0.0.1:0',
      OFFHOOK_LISTEN_TCP: '127.0.0.1:0',
      OFFHOOK_LISTEN_TLS: 'off',
      OFFHOOK_LISTEN_HTTPS: 'off',
      OFFHOOK_LISTEN_HTTP: http,
      OFFHOOK_MEDIA_MODE: 'none',
    },
  }).config

describe('start', () => {
  it('makes the first accounts when everything listens: a taken port does not cost the passwords', async () => {
    const other = createServer()
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
    const taken = `127.0.0.1:${(other.address() as AddressInfo).port}`
    await expect(start(config(taken), silentLog)).rejects.toThrow(
      /^HTTP 127\.0\.0\.1:\d+ is taken by .*set listen\.http/,
    )
    await new Promise(resolve => other.close(resolve))
    const offhook = await start(config(taken), silentLog)
    await offhook.stop()
    expect(offhook.welcome.firstAccounts?.users.map(({ name }) => name)).toEqual(['1001', '1002'])
  })
})
