import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig } from '../server/config.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'offhook-config-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const write = (text: string, name = 'offhook.yaml') => writeFileSync(join(folder, name), text)
const load = (env: Record<string, string> = {}, file?: string) => loadConfig({ folder, env, file })
const problems = (env: Record<string, string> = {}, file?: string): string[] => {
  try {
    load(env, file)
  } catch (error) {
    return (error as Error).message.replaceAll(join(folder, ''), '').split('\n')
  }
  return []
}

describe('loadConfig without a file', () => {
  it('listens for phones, browsers on this machine and browsers in the network', () => {
    const { listen } = load().config
    expect(listen).toEqual({
      udp: [{ host: '0.0.0.0', port: 5060 }],
      tcp: [{ host: '0.0.0.0', port: 5060 }],
      tls: [{ host: '0.0.0.0', port: 5061 }],
      http: { host: '127.0.0.1', port: 8080 },
      https: { host: '0.0.0.0', port: 8443 },
    })
  })

  it('keeps data beside the place it is started from', () => {
    expect(load().config.dataDir).toBe(join(folder, 'data'))
  })

  it('cannot be changed by those who hold it', () => {
    const { config } = load()
    expect(() => Object.assign(config.limits, { connections: 1 })).toThrow(TypeError)
    expect(() => Object.assign(config.listen.udp, { 0: 1 })).toThrow(TypeError)
  })
})

describe('loadConfig with a file', () => {
  it('finds offhook.yaml, OFFHOOK_CONFIG and --config, the last one first', () => {
    write('domain: a.test')
    write('domain: b.test', 'b.yaml')
    write('domain: c.test', 'c.yaml')
    expect(load().config.domain).toBe('a.test')
    expect(load({ OFFHOOK_CONFIG: 'b.yaml' }).config.domain).toBe('b.test')
    expect(load({ OFFHOOK_CONFIG: 'b.yaml' }, 'c.yaml').config.domain).toBe('c.test')
    expect(load({}, 'c.yaml').config.file).toBe(join(folder, 'c.yaml'))
  })

  it('says so when the file that was named is not there', () => {
    expect(problems({}, 'none.yaml')).toEqual(['the configuration file /none.yaml does not exist'])
  })

  it('switches tls and https off when they are not written, and keeps udp, tcp and http', () => {
    write('domain: a.test')
    const { listen } = load().config
    expect(listen).toMatchObject({ tls: [], https: undefined, udp: [{ port: 5060 }], http: { port: 8080 } })
  })

  it('reads addresses as a list, as text with commas, in IPv6 and with port 0', () => {
    write('listen:\n  udp: ["127.0.0.1:0", "[::1]:5060"]\n  tcp: "127.0.0.1:0, localhost:5070"\n  tls: []\n  http: off')
    expect(load().config.listen).toEqual({
      udp: [
        { host: '127.0.0.1', port: 0 },
        { host: '::1', port: 5060 },
      ],
      tcp: [
        { host: '127.0.0.1', port: 0 },
        { host: 'localhost', port: 5070 },
      ],
      tls: [],
      http: undefined,
      https: undefined,
    })
  })

  it('takes a group with nothing but comments under it as empty', () => {
    write('limits:\n  # connections: 3\nmedia:\n  flags:\n    # none\nlisten:\n')
    expect(load().config).toMatchObject({ limits: { connections: 20_000 }, media: { flags: {} } })
  })

  it('counts relative paths from the folder of the file', () => {
    write('dataDir: var\ncertificate: { cert: c.pem, key: /k.pem }', 'o.yaml')
    const { config } = loadConfig({ folder: '/', env: {}, file: join(folder, 'o.yaml') })
    expect(config.dataDir).toBe(join(folder, 'var'))
    expect(config.certificate).toMatchObject({ cert: join(folder, 'c.pem'), key: '/k.pem' })
  })
})

describe('the environment', () => {
  it('wins over the file', () => {
    write('limits:\n  connections: 1\n  headerFields: 2')
    expect(load({ OFFHOOK_LIMITS_CONNECTIONS: '7' }).config.limits).toMatchObject({ connections: 7, headerFields: 2 })
  })

  it('has lists with commas, off, numbers, truth values and groups', () => {
    const { config } = load({
      OFFHOOK_LISTEN_UDP: '127.0.0.1:0,[::1]:0',
      OFFHOOK_LISTEN_TLS: 'off',
      OFFHOOK_LISTEN_HTTPS: 'off',
      OFFHOOK_AUTH_ALLOW_WITHOUT_QOP: 'true',
      OFFHOOK_MEDIA_FLAGS: '{ ws-ws: { bare: true } }',
      OFFHOOK_MEDIA_PORT_RANGE: '31000-31999',
    })
    expect(config.listen).toMatchObject({ tls: [], https: undefined })
    expect(config.listen.udp).toHaveLength(2)
    expect(config.auth.allowWithoutQop).toBe(true)
    expect(config.media.flags).toEqual({ 'ws-ws': { bare: true } })
    expect(config.media.portRange).toEqual({ min: 31_000, max: 31_999 })
  })

  it('does not count when it is empty', () => {
    expect(load({ OFFHOOK_DOMAIN: '', OFFHOOK_LISTEN_UDP: '' }).config.listen.udp).toHaveLength(1)
  })

  it('is named in a problem', () => {
    expect(problems({ OFFHOOK_LIMITS_CONNECTIONS: 'many' })).toEqual(['OFFHOOK_LIMITS_CONNECTIONS: must be a number'])
  })

  it('warns of a slip of the fingers and leaves the variables of orchestrators alone', () => {
    expect(load({ OFFHOOK_LISTN_TLS: 'x', OFFHOOK_SERVICE_HOST: '10.0.0.1' }).warnings).toEqual([
      'OFFHOOK_LISTN_TLS is not read; did you mean OFFHOOK_LISTEN_TLS?',
    ])
  })
})

describe('a problem', () => {
  const cases: [string, string, string[]][] = [
    [
      'a misspelt key',
      'domain: a.test\nlisten:\n  upd: ["0.0.0.0:5060"]',
      ['/offhook.yaml:3: listen.upd: there is no such key; did you mean "udp"? Allowed: udp, tcp, tls, http, https'],
    ],
    [
      'an unknown key',
      'listen:\n  carrier: pigeon',
      ['/offhook.yaml:2: listen.carrier: there is no such key. Allowed: udp, tcp, tls, http, https'],
    ],
    [
      'a bad address in a list',
      'listen:\n  udp:\n    - "0.0.0.0:5060"\n    - "sip.example.com:5060"',
      [
        '/offhook.yaml:4: listen.udp.1: must be ADDRESS:PORT, like 0.0.0.0:5060 or [::]:5060 (port 0: any free port), not "sip.example.com:5060"',
      ],
    ],
    [
      'several, in the order of the file',
      'log:\n  level: loud\nlimits:\n  connections: -1\n  headerFields: 1.5\n',
      [
        '/offhook.yaml:2: log.level: must be debug or info or warn or error or silent',
        '/offhook.yaml:4: limits.connections: must be 0 or more',
        '/offhook.yaml:5: limits.headerFields: must be a whole number',
      ],
    ],
    ['the wrong kind of value', 'dataDir: [a]', ['/offhook.yaml:1: dataDir: must be text']],
    [
      'a certificate without its key',
      'certificate:\n  cert: a.pem',
      ['/offhook.yaml:1: certificate: needs both cert and key, or neither'],
    ],
    [
      'a database that comes later',
      'database: postgres://localhost/offhook',
      ['/offhook.yaml:1: database: PostgreSQL comes later; this version knows sqlite only'],
    ],
    [
      'a row or a flag that does not exist',
      'media:\n  flags:\n    ws-fax: {}\n    ws-ws:\n      offer:\n        ICE: melt\n        DLTS: off',
      [
        '/offhook.yaml:3: media.flags.ws-fax: there is no such key. Allowed: ws-ws, ws-phone, phone-ws, phone-phone',
        '/offhook.yaml:6: media.flags.ws-ws.offer.ICE: must be remove or force or force-relay or optional or default',
        '/offhook.yaml:7: media.flags.ws-ws.offer.DLTS: there is no such key; did you mean "DTLS"? Allowed: transport-protocol, ICE, DTLS, DTLS-reverse, DTLS-fingerprint, SDES, rtcp-mux, replace, flags, codec',
      ],
    ],
    ['a key written twice', 'domain: a.test\ndomain: b.test', ['/offhook.yaml:2: Map keys must be unique']],
    ['a file that is no settings', '- a', ['/offhook.yaml:1: must be a list of "key: value" lines']],
  ]
  it.each(cases)('is one line with file, line and key: %s', (_, text, lines) => {
    write(text)
    expect(problems()).toEqual(lines)
  })
})
