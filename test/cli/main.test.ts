import { EventEmitter } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { run, type Terminal } from '../../server/cli/main.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'offhook-cli-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function offhook(...args: string[]) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const env = { OFFHOOK_DATA_DIR: join(folder, 'data') }
  const terminal = Object.assign(new EventEmitter(), { stdin, stdout, stderr, env }) as unknown as Terminal
  const status = await run(['node', 'offhook', ...args], terminal)
  return { status, stdout: textOf(stdout), stderr: textOf(stderr) }
}
const textOf = (stream: PassThrough): string => (stream.read() as Buffer | null)?.toString() ?? ''
const config = (text: string): string => {
  const file = join(folder, 'o.yaml')
  writeFileSync(file, text)
  return file
}

describe('offhook', () => {
  it('helps on standard output and ends well', async () => {
    const { status, stdout } = await offhook('--help')
    expect(status).toBe(0)
    for (const command of ['serve', 'doctor', 'user', 'ul', 'online']) expect(stdout).toContain(`  ${command}`)
  })

  it('tells its version', async () => {
    expect((await offhook('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it('does what a command says, in the database of the configuration', async () => {
    expect((await offhook('user', 'add', 'alice')).stdout).toContain('added alice@offhook.internal')
    const listed = JSON.parse((await offhook('user', 'list', '--json')).stdout) as object[]
    expect(listed).toMatchObject([{ username: 'alice' }])
  })

  it('keeps accounts under the domain they were made in when the configuration names another', async () => {
    await offhook('user', 'add', 'alice')
    const file = config(`domain: other.test\ndataDir: ${join(folder, 'data')}`)
    expect((await offhook('--config', file, 'user', 'add', 'bob')).stdout).toContain('added bob@other.test')
    expect((await offhook('--config', file, 'user', 'add', 'carol@offhook.internal')).status).toBe(0)
  })

  const failures: [string, string[], RegExp][] = [
    ['an unknown command', ['usr'], /^offhook: unknown command 'usr'\n/],
    ['a missing argument', ['user', 'add'], /^offhook: missing required argument/],
    ['a command that cannot be done', ['user', 'list'], /^offhook: database \S+ does not exist: [^\n]+\n$/],
    [
      'a configuration that is not there',
      ['--config', '/none.yaml', 'doctor'],
      /^offhook: the configuration file \/none.yaml does not exist\n$/,
    ],
  ]
  it.each(failures)('ends with a status that is not 0 and says why: %s', async (_, args, text) => {
    const { status, stdout, stderr } = await offhook(...args)
    expect(status).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toMatch(text)
  })

  it('tells each problem of the configuration in a line of its own', async () => {
    const { status, stderr } = await offhook('--config', config('domian: x\nlog: 3'), 'serve')
    expect(status).toBe(1)
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^offhook: .*o.yaml:1: domian: .*did you mean "domain"\?/),
      expect.stringMatching(/^offhook: .*o.yaml:2: log: must be a group of keys$/),
    ])
  })

  it('shows where an error comes from with --verbose only', async () => {
    expect((await offhook('--verbose', 'user', 'list')).stderr).toContain('    at ')
    expect((await offhook('user', 'list')).stderr).not.toContain('    at ')
  })
})
