// npm run bench: installs what is missing, then measures (main.ts; `--help` lists the options).
import path from 'node:path'
import { BENCH_PROGRAMS, installNpmPackages, installPrograms } from '../support/install.mjs'

const ROOT = path.resolve(import.meta.dirname, '../..')
const args = process.argv.slice(2)
process.chdir(ROOT)

try {
  installNpmPackages()
  installPrograms(BENCH_PROGRAMS)
  const { runnerImport } = await import('vite')
  const { module } = await runnerImport(path.join(import.meta.dirname, 'main.ts'), { configFile: false, root: ROOT })
  process.exitCode = await module.main(args)
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
