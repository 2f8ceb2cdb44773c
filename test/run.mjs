// npm test: installs what is missing, builds, and checks everything there is to check.
//
//   node test/run.mjs [STEP…] [FILTER…]
//
// STEP is a heading below (types, lint, format, imports, unit, flows, calls): only those run.
// Anything else is a part of a test file's path: only those files run.
// The last line of each run is the sum, `N passed, N failed`; a check that fails counts as one failure.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { installNpmPackages, installPrograms, TEST_PROGRAMS } from './support/install.mjs'

const ROOT = path.resolve(import.meta.dirname, '..')
const REPORTS = path.join(ROOT, 'test/.run')

/** Checks end with a status; suites also with a report of vitest's. */
const STEPS = [
  { name: 'types', title: 'Type check', command: ['npx', 'tsc', '--noEmit'] },
  { name: 'lint', title: 'Lint', command: ['npx', 'eslint', '.'] },
  { name: 'format', title: 'Format', command: ['npx', 'prettier', '--check', '.'] },
  { name: 'imports', title: 'Directions of imports, and cycles', command: ['npm', 'run', '--silent', 'imports'] },
  { name: 'unit', title: 'Unit tests', suite: true },
  { name: 'flows', title: 'SIP flows against a running server (sipp)', suite: true },
  { name: 'calls', title: 'Whole calls with sound (Chromium, baresip, rtpengine)', suite: true },
]

const args = process.argv.slice(2)
const chosen = STEPS.filter(step => args.includes(step.name))
const filters = args.filter(arg => !chosen.some(step => step.name === arg))
const steps = chosen.length > 0 ? chosen : filters.length > 0 ? STEPS.filter(step => step.suite) : STEPS

try {
  process.exitCode = main()
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}

function main() {
  const usesPrograms = steps.some(step => step.name === 'flows' || step.name === 'calls')
  timed('Install what is missing', () => {
    installNpmPackages()
    if (usesPrograms) installPrograms(TEST_PROGRAMS)
  })
  if (usesPrograms && !timed('Build', () => run(['npm', 'run', '--silent', 'build']))) {
    console.error('The build failed.')
    return 1
  }

  const sum = { passed: 0, failed: 0 }
  const broken = []
  for (const step of steps) {
    const { passed, failed } = timed(step.title, () => (step.suite ? runSuite(step) : runCheck(step)))
    sum.passed += passed
    sum.failed += failed
    if (failed > 0) broken.push(step.title)
  }
  const ran = sum.passed + sum.failed > 0 || steps.every(step => !step.suite)
  if (!ran) console.error('No test ran.')
  if (broken.length > 0) console.log(`\nFailed: ${broken.join('; ')}`)
  console.log(`\n${sum.passed} passed, ${sum.failed} failed`)
  return ran && sum.failed === 0 ? 0 : 1
}

function runCheck({ command }) {
  return { passed: 0, failed: run(command) ? 0 : 1 }
}

/** One vitest project; the numbers are those of its report, and a run that breaks off counts as a failure. */
function runSuite({ name }) {
  const report = path.join(REPORTS, `${name}.json`)
  mkdirSync(REPORTS, { recursive: true })
  rmSync(report, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const isOk = run(['npx', 'vitest', 'run', '--project', name, '--passWithNoTests', ...reporters, ...filters])
  if (!existsSync(report)) return { passed: 0, failed: 1 }
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'))
  const isBroken = !isOk && numFailedTests === 0
  return { passed: numPassedTests, failed: numFailedTests + (isBroken ? 1 : 0) }
}

function timed(title, work) {
  console.log(`\n== ${title}`)
  const start = performance.now()
  const result = work()
  console.log(`== ${title}: ${((performance.now() - start) / 1_000).toFixed(1)} s`)
  return result
}

function run([command, ...rest]) {
  return spawnSync(command, rest, { cwd: ROOT, stdio: 'inherit' }).status === 0
}
