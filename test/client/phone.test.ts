import { describe, expect, it, vi } from 'vitest'
import { formatDuration } from '../../client/phone/duration.ts'
import { partyText } from '../../client/phone/party-text.ts'
import { SavedSignIn } from '../../client/phone/saved-sign-in.ts'
import { statusOf } from '../../client/phone/status-text.ts'
import { loadSettings, sipServer } from '../../client/softphone/settings.ts'

const home = 'phone.example.com'
const settings = { domain: home, sip: '/sip', name: 'Offhook', version: '0.1.0', echo: '*43' }

describe('the length of a call', () => {
  it.each([
    [-5, '0:00'],
    [999, '0:00'],
    [7_000, '0:07'],
    [754_000, '12:34'],
    [3_723_000, '1:02:03'],
  ])('%i ms reads %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })
})

describe('who a call is with', () => {
  it.each([
    ['a name with its number', { name: 'Anna', user: '1002', host: home }, { title: 'Anna', detail: '1002' }],
    ['a number of ours', { name: '', user: '1002', host: home }, { title: '1002', detail: '' }],
    ['the same twice', { name: '1002', user: '1002', host: home }, { title: '1002', detail: '' }],
    ['a stranger', { name: '', user: '1002', host: 'evil.example' }, { title: '1002', detail: '@evil.example' }],
    [
      'a stranger who calls himself a number of ours',
      { name: '1001', user: 'x', host: 'evil.example' },
      { title: '1001', detail: 'x@evil.example' },
    ],
    ['nobody', { name: '', user: '', host: '' }, { title: 'Unknown', detail: '' }],
  ])('%s', (_, party, expected) => {
    expect(partyText(party, home)).toEqual(expected)
  })

  it('shows neither control characters nor those that turn the direction of text, and no novels', () => {
    const { title } = partyText({ name: `\u202eAn\u0007na${'x'.repeat(500)}`, user: '1', host: home }, home)
    expect(title).toBe(`Anna${'x'.repeat(60)}`)
  })
})

describe('the status', () => {
  const idle = {
    connection: 'connected',
    registration: 'registered',
    account: undefined,
    isSignedIn: true,
    call: undefined,
    error: undefined,
  } as const

  it.each([
    [{}, 'Ready'],
    [{ connection: 'reconnecting', registration: 'unregistered' }, 'Reconnecting…'],
    [{ registration: 'registering' }, 'Connecting…'],
    [{ registration: 'registering', isSignedIn: false }, 'Signing in…'],
    [{ registration: 'failed' }, 'Not ready'],
    [{ registration: 'failed', isSignedIn: false }, 'Not signed in'],
    [{ registration: 'unregistered', connection: 'disconnected', isSignedIn: false }, undefined],
  ] as const)('%j reads %s', (changes, text) => {
    expect(statusOf({ ...idle, ...changes })?.text).toBe(text)
  })
})

describe('a sign-in that is kept', () => {
  function fakeStorage() {
    const items = new Map<string, string>()
    return {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => void items.set(key, value),
      removeItem: (key: string) => void items.delete(key),
    } as unknown as Storage
  }

  it('comes back until it is forgotten', () => {
    const storage = fakeStorage()
    const saved = new SavedSignIn(() => storage)
    expect(saved.load()).toBeUndefined()
    saved.save({ account: '1001', password: 'secret' })
    expect(saved.load()).toEqual({ account: '1001', password: 'secret' })
    saved.forget()
    expect(saved.load()).toBeUndefined()
  })

  it('is only a convenience: a browser without storage, or rubbish in it, does no harm', () => {
    const denied = new SavedSignIn(() => {
      throw new Error('denied')
    })
    denied.save({ account: '1001', password: 'secret' })
    denied.forget()
    expect(denied.load()).toBeUndefined()
    const storage = fakeStorage()
    storage.setItem('offhook-sign-in', '{"account":7')
    expect(new SavedSignIn(() => storage).load()).toBeUndefined()
  })
})

describe('the settings', () => {
  const serve = (answer: () => Response) => vi.stubGlobal('fetch', () => Promise.resolve(answer()))

  it('come from the server', async () => {
    serve(() => Response.json({ ...settings, more: 1 }))
    expect(await loadSettings()).toEqual(settings)
  })

  it.each([
    ['an error', () => new Response('', { status: 503 })],
    ['what is not JSON', () => new Response('<html>')],
    ['an incomplete answer', () => Response.json({ ...settings, domain: '' })],
    ['a path that is none', () => Response.json({ ...settings, sip: 'wss://evil.example/sip' })],
    ['nothing', () => Response.json(null)],
  ])('are unavailable with %s', async (_, answer) => {
    serve(answer)
    await expect(loadSettings()).rejects.toMatchObject({ code: 'SOFTPHONE_SETTINGS_UNAVAILABLE' })
  })

  it.each([
    ['http:', '127.0.0.1:8080', 'ws://127.0.0.1:8080/sip'],
    ['https:', 'phone.example.com', 'wss://phone.example.com/sip'],
  ])('give the socket of a page at %s//%s', (protocol, host, url) => {
    expect(sipServer(settings, { protocol, host })).toBe(url)
  })
})
