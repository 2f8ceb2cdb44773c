// Installs what a test run needs and finds missing. Zero-dependency: it runs before `npm ci` has.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

const ROOT = path.resolve(import.meta.dirname, '../..')
const LOCK = path.join(ROOT, 'package-lock.json')
const INSTALLED_LOCK = path.join(ROOT, 'node_modules/.package-lock.json')

/** Programs the tests start, and the Debian packages that bring them. */
export const TEST_PROGRAMS = {
  rtpengine: 'rtpengine-daemon',
  chromium: 'chromium',
  baresip: 'baresip-core',
  sipp: 'sip-tester',
}

/** What the benchmark starts. */
export const BENCH_PROGRAMS = {
  rtpengine: 'rtpengine-daemon',
  sipp: 'sip-tester',
  kamailio: ['kamailio', 'kamailio-sqlite-modules'],
}

/** `npm ci`, unless node_modules holds exactly what the lock file says. */
export function installNpmPackages() {
  if (isInstalled()) return
  console.log('Installing npm packages (npm ci)')
  run('npm', ['ci', '--no-audit', '--no-fund'])
}

/** Compares the lock file with the one npm leaves in node_modules; optional packages of other platforms may be absent. */
function isInstalled() {
  if (!existsSync(INSTALLED_LOCK)) return false
  const [wanted, installed] = [LOCK, INSTALLED_LOCK].map(file => JSON.parse(readFileSync(file, 'utf8')).packages)
  return Object.entries(wanted).every(([name, { optional, integrity }]) => {
    if (name === '') return true
    return name in installed ? installed[name].integrity === integrity : optional
  })
}

/** Installs the Debian packages of the programs that are missing; without root or apt it names them and gives up. */
export function installPrograms(programs) {
  const missing = Object.keys(programs).filter(program => !isOnPath(program))
  if (missing.length === 0) return
  const packages = missing.flatMap(program => programs[program])
  console.log(`Missing programs: ${missing.join(', ')}`)
  if (process.getuid?.() !== 0 || !isOnPath('apt-get')) {
    throw new Error(`Please install these Debian packages and start again: ${packages.join(' ')}`)
  }
  // At run level 1 the packages' own services are not started: the tests start their own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  console.log(`Installing Debian packages: ${packages.join(' ')}`)
  run('apt-get', ['update', '-qq'], env)
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], env)
}

function isOnPath(program) {
  return [...(process.env.PATH ?? '').split(':'), '/usr/sbin'].some(folder => {
    try {
      accessSync(path.join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function run(command, args, env = process.env) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, env, stdio: 'inherit' })
  if (status !== 0) throw new Error(`${command} ${args[0]} failed: ${error?.message ?? `status ${status}`}`)
}
