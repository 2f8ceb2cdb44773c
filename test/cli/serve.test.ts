import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { registerServe, type RunningServer, type ServeDeps } from '../../server/cli/serve.ts'
import { loadConfig } from '../../server/config.ts'
import { silentLog } from '../../server/lib/log.ts'

/** `offhook serve` with a start that ends when the test says so. */
function serve(start: () => Promise<RunningServer>) {
  const signals = new EventEmitter()
  const stdout = new PassThrough()
  const exits: number[] = []
  const deps: ServeDeps = {
    loadConfig: () => loadConfig({ folder: '/srv', env: {} }),
    createLog: () => silentLog,
    start,
    stdout,
    hasColors: false,
    signals,
    exit: status => void exits.push(status),
  }
  const program = new Command().exitOverride()
  registerServe(program, deps)
  return { done: program.parseAsync(['serve'], { from: 'user' }), signals, exits, stdout }
}

function server() {
  const events: string[] = []
  const running: RunningServer = {
    welcome: {
      version: '1.2.3',
      domain: 'a.test',
      machine: { names: [], loopback: [], addresses: [] },
      listeners: { udp: [], tcp: [], tls: [] },
      engine: 'none',
      echo: '*43',
    },
    stop: () => Promise.resolve(void events.push('stopped')),
  }
  return { running, events }
}

const settle = () => new Promise(resolve => setImmediate(resolve))

describe('offhook serve', () => {
  it.each(['SIGTERM', 'SIGINT'])('prints the table, and stops in order on %s', async signal => {
    const { running, events } = server()
    const { done, signals, exits, stdout } = serve(() => Promise.resolve(running))
    await settle()
    expect(String(stdout.read())).toContain('Offhook 1.2.3 is running')
    expect(events).toEqual([])
    signals.emit(signal)
    await done
    expect(events).toEqual(['stopped'])
    expect(exits).toEqual([0])
    expect(signals.eventNames()).toEqual([])
  })

  it('ends at once on a second signal', async () => {
    const { running } = server()
    const { signals, exits } = serve(() => Promise.resolve({ ...running, stop: () => new Promise<void>(() => {}) }))
    await settle()
    signals.emit('SIGTERM')
    await settle()
    expect(exits).toEqual([])
    signals.emit('SIGINT')
    expect(exits).toEqual([130])
  })

  it('lets the start end before it stops', async () => {
    const { running, events } = server()
    let started: (of: RunningServer) => void = () => {}
    const { done, signals } = serve(() => new Promise(resolve => (started = resolve)))
    await settle()
    signals.emit('SIGTERM')
    await settle()
    expect(events).toEqual([])
    started(running)
    await done
    expect(events).toEqual(['stopped'])
  })

  it('passes on why a start failed', async () => {
    const { done, signals } = serve(() => Promise.reject(new Error('UDP 0.0.0.0:5060 is taken')))
    await expect(done).rejects.toThrow('is taken')
    expect(signals.eventNames()).toEqual([])
  })
})
