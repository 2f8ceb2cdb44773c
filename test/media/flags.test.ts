import { describe, expect, it } from 'vitest'
import { flagOverridesSchema, resolveFlags } from '../../server/media/flag-overrides.ts'
import { flagsOf, flagTable, rowNames, rowOf } from '../../server/media/flags.ts'
import { renderFlagsPage } from '../../server/media/flags-page.ts'

const phone = { 'transport-protocol': 'RTP/AVP', replace: ['session-connection', 'origin'], ICE: 'remove' }
const gateway = { 'transport-protocol': 'UDP/TLS/RTP/SAVPF', ICE: 'force' }
const web = { ICE: 'force-relay', DTLS: 'passive' }

describe('the flag table', () => {
  it('has the four rows of old, word for word', () => {
    expect(rowNames.map(name => [name, flagTable[name].offer.bare, flagTable[name].answer.bare])).toEqual([
      ['ws-ws', web, web],
      ['ws-phone', phone, gateway],
      ['phone-ws', gateway, phone],
      ['phone-phone', phone, phone],
    ])
  })

  it('finds the row by who offers and who answers', () => {
    expect(rowOf('webrtc', 'webrtc')).toBe('ws-ws')
    expect(rowOf('webrtc', 'rtp')).toBe('ws-phone')
    expect(rowOf('rtp', 'webrtc')).toBe('phone-ws')
    expect(rowOf('rtp', 'rtp')).toBe('phone-phone')
  })

  it('makes the browser the DTLS client in every offer of a browser, and says nothing about it elsewhere', () => {
    const flags = resolveFlags()
    for (const name of rowNames) {
      expect(flags[name].offer['DTLS-reverse']).toBe(name.startsWith('ws-') ? 'passive' : undefined)
      expect(flags[name].answer['DTLS-reverse']).toBeUndefined()
      expect(flags[name].offer.DTLS).not.toBe('passive')
      expect(flags[name].answer.DTLS).not.toBe('passive')
    }
  })

  it('keeps ports in every command', () => {
    for (const row of Object.values(resolveFlags()))
      for (const flags of [row.offer, row.answer]) expect(flags.flags).toContain('port-latching')
  })

  it('adds to a list and replaces all else', () => {
    expect(
      flagsOf({
        bare: { ICE: 'force', replace: ['origin'], DTLS: 'passive' },
        changes: [{ set: { ICE: 'remove', replace: ['origin', 'session-connection'] }, unset: ['DTLS'], why: '' }],
      }),
    ).toEqual({ ICE: 'remove', replace: ['origin', 'session-connection'] })
  })

  it('gives a reason for every change', () => {
    for (const row of Object.values(flagTable))
      for (const { why } of [...row.offer.changes, ...row.answer.changes]) expect(why).toMatch(/\.$/)
  })
})

describe('overrides of the flag table', () => {
  it('can have the old rows as they stand', () => {
    expect(resolveFlags({ 'ws-ws': { bare: true } })['ws-ws']).toEqual({ offer: web, answer: web })
  })

  it('replace a key, take one away, and leave other rows alone', () => {
    const ours = resolveFlags()
    const flags = resolveFlags({ 'phone-phone': { offer: { ICE: 'force', DTLS: null } } })
    const { DTLS: _, ...offer } = ours['phone-phone'].offer
    expect(flags['phone-phone'].offer).toEqual({ ...offer, ICE: 'force' })
    expect(flags['phone-phone'].answer).toEqual(ours['phone-phone'].answer)
    expect(flags['ws-ws']).toEqual(ours['ws-ws'])
  })

  it('are refused for rows, keys and values that do not exist', () => {
    const isValid = (value: unknown) => flagOverridesSchema.safeParse(value).success
    expect(isValid({})).toBe(true)
    expect(isValid({ 'ws-phone': { bare: true, offer: { ICE: 'remove', SDES: null } } })).toBe(true)
    expect(isValid({ 'web-phone': {} })).toBe(false)
    expect(isValid({ 'ws-phone': { offer: { ice: 'remove' } } })).toBe(false)
    expect(isValid({ 'ws-phone': { offer: { ICE: 'melt' } } })).toBe(false)
  })
})

describe('docs/media-flags.md', () => {
  // Write it anew with: npx vitest run --project unit test/media/flags.test.ts -u
  it('says what the table says', async () => {
    await expect(renderFlagsPage()).toMatchFileSnapshot('../../docs/media-flags.md')
  })
})
