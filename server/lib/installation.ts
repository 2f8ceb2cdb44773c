import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Where this program lies and what it is. */
export interface Installation {
  /** Folder of our package.json. */
  readonly root: string
  readonly version: string
  /** True in a clone with the sources, false in the published package. */
  readonly isClone: boolean
}

/**
 * The same answer from `server/` in a clone and from a bundle in `dist/server/`: the nearest folder above with our package.json.
 * Throws when there is none, which is a broken installation.
 */
export function findInstallation(from: string = import.meta.dirname): Installation {
  for (let folder = from; ; folder = dirname(folder)) {
    const manifest = readManifest(join(folder, 'package.json'))
    if (manifest?.name === 'offhook')
      return { root: folder, version: manifest.version, isClone: existsSync(join(folder, 'server', 'config.ts')) }
    if (folder === dirname(folder)) throw new Error(`no package.json of offhook above ${from}`)
  }
}

function readManifest(file: string): { name: string; version: string } | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { name: string; version: string }) : undefined
}
