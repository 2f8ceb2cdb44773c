import { beforeEach, describe, expect, it } from 'vitest'
import type { Binding } from '../../server/registrar/binding.ts'
import { aliceBinding } from '../store/samples.ts'
import { CommandRunner } from './run-command.ts'

const deskPhone: Binding = {
  ...aliceBinding,
  id: 'fedcba98765432100123',
  key: 'sip:alice@192.0.2.7:5060',
  contact: 'sip:alice@192.0.2.7:5060',
  instanceId: undefined,
  regId: undefined,
  q: 1000,
  userAgent: 'Evil \x1b[2J\x9b',
  flow: { ...aliceBinding.flow, transport: 'udp', remote: { host: '192.0.2.7', port: 5060 } },
  isWebSocket: false,
}
const bobs: Binding = { ...deskPhone, aor: 'sip:bob@example.com', userAgent: undefined }
const gone: Binding = { ...bobs, key: 'old', contact: 'sip:old@192.0.2.8', expiresAt: 1_699_999_999_999 }

let offhook: CommandRunner

beforeEach(async () => {
  offhook = new CommandRunner()
  await offhook.withStore(async ({ bindings }) =>
    bindings.apply({ put: [bobs, gone, aliceBinding, deskPhone], remove: [] }),
  )
})

const remaining = async (): Promise<string[]> =>
  (await offhook.withStore(({ bindings }) => bindings.load())).map(({ aor, contact }) => `${aor} ${contact}`).sort()

describe('offhook ul show', () => {
  it('lists live bindings, the preferred contact of each AOR first, and no control characters', async () => {
    expect((await offhook.output(['ul', 'show'])).split('\n').map(line => line.split(/ {2,}/))).toEqual([
      ['AOR', 'CONTACT', 'Q', 'EXPIRES', 'FROM', 'USER AGENT'],
      ['sip:alice@example.com', deskPhone.contact, '1', '60 s', 'udp 192.0.2.7:5060', 'Evil \\u001b[2J\ufffd'],
      ['sip:alice@example.com', aliceBinding.contact, '0.7', '60 s', 'wss [2001:db8::1]:40000', 'Fonü 1.0'],
      ['sip:bob@example.com', bobs.contact, '1', '60 s', 'udp 192.0.2.7:5060'],
      [''],
    ])
  })

  it.each(['bob', 'bob@EXAMPLE.com', 'sip:bob@example.com'])('takes the AOR as %s', async aor => {
    const json = JSON.parse(await offhook.output(['ul', 'show', aor, '--json'])) as unknown
    expect(json).toMatchObject([{ aor: 'sip:bob@example.com', q: 1, expiresAt: '2023-11-14T22:14:20.000Z' }])
  })

  it('says so when there is none', async () => {
    expect(await offhook.output(['ul', 'show', 'carol'])).toBe('no bindings\n')
    expect(await offhook.output(['ul', 'show', 'carol', '--json'])).toBe('[]\n')
  })

  it('escapes in JSON what a terminal would take for a command', async () => {
    const wire = { ...bobs, userAgent: 'x\xc2\x9b' }
    await offhook.withStore(async ({ bindings }) => bindings.apply({ put: [wire], remove: [] }))
    expect(await offhook.output(['ul', 'show', 'bob', '--json'])).toContain('"x\\u009b"')
  })
})

describe('offhook ul rm', () => {
  it('removes all bindings of an AOR', async () => {
    expect(await offhook.output(['ul', 'rm', 'alice'])).toBe('removed 2 bindings of sip:alice@example.com\n')
    expect(await remaining()).toEqual([
      'sip:bob@example.com sip:alice@192.0.2.7:5060',
      'sip:bob@example.com sip:old@192.0.2.8',
    ])
  })

  it.each([deskPhone.contact, `<${deskPhone.contact}>`])('removes the binding with the contact %s', async contact => {
    expect(await offhook.output(['ul', 'rm', 'alice', contact])).toBe('removed 1 binding of sip:alice@example.com\n')
    expect(await remaining()).toContain(`sip:alice@example.com ${aliceBinding.contact}`)
    expect(await remaining()).not.toContain(`sip:alice@example.com ${deskPhone.contact}`)
  })

  it('fails with one clear line when there is nothing to remove', async () => {
    expect((await offhook.run(['ul', 'rm', 'carol'])).failure).toBe(
      'sip:carol@example.com has no binding: see `offhook ul show`',
    )
    expect((await offhook.run(['ul', 'rm', 'bob', 'sip:x@y'])).failure).toBe(
      'sip:bob@example.com has no binding with the contact sip:x@y: see `offhook ul show sip:bob@example.com`',
    )
    expect((await offhook.run(['ul', 'rm', '@example.com'])).failure).toMatch(/is not an address-of-record/)
  })
})

describe('offhook online', () => {
  it('tells who is registered, with how many contacts and until when', async () => {
    const lines = (await offhook.output(['online'])).split('\n').map(line => line.split(/ {2,}/))
    expect(lines).toEqual([
      ['AOR', 'CONTACTS', 'BROWSERS', 'UNTIL'],
      ['sip:alice@example.com', '2', '1', '2023-11-14T22:14:20.000Z'],
      ['sip:bob@example.com', '1', '0', '2023-11-14T22:14:20.000Z'],
      [''],
    ])
    expect(JSON.parse(await offhook.output(['online', '--json']))).toMatchObject([{ contacts: 2 }, { contacts: 1 }])
  })

  it('counts nobody whose bindings have expired', async () => {
    offhook.clock.advance(3_600_000)
    expect(await offhook.output(['online'])).toBe('nobody is registered\n')
    expect(await offhook.output(['online', '--json'])).toBe('[]\n')
  })

  it('makes no database', async () => {
    const { failure } = await new CommandRunner().run(['online'])
    expect(failure).toMatch(/does not exist/)
  })
})
