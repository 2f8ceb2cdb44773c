import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'vite'

/** Below the project, so that the bundle finds the same node_modules. */
const runFolder = resolve(import.meta.dirname, '../.run')

/** A TypeScript module of ours made ready to run as a process of its own. */
export class ChildProgram {
  readonly #folder: string
  readonly #children: ChildProcessWithoutNullStreams[] = []

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async bundle(entry: string): Promise<ChildProgram> {
    mkdirSync(runFolder, { recursive: true })
    const folder = mkdtempSync(join(runFolder, 'child-'))
    await build({
      configFile: false,
      logLevel: 'error',
      build: { ssr: entry, outDir: folder, rollupOptions: { output: { entryFileNames: 'main.mjs' } } },
    })
    return new ChildProgram(folder)
  }

  start(...args: string[]): ChildProcessWithoutNullStreams {
    const child = spawn(process.execPath, [join(this.#folder, 'main.mjs'), ...args])
    child.stderr.pipe(process.stderr)
    this.#children.push(child)
    return child
  }

  close(): void {
    for (const child of this.#children) child.kill('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
