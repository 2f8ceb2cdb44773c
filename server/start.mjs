// npm start: installs what is missing, builds what is out of date, and serves. Needs nothing but Node and npm.
//
//   node server/start.mjs [--build-only] [OPTION…]      options go to `offhook serve`
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const inRoot = (...names) => path.join(root, ...names)

/** What the builds read. A folder counts with its own time too, which changes when a file in it comes or goes. */
const sources = ['server', 'client', 'vite.config.ts', 'package.json', 'package-lock.json']
const builds = ['server', 'client']
const builtStamp = inRoot('dist', '.built')
const lockFolder = inRoot('node_modules', '.offhook-build')
/** A build takes seconds; who waits longer than this waits for something that hangs. */
const lockPatienceMs = 120_000

/** Makes `dist/` current. Does nothing in the published package, which has neither sources nor a need for it. */
export function prepare({ say = console.log, output = 'inherit' } = {}) {
  if (!existsSync(inRoot('vite.config.ts'))) return
  if (!isInstalled()) {
    say('Installing packages (npm ci) …')
    // The build needs the development packages, whatever NODE_ENV says.
    npm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], output)
  }
  if (isBuilt()) return
  withLock(() => {
    if (isBuilt()) return
    // What is saved while it builds is newer than this, and builds again next time.
    const began = new Date()
    for (const mode of builds) {
      say(`Building the ${mode} …`)
      node([inRoot('node_modules', 'vite', 'bin', 'vite.js'), 'build', '--mode', mode, '--logLevel', 'warn'], output)
    }
    writeFileSync(builtStamp, began.toISOString())
  })
}

/** Runs the program in this process: signals, exit status and `kill -9` mean it and nobody else. */
export async function runOffhook(argv) {
  process.setSourceMapsEnabled(true)
  stopWithShell()
  const { run } = await import('../dist/server/cli.js')
  process.exitCode = await run([process.execPath, 'offhook', ...argv])
}

/** Compares the lock file with the one that npm leaves in node_modules. Native parts are N-API: one for all versions of Node. */
function isInstalled() {
  const installedLock = inRoot('node_modules', '.package-lock.json')
  if (!existsSync(installedLock)) return false
  const [wanted, installed] = [inRoot('package-lock.json'), installedLock].map(
    file => JSON.parse(readFileSync(file, 'utf8')).packages,
  )
  return Object.entries(wanted).every(([name, { optional, version }]) => {
    if (name === '') return true
    // Optional packages are those of other platforms.
    return name in installed ? installed[name].version === version : optional === true
  })
}

function isBuilt() {
  if (!existsSync(builtStamp)) return false
  const built = Date.parse(readFileSync(builtStamp, 'utf8'))
  return sources.every(name => newest(inRoot(name)) <= built)
}

function newest(file) {
  const stat = statSync(file)
  if (!stat.isDirectory()) return stat.mtimeMs
  return readdirSync(file).reduce((time, name) => Math.max(time, newest(path.join(file, name))), stat.mtimeMs)
}

/** Two that start at once must not build into each other's output: the second waits and finds the work done. */
function withLock(work) {
  const end = Date.now() + lockPatienceMs
  const owner = path.join(lockFolder, 'pid')
  for (;;) {
    try {
      mkdirSync(lockFolder)
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
      if (Date.now() > end)
        throw new Error(`another build holds ${lockFolder}: if there is none, remove it`, { cause: error })
      if (isAbandoned(owner)) rmSync(lockFolder, { recursive: true, force: true })
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
    }
  }
  try {
    writeFileSync(owner, String(process.pid))
    work()
  } finally {
    rmSync(lockFolder, { recursive: true, force: true })
  }
}

function isAbandoned(owner) {
  try {
    process.kill(Number(readFileSync(owner, 'utf8')), 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

function npm(args, output) {
  const cli = process.env.npm_execpath
  if (cli?.endsWith('.js')) node([cli, ...args], output)
  else run('npm', args, output, process.platform === 'win32')
}

const node = (args, output) => run(process.execPath, args, output)

/** What a quiet step wrote shows when it failed. */
function run(command, args, output, shell = false) {
  const { status, error, stderr } = spawnSync(command, args, { cwd: root, stdio: ['ignore', output, output], shell })
  if (status === 0) return
  if (stderr) process.stderr.write(stderr)
  throw new Error(`${path.basename(command)} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}`)
}

/**
 * Under `npm start` and `npx`: npm passes a signal on to its shell, and the shell to nobody. When it is gone, we stop as if the
 * signal had come here.
 */
function stopWithShell() {
  if (!process.env.npm_lifecycle_event) return
  const shell = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === shell) return
    clearInterval(timer)
    process.kill(process.pid, 'SIGTERM')
  }, 500)
  timer.unref()
}

async function main(args) {
  const started = performance.now()
  try {
    prepare()
  } catch (error) {
    console.error(`offhook: ${error.message}`)
    process.exitCode = 1
    return
  }
  if (args.includes('--build-only'))
    console.log(`dist/ is current (${((performance.now() - started) / 1000).toFixed(1)} s).`)
  else await runOffhook(['serve', ...args])
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url))
  await main(process.argv.slice(2))
