import { PassThrough } from 'node:stream'
import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { registerDoctor, renderFindings } from '../../server/cli/doctor.ts'
import { examine, type Finding, type Probes } from '../../server/cli/doctor-checks.ts'
import { loadConfig, type Config } from '../../server/config.ts'
import { OperatorError } from '../../server/lib/operator-error.ts'
import { FakeClock } from '../support/fake-clock.ts'

const clock = new FakeClock(Date.parse('2026-01-01T00:00:00Z'))
const dayMs = 86_400_000
const failure = (code: string) => Promise.reject(Object.assign(new Error(code), { code }))
const certificate = { cert: '', key: '', names: ['a.test', '*.b.test'], notAfter: clock.now() + 60 * dayMs }

/** A machine where all is well and Offhook does not run. */
const healthy: Probes = {
  nodeVersion: '20.20.0',
  isNodeSupported: true,
  machine: () => ({ names: ['localhost'], loopback: ['127.0.0.1'], addresses: ['192.0.2.7'] }),
  tryWriting: () => Promise.resolve(),
  countUsers: () => Promise.resolve(2),
  tryListening: () => Promise.resolve(),
  isOffhook: () => Promise.resolve(false),
  isSipServer: () => Promise.resolve(false),
  loadCertificate: files => ({ ...certificate, files }),
  developmentCertificate: () => undefined,
  pingEngine: () => Promise.resolve(),
  findRtpengine: () => Promise.resolve({ path: '/usr/bin/rtpengine', version: '10.5' }),
}

const configWith = (env: Record<string, string> = {}): Config => loadConfig({ folder: '/srv', env }).config
const findings = (probes: Partial<Probes> = {}, env?: Record<string, string>) =>
  examine(configWith(env), { ...healthy, ...probes }, clock)
async function finding(check: string, probes: Partial<Probes> = {}, env?: Record<string, string>): Promise<Finding> {
  return (await findings(probes, env)).find(found => found.check === check)!
}

describe('examine', () => {
  it('finds nothing wrong with a machine where all is well', async () => {
    const all = await findings({}, { OFFHOOK_CERTIFICATE_CERT: 'c.pem', OFFHOOK_CERTIFICATE_KEY: 'k.pem' })
    expect(all.filter(({ status }) => status !== 'ok')).toEqual([])
    expect(all.map(({ check }) => check)).toEqual([
      'node',
      'configuration',
      'data folder',
      'database',
      'listen.udp',
      'listen.tcp',
      'listen.tls',
      'listen.http',
      'listen.https',
      'certificate',
      'media',
      'open',
    ])
  })

  it('gives advice with everything that is not well', async () => {
    const all = await findings({
      isNodeSupported: false,
      tryWriting: () => failure('EACCES'),
      countUsers: () => Promise.resolve(0),
      tryListening: () => failure('EADDRINUSE'),
      findRtpengine: () => Promise.resolve(undefined),
    })
    const ill = all.filter(({ status }) => status !== 'ok')
    expect(ill.map(({ check }) => check)).toEqual([
      'node',
      'data folder',
      'database',
      'listen.udp',
      'listen.tcp',
      'listen.tls',
      'listen.http',
      'listen.https',
      'certificate',
      'media',
    ])
    expect(ill.filter(({ advice }) => !advice)).toEqual([])
  })

  it('takes ports that a running Offhook holds as well', async () => {
    const running = {
      tryListening: () => failure('EADDRINUSE'),
      isOffhook: () => Promise.resolve(true),
      isSipServer: () => Promise.resolve(true),
    }
    expect(await finding('listen.udp', running)).toMatchObject({ status: 'ok', text: '0.0.0.0:5060: Offhook answers' })
    expect(await finding('listen.https', running)).toMatchObject({ status: 'ok' })
  })

  it('does not take another SIP server for Offhook', async () => {
    const probes = { tryListening: () => failure('EADDRINUSE'), isSipServer: () => Promise.resolve(true) }
    expect(await finding('listen.udp', probes)).toMatchObject({
      status: 'failed',
      text: 'UDP 0.0.0.0:5060 is taken by another program',
      advice: 'stop it or set listen.udp',
    })
  })

  it('says which key to change when an address cannot be listened on', async () => {
    const denied = await finding(
      'listen.udp',
      { tryListening: () => failure('EACCES') },
      { OFFHOOK_LISTEN_UDP: '0.0.0.0:60' },
    )
    expect(denied).toMatchObject({ status: 'failed', advice: 'set listen.udp to a higher port' })
    const foreign = await finding('listen.udp', { tryListening: () => failure('EADDRNOTAVAIL') })
    expect(foreign.advice).toContain('to one of its own, or to 0.0.0.0 for all')
  })

  it('does not try a port that is left to the system', async () => {
    const probes = { tryListening: () => failure('EADDRINUSE') }
    expect(await finding('listen.udp', probes, { OFFHOOK_LISTEN_UDP: '127.0.0.1:0' })).toMatchObject({ status: 'ok' })
  })

  describe('certificate', () => {
    const files = { OFFHOOK_CERTIFICATE_CERT: 'c.pem', OFFHOOK_CERTIFICATE_KEY: 'k.pem' }
    it.each([
      ['a.test', 'ok'],
      ['x.b.test', 'ok'],
      ['x.y.b.test', 'warning'],
      ['c.test', 'warning'],
    ])('for the domain %s is %s', async (domain, status) => {
      expect(await finding('certificate', {}, { ...files, OFFHOOK_DOMAIN: domain })).toMatchObject({ status })
    })

    it('is worth a warning 14 days before its end', async () => {
      const probes: Partial<Probes> = {
        loadCertificate: of => ({ ...certificate, files: of, notAfter: clock.now() + 13 * dayMs }),
      }
      expect(await finding('certificate', probes, files)).toMatchObject({ status: 'warning', advice: 'renew it now' })
    })

    it('that cannot be used fails with what to do', async () => {
      const probes: Partial<Probes> = {
        loadCertificate: () => {
          throw new OperatorError('CERTIFICATE_EXPIRED', 'the certificate c.pem expired on 2025-12-31: renew it')
        },
      }
      expect(await finding('certificate', probes, files)).toMatchObject({
        status: 'failed',
        text: 'the certificate c.pem expired on 2025-12-31',
        advice: 'renew it',
      })
    })

    it('does not matter without TLS', async () => {
      expect(
        await finding('certificate', {}, { OFFHOOK_LISTEN_TLS: 'off', OFFHOOK_LISTEN_HTTPS: 'off' }),
      ).toBeUndefined()
    })
  })

  it('pings every engine that is configured', async () => {
    const pingEngine = (engine: string) =>
      engine.endsWith('1') ? Promise.resolve() : Promise.reject(new Error('no reply'))
    const media = (await findings({ pingEngine }, { OFFHOOK_MEDIA_ENGINES: 'udp:127.0.0.1:1,udp:127.0.0.1:2' })).filter(
      ({ check }) => check === 'media',
    )
    expect(media).toMatchObject([
      { status: 'ok', text: 'rtpengine at udp:127.0.0.1:1 answers' },
      { status: 'failed', text: 'rtpengine at udp:127.0.0.1:2 does not answer (no reply)' },
    ])
  })
})

describe('offhook doctor', () => {
  async function run(probes: Partial<Probes>, ...args: string[]) {
    const stdout = new PassThrough()
    const program = new Command().exitOverride()
    const load = () => ({
      config: configWith(),
      warnings: ['OFFHOOK_LISTN_UDP is not read; did you mean OFFHOOK_LISTEN_UDP?'],
    })
    registerDoctor(program, { loadConfig: load, probes: { ...healthy, ...probes }, stdout, clock })
    const error = await program.parseAsync(['doctor', ...args], { from: 'user' }).then(
      () => undefined,
      (failed: unknown) => (failed as Error).message,
    )
    return { error, text: String(stdout.read()) }
  }

  it('prints a line for each finding and what to do below it', async () => {
    const { error, text } = await run({ findRtpengine: () => Promise.resolve(undefined) })
    expect(text).toContain(`
✖ media          no rtpengine on this machine
                 → install it (Debian, Ubuntu: apt install rtpengine-daemon) or set media.engines to one elsewhere
`)
    expect(text).toContain('! environment')
    expect(error).toBe('1 thing does not work')
  })

  it('is content with warnings', async () => {
    expect((await run({})).error).toBeUndefined()
  })

  it('prints JSON for programs', async () => {
    const { text } = await run({}, '--json')
    expect((JSON.parse(text) as Finding[]).find(({ check }) => check === 'node')).toEqual({
      check: 'node',
      status: 'ok',
      text: 'Node 20.20.0',
    })
  })
})

describe('renderFindings', () => {
  it('puts marks in front and texts under each other', () => {
    const text = renderFindings([
      { check: 'a', status: 'ok', text: 'fine' },
      { check: 'long', status: 'failed', text: 'broken', advice: 'mend it' },
    ])
    expect(text).toBe('✔ a     fine\n✖ long  broken\n        → mend it\n')
  })
})
