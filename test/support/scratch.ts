import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** A new empty folder for one peer's files. */
export function scratchFolder(name: string): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), `offhook-test-${name}-`))
}

export function removeFolder(folder: string): void {
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
