import { describe, expect, it } from 'vitest'
import { createLog, type LogOptions } from '../server/log.ts'

function capture(options: Partial<LogOptions> = {}) {
  let written = ''
  const destination = { write: (text: string) => void (written += text) }
  const log = createLog({
    level: 'debug',
    format: 'json',
    isTerminal: false,
    hasColors: false,
    destination,
    ...options,
  })
  return {
    log,
    text: () => written,
    lines: () =>
      written
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as object),
  }
}

describe('createLog', () => {
  it('writes one JSON object a line with time, level, context and text', () => {
    const { log, lines } = capture()
    log.child({ call: 'c1' }).info({ aor: 'sip:1001@a.test' }, 'call answered')
    expect(lines()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
        call: 'c1',
        aor: 'sip:1001@a.test',
        msg: 'call answered',
      },
    ])
  })

  it('writes nothing below its level', () => {
    const { log, text } = capture({ level: 'warn' })
    log.info({}, 'quiet')
    expect(text()).toBe('')
  })

  it('writes readable lines for a terminal', () => {
    const { log, text } = capture({ format: 'auto', isTerminal: true })
    log.warn({ trunk: 'carrier' }, 'gateway silent')
    expect(text()).toMatch(/WARN.*gateway silent.*carrier/)
  })

  it('never lets credentials through, as fields or in SIP text', () => {
    const { log, text } = capture()
    log.debug({ authorization: 'SECRET', headers: { proxyAuthorization: 'SECRET' }, user: { password: 'SECRET' } }, 'a')
    log.debug(
      {
        message:
          'REGISTER sip:a.test SIP/2.0\r\nauthorization : Digest SECRET,\r\n response=SECRET\r\nTo: <sip:a@b>\r\n\r\n',
      },
      'b',
    )
    log.debug({ message: 'INVITE sip:a.test SIP/2.0\r\nProxy-Authorization: Digest SECRET\r\n\r\n' }, 'c')
    expect(text()).not.toContain('SECRET')
    expect(text()).toContain('To: <sip:a@b>')
  })

  it('writes an error with its stack', () => {
    const { log, text } = capture()
    log.error({ err: new Error('broken pipe') }, 'listener failed')
    expect(text()).toContain('log.test.ts')
  })
})
