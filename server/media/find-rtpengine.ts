import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

/** Where packages put it, looked at after PATH: services often run with a PATH that lacks the `sbin` folders. */
const usualFolders = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin']

/** Full path of an rtpengine that this machine can run; undefined when there is none. `path` is written like `PATH`. */
export async function findRtpengine(path = '', folders: readonly string[] = usualFolders): Promise<string | undefined> {
  // An empty entry of PATH means the working folder, which is no place to run programs from.
  for (const folder of [...path.split(delimiter), ...folders].filter(Boolean)) {
    const file = join(folder, 'rtpengine')
    if (await isExecutable(file)) return file
  }
  return undefined
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** What `--version` prints: `10.5.3.5-1+deb12u1`; `unknown` when it prints something else. Rejects when it cannot be run. */
export async function readVersion(file: string): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(file, ['--version'], { timeout: 5000 })
  return /Version:\s*(\S+)/.exec(stdout + stderr)?.[1] ?? 'unknown'
}
