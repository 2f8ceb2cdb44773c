import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

/** A clone in which everything is installed; npm and vite write down how they were called. */
let clone: string
const put = (name: string, text: string): void => {
  mkdirSync(dirname(join(clone, name)), { recursive: true })
  writeFileSync(join(clone, name), text)
}
const lock = (version: string): string =>
  JSON.stringify({
    packages: { '': {}, 'node_modules/a': { version }, 'node_modules/other-platform': { version, optional: true } },
  })
const builder = `
const fs = require('node:fs')
fs.appendFileSync('calls', 'vite ' + process.argv.slice(2, 5).join(' ') + '\\n')
if (fs.existsSync('broken')) { console.error('syntax error in page.ts'); process.exit(1) }
fs.mkdirSync('dist/server', { recursive: true })
fs.writeFileSync('dist/server/cli.js', 'export const run = async argv => { console.log("ran", ...argv.slice(2)); return 3 }')
`
const installer = `
const fs = require('node:fs')
fs.appendFileSync('calls', 'npm ' + process.argv.slice(2, 4).join(' ') + '\\n')
fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json')
`

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'offhook-clone-'))
  for (const name of ['start.mjs', 'offhook.mjs']) {
    mkdirSync(join(clone, 'server'), { recursive: true })
    copyFileSync(join(import.meta.dirname, '..', 'server', name), join(clone, 'server', name))
  }
  put('client/page.ts', '')
  put('vite.config.ts', '')
  put('package.json', '{"type":"module"}')
  put('package-lock.json', lock('1.0.0'))
  put('node_modules/.package-lock.json', JSON.stringify({ packages: { 'node_modules/a': { version: '1.0.0' } } }))
  put('node_modules/vite/package.json', '{"type":"commonjs"}')
  put('node_modules/vite/bin/vite.js', builder)
  put('npm/package.json', '{"type":"commonjs"}')
  put('npm/npm-cli.js', installer)
  age()
})
afterEach(() => rmSync(clone, { recursive: true, force: true }))

/** Sources are older than what is built next, as in life. */
function age(): void {
  const past = new Date(Date.now() - 60_000)
  for (const name of ['server/start.mjs', 'server/offhook.mjs', 'server', 'client/page.ts', 'client'])
    utimesSync(join(clone, name), past, past)
  for (const name of ['vite.config.ts', 'package.json', 'package-lock.json']) utimesSync(join(clone, name), past, past)
}

function node(...args: string[]) {
  rmSync(join(clone, 'calls'), { force: true })
  const env = { PATH: process.env.PATH, npm_execpath: join(clone, 'npm', 'npm-cli.js') }
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: clone, env, encoding: 'utf8' })
  const calls = existsSync(join(clone, 'calls')) ? readFileSync(join(clone, 'calls'), 'utf8').trim().split('\n') : []
  return { status, stdout, stderr, calls }
}
const prepare = () => node('server/start.mjs', '--build-only')
const bothBuilds = ['vite build --mode server', 'vite build --mode client']

describe('server/start.mjs', () => {
  it('builds the server and the pages once', () => {
    expect(prepare().calls).toEqual(bothBuilds)
    expect(prepare().calls).toEqual([])
  })

  it('builds again when a file is newer, has come, or has gone', () => {
    prepare()
    const soon = new Date(Date.now() + 1000)
    utimesSync(join(clone, 'client/page.ts'), soon, soon)
    expect(prepare().calls).toEqual(bothBuilds)
    age()
    expect(prepare().calls).toEqual([])
    rmSync(join(clone, 'client/page.ts'))
    expect(prepare().calls).toEqual(bothBuilds)
  })

  it('installs when what is there is not what the lock file says, and minds no packages of other platforms', () => {
    prepare()
    put('package-lock.json', lock('2.0.0'))
    expect(prepare().calls).toEqual(['npm ci --include=dev', ...bothBuilds])
    rmSync(join(clone, 'node_modules/.package-lock.json'))
    age()
    expect(prepare().calls).toEqual(['npm ci --include=dev'])
  })

  it('says what failed, and builds again next time', () => {
    put('broken', '')
    const { status, stderr } = prepare()
    expect(status).toBe(1)
    expect(stderr).toContain('syntax error in page.ts')
    expect(stderr).toContain('offhook: ')
    rmSync(join(clone, 'broken'))
    expect(prepare().calls).toEqual(bothBuilds)
  })

  it('takes over the lock of a build that was killed', () => {
    put('node_modules/.offhook-build/pid', '999999999')
    expect(prepare().status).toBe(0)
    expect(existsSync(join(clone, 'node_modules/.offhook-build'))).toBe(false)
  })

  it('serves with the options it is given, and ends with the status of the program', () => {
    const { status, stdout } = node('server/start.mjs', '--config', 'x.yaml')
    expect(status).toBe(3)
    expect(stdout).toContain('Building the server …')
    expect(stdout).toContain('ran serve --config x.yaml')
  })
})

describe('server/offhook.mjs', () => {
  it('builds without a word and passes its arguments on', () => {
    const { stdout, calls } = node('server/offhook.mjs', 'user', 'list')
    expect(calls).toEqual(bothBuilds)
    expect(stdout).toBe('ran user list\n')
  })

  it('shows what a failed build said', () => {
    put('broken', '')
    const { status, stdout, stderr } = node('server/offhook.mjs', 'user', 'list')
    expect(status).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain('syntax error in page.ts')
  })

  it('runs from the published package, which has nothing to build', () => {
    node('server/start.mjs', '--build-only')
    rmSync(join(clone, 'vite.config.ts'))
    rmSync(join(clone, 'node_modules'), { recursive: true })
    expect(node('server/offhook.mjs', 'doctor')).toMatchObject({ stdout: 'ran doctor\n', calls: [] })
  })
})
