import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { systemClock } from '../../server/lib/clock.ts'
import { silentLog } from '../../server/lib/log.ts'
import { NoEngineError } from '../../server/media/engines.ts'
import { openMedia } from '../../server/media/open-media.ts'

const options = { mode: 'auto', engines: [], addresses: [], loopbackOnly: true, clock: systemClock } as const

it('an rtpengine that does not start leaves a system without media, which says why', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'offhook-test-'))
  try {
    const script =
      '#!/bin/sh\n[ "$1" = --version ] && echo "Version: 1.2.3" && exit\necho "no such interface" >&2\nexit 1\n'
    writeFileSync(join(folder, 'rtpengine'), script, { mode: 0o755 })
    const said: string[] = []
    const log = { ...silentLog, error: (_: object, text: string) => void said.push(text) }
    const media = await openMedia({ ...options, path: folder, log })
    expect(media.description).toMatch(/^none: .*rtpengine does not start \(rtpengine ended \(1\): no such interface\)$/)
    expect(said).toEqual([`media engine ${media.description}`])
    expect(() => media.engines?.open()).toThrow(NoEngineError)
    await media.close()
  } finally {
    rmSync(folder, { recursive: true })
  }
})

it('with media.mode none controls no media at all', async () => {
  const media = await openMedia({ ...options, mode: 'none', path: '', log: silentLog })
  expect(media.engines).toBeUndefined()
  expect(media.description).toContain('media.mode: none')
})
