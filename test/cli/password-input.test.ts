import { PassThrough, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { readNewPassword } from '../../server/cli/password-input.ts'

describe('readNewPassword', () => {
  it('hides what is typed from before the first question until after the last answer', async () => {
    const events: string[] = []
    const stdin = Object.assign(new PassThrough(), {
      isTTY: true,
      setRawMode: (mode: boolean) => void events.push(mode ? 'hide' : 'show'),
    })
    const stderr = new Writable({
      write(chunk: Buffer, _encoding, done) {
        events.push(chunk.toString())
        done()
      },
    })
    stdin.write('secret-one\r')
    const reading = readNewPassword({ stdin, stderr }, false)
    stdin.write('secret-\u{1f511}x\x7f\x7fone\r')
    expect(await reading).toBe('secret-one')
    expect(events).toEqual(['hide', 'Password: ', '\n', 'Again: ', '\n', 'show'])
  })

  it('is cancelled when the terminal goes away', async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true })
    stdin.end('secret')
    await expect(readNewPassword({ stdin, stderr: new PassThrough() }, false)).rejects.toThrow('cancelled')
  })
})
