import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../server/lib/clock.ts'
import { silentLog, type Log } from '../../server/lib/log.ts'
import { Engines } from '../../server/media/engines.ts'
import { findRtpengine } from '../../server/media/find-rtpengine.ts'
import { guard } from '../../server/media/guard.ts'
import { mediaInterfaces } from '../../server/media/media-interfaces.ts'
import { claimPorts, type PortClaim } from '../../server/media/port-claim.ts'
import { SupervisedEngine, type SupervisedEngineOptions } from '../../server/media/supervised-engine.ts'
import { attributes, parseSdp } from '../../server/sip/sdp/sdp.ts'
import { browserSdp, phoneSdp, rtpengine } from './support/engine.ts'

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
const until = async (isSo: () => boolean) => {
  while (!isSo()) await new Promise(resolve => setTimeout(resolve, 10))
}
/** Pid of the program below its guard; 0 when it does not run. */
const childOf = (guardPid: number, name: string): number =>
  Number(spawnSync('pgrep', ['-P', String(guardPid), '-x', name], { encoding: 'utf8' }).stdout.trim())
const engineOf = (guardPid: number): number => childOf(guardPid, 'rtpengine')

describe.skipIf(!rtpengine)('a supervised engine', () => {
  const common = { interfaces: ['127.0.0.1'], clock: systemClock, log: silentLog }
  const running: SupervisedEngine[] = []
  const start = async (options: Partial<SupervisedEngineOptions> = {}) => {
    const engine = await SupervisedEngine.start({ path: rtpengine!, ...common, ...options })
    running.push(engine)
    return engine
  }
  afterEach(async () => {
    await Promise.all(running.splice(0).map(engine => engine.close()))
  })

  it('answers once it is started, and is gone once it is closed', async () => {
    const engine = await start()
    expect(engine.version).toMatch(/^\d+\.\d+/)
    const pid = engineOf(engine.pid!)
    const engines = new Engines({ engines: [{ id: 'e', address: engine.address }], ...common })
    await engines.start()
    expect(engines.health).toEqual([{ id: 'e', isUp: true }])
    engines.close()
    await engine.close()
    await engine.close()
    expect(isAlive(pid)).toBe(false)
  })

  it('is started again when it dies, at the same address', async () => {
    const engine = await start({ restartMs: 1 })
    const { address } = engine
    const first = engine.pid!
    process.kill(engineOf(first), 'SIGKILL')
    await until(() => engine.pid !== undefined && engine.pid !== first)
    expect(engine.address).toBe(address)
    const engines = new Engines({ engines: [{ id: 'e', address }], ...common, retryIntervalMs: 10, retransmitMs: 10 })
    await engines.start()
    await until(() => engines.health[0]!.isUp)
    engines.close()
  })

  it('leaves no engine behind when its guard is killed', async () => {
    const engine = await start({ restartMs: 60_000 })
    const [guard, pid] = [engine.pid!, engineOf(engine.pid!)]
    process.kill(guard, 'SIGKILL')
    await until(() => !isAlive(pid))
  })

  it('tells its last words when it cannot be started', async () => {
    await expect(start({ interfaces: ['no-address'] })).rejects.toThrow(/rtpengine ended.*interface/i)
  })

  it('rejects when there is no such program', async () => {
    await expect(start({ path: '/nonexistent/rtpengine' })).rejects.toThrow('ENOENT')
  })

  it('uses ports that no other copy uses', async () => {
    const [one, other] = [await start(), await start()]
    expect(one.ports.max < other.ports.min || other.ports.max < one.ports.min).toBe(true)
  })

  it('passes what the engine says on to the log', async () => {
    const lines: [level: string, text: string][] = []
    const note = (level: string) => (_: object, text: string) => void lines.push([level, text])
    const log: Log = {
      debug: note('debug'),
      info: note('info'),
      warn: note('warn'),
      error: note('error'),
      child: () => log,
    }
    const engine = await start({ log })
    const engines = new Engines({ engines: [{ id: 'e', address: engine.address }], ...common })
    await engines.start()
    const session = engines.open()
    const [from, to] = [{ id: 'a', profile: 'rtp' } as const, { id: 'b', profile: 'rtp' } as const]
    await session.offer({ sdp: phoneSdp(4000), from, to, branch: 'b1' })
    await session.delete()
    engines.close()
    await until(() => lines.some(([level, text]) => level === 'debug' && text.includes('Creating new call')))
    expect(lines).toContainEqual(['info', 'rtpengine started'])
  })

  it('offers a browser every address, and a phone the first', async () => {
    const interfaces = ['127.0.0.1!203.0.113.5', '127.0.0.1', '127.0.0.2']
    const engine = await start({ interfaces })
    const engines = new Engines({ engines: [{ id: 'e', address: engine.address }], ...common })
    await engines.start()
    const session = engines.open()
    const [web, phone] = [{ id: 'w', profile: 'webrtc' } as const, { id: 'p', profile: 'rtp' } as const]
    const toPhone = await session.offer({ sdp: browserSdp(), from: web, to: phone, branch: 'b1' })
    const toWeb = await session.answer({ sdp: phoneSdp(4000), from: web, to: phone, branch: 'b1' })
    await session.delete()
    engines.close()
    expect(toPhone).toContain('c=IN IP4 203.0.113.5')
    const candidates = attributes(parseSdp(toWeb)!.media[0]!, 'candidate').map(candidate => candidate.split(' ')[4])
    expect(new Set(candidates)).toEqual(new Set(['203.0.113.5', '127.0.0.1', '127.0.0.2']))
  })
})

describe('the guard', () => {
  it('ends its program when the one who started it is killed', async () => {
    // A process of its own stands for the server: it holds the other end of the guard's standard input.
    const keeper = spawn(process.execPath, ['-e', keeperScript, guard], { stdio: ['ignore', 'pipe', 'inherit'] })
    const guardPid = await new Promise<number>(resolve =>
      keeper.stdout.once('data', data => resolve(Number(String(data)))),
    )
    let pid = 0
    await until(() => (pid = childOf(guardPid, 'sleep')) > 0)
    keeper.kill('SIGKILL')
    await until(() => !isAlive(pid) && !isAlive(guardPid))
  })

  it('ends with the status of its program', async () => {
    const child = spawn('/bin/sh', ['-c', guard, 'guard', 'sh', '-c', 'exit 7'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    expect(await once(child, 'exit')).toEqual([7, null])
  })
})

/** Starts the guard that it is given around a program that only sleeps, and tells the guard's pid. */
const keeperScript = `
const guard = require('node:child_process').spawn('/bin/sh', ['-c', process.argv[1], 'guard', 'sleep', '600'],
  { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
console.log(guard.pid)
setInterval(() => {}, 1000)`

describe('finding rtpengine', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'offhook-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('looks along PATH and then where packages put it', async () => {
    const file = join(folder, 'rtpengine')
    writeFileSync(file, '#!/bin/sh\n', { mode: 0o755 })
    expect(await findRtpengine(`/nonexistent:${folder}`, [])).toBe(file)
    expect(await findRtpengine('/nonexistent', [folder])).toBe(file)
    expect(await findRtpengine('', [])).toBeUndefined()
  })

  it('takes no file that cannot be run', async () => {
    writeFileSync(join(folder, 'rtpengine'), '', { mode: 0o644 })
    expect(await findRtpengine(folder, [])).toBeUndefined()
  })
})

describe('claiming ports', () => {
  it('gives a range once until it is released', async () => {
    const ranges = [
      { min: 19_000, max: 19_099 },
      { min: 19_100, max: 19_199 },
    ]
    const claims: PortClaim[] = [await claimPorts(ranges), await claimPorts(ranges)]
    expect(claims.map(({ range }) => range)).toEqual([
      { min: 19_002, max: 19_099 },
      { min: 19_102, max: 19_199 },
    ])
    await expect(claimPorts(ranges)).rejects.toThrow('no free range')
    for (const claim of claims) claim.release()
    const again = await claimPorts(ranges)
    again.release()
    again.release()
  })
})

describe('the interfaces of an engine on this machine', () => {
  it.each([
    ['a machine on a network', { addresses: ['192.168.1.2', 'fd00::2'] }, ['192.168.1.2', '127.0.0.1']],
    ['a machine without a network', { addresses: [] }, ['127.0.0.1']],
    ['a server that listens on loopback only', { addresses: ['192.168.1.2'], loopbackOnly: true }, ['127.0.0.1']],
    [
      'a machine with the public address',
      { addresses: ['10.0.0.2', '203.0.113.5'], publicAddress: '203.0.113.5' },
      ['203.0.113.5', '127.0.0.1'],
    ],
    [
      'a machine behind a NAT',
      { addresses: ['10.0.0.2'], publicAddress: '203.0.113.5' },
      ['10.0.0.2!203.0.113.5', '10.0.0.2', '127.0.0.1'],
    ],
  ])('suit %s', (_, addresses, interfaces) => {
    expect(mediaInterfaces(addresses)).toEqual(interfaces)
  })
})
