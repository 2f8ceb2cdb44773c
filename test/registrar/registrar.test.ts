import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Binding, BindingFlow } from '../../server/registrar/binding.ts'
import { aor, parse, registerText, setUp, udp } from './phone.ts'

const phone = '<sip:bob@192.0.2.201>'
const browser =
  '<sip:abc123@k2j3h4.invalid;transport=ws>;reg-id=1;+sip.instance="<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>"'

function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  return process.memoryUsage().heapUsed
}

const socket = (id: string): BindingFlow => ({ ...udp, id, transport: 'wss' })

describe('registering', () => {
  it('adds a contact, refreshes it, and removes it with expires=0', () => {
    const { register, location, clock, events } = setUp()
    expect(register({ contacts: [phone], expires: '60' })).toMatchObject({
      status: 200,
      contacts: [`${phone};expires=60`],
    })
    const [first] = location.lookup(aor)
    clock.advance(30_000)
    expect(register({ contacts: [phone], expires: '90' }).contacts).toEqual([`${phone};expires=90`])
    expect(location.lookup(aor)).toMatchObject([{ id: first!.id, cseq: 2, registeredAt: clock.now() }])
    expect(register({ contacts: [`${phone};expires=0`] })).toMatchObject({ status: 200, contacts: [] })
    expect(events).toEqual(['added sip:bob@192.0.2.201', 'removed sip:bob@192.0.2.201'])
    expect(clock.pending).toBe(0)
  })

  it('keeps everything that routing and people want to know', () => {
    const { send, location, clock, store } = setUp()
    const contacts = [`"Bob" <sip:bob@192.0.2.201;ob>;q=0.7;methods="INVITE, BYE";+sip.instance="<urn:x:1>";reg-id=2`]
    const headers = [
      'User-Agent: Phone 1.0',
      'Path: <sip:p2.example.com;lr>, <sip:p1.example.com;lr;ob>',
      'Path: <sip:p0.example.com;lr>',
    ]
    send(registerText({ contacts, headers, expires: '60' }))
    const binding: Binding = {
      id: location.lookup(aor)[0]!.id,
      aor,
      key: '<urn:x:1>;reg-id=2',
      contact: 'sip:bob@192.0.2.201;ob',
      params: ';q=0.7;methods="INVITE, BYE";+sip.instance="<urn:x:1>";reg-id=2',
      instanceId: 'urn:x:1',
      regId: 2,
      q: 700,
      callId: 'a84b4c76e66710',
      cseq: 1,
      expiresAt: clock.now() + 60_000,
      userAgent: 'Phone 1.0',
      methods: 'INVITE, BYE',
      path: ['<sip:p2.example.com;lr>', '<sip:p1.example.com;lr;ob>', '<sip:p0.example.com;lr>'],
      flow: udp,
      isWebSocket: false,
      registeredAt: clock.now(),
    }
    expect(location.lookup(aor)).toEqual([binding])
    expect([...store.bindings.values()]).toEqual([binding])
    expect(location.byId(binding.id)).toEqual(binding)
    expect(binding.id).toMatch(/^[0-9a-f]{16,}$/)
  })

  it('keeps of the flow what can be written down', () => {
    const { register, location } = setUp()
    const flow = { ...udp, reliable: false, isOpen: true, send() {}, close() {} }
    register({ contacts: [phone], flow })
    expect(location.lookup(aor)[0]!.flow).toStrictEqual(udp)
  })

  it('takes the methods from Allow when the contact names none', () => {
    const { register, location } = setUp()
    register({ contacts: [phone], headers: ['Allow: INVITE, ACK', 'Allow: MESSAGE'] })
    expect(location.lookup(aor)[0]!.methods).toBe('INVITE, ACK, MESSAGE')
  })

  it('takes several contacts at once, one field each or behind commas', () => {
    const { register } = setUp()
    const { contacts } = register({
      contacts: ['<sip:a@192.0.2.1>;expires=40, "B, b" <sip:b@192.0.2.2>;q=0.5', 'sip:c@192.0.2.3;q=0.9'],
      expires: '50',
    })
    expect(contacts).toEqual([
      '<sip:a@192.0.2.1>;expires=40',
      '<sip:c@192.0.2.3>;q=0.9;expires=50',
      '<sip:b@192.0.2.2>;q=0.5;expires=50',
    ])
  })

  it('gives back parameters that it does not know (RFC 4475 §3.3.12, §3.3.13)', () => {
    const { register } = setUp()
    const contacts = ['<sip:+19725552222@gw1.example.net;unknownparam>;newparam=newvalue;secondparam']
    expect(register({ contacts }).contacts[0]).toBe(`${contacts[0]!};expires=120`)
  })

  it('answers at once when the store does, and not before the store when it is slow', async () => {
    const { registrar, store, location } = setUp()
    const source = { aor, flow: udp, isWebSocket: false }
    expect(registrar.register(parse(registerText({ contacts: [phone] })), source)).not.toBeInstanceOf(Promise)
    store.slow = true
    let answered = false
    const slow = registrar.register(parse(registerText({ contacts: [phone], cseq: 2 })), source) as Promise<unknown>
    void slow.then(() => (answered = true))
    await Promise.resolve()
    expect(answered).toBe(false)
    await store.release()
    expect(await slow).toMatchObject({ status: 200 })
    location.close()
  })

  it('fails with the store, and nothing is changed', async () => {
    const { registrar, store, location, events } = setUp()
    const source = { aor, flow: udp, isWebSocket: false }
    const attempt = (cseq: number) => registrar.register(parse(registerText({ contacts: [phone], cseq })), source)
    store.error = new Error('disk full')
    expect(() => attempt(1)).toThrow('disk full')
    store.slow = true
    const later = attempt(2) as Promise<unknown>
    await Promise.all([expect(later).rejects.toThrow('disk full'), store.release()])
    expect(location.lookup(aor)).toEqual([])
    expect(events).toEqual([])
  })

  it('does not keep the messages in memory of which its strings are cut', () => {
    const { register, location } = setUp()
    const bulk = `X-Bulk: ${'x'.repeat(50_000)}`
    const before = heapUsed()
    for (let i = 0; i < 1000; i++)
      register({
        aor: `sip:u${i}@biloxi.example.com`,
        callId: `call-number-${i}`,
        contacts: [browser],
        headers: [bulk],
      })
    // A thousand messages are 50 MB, a thousand bindings 1 MB.
    expect(heapUsed() - before).toBeLessThan(20e6)
    expect([...location.all()]).toHaveLength(1000)
    location.close()
  })
})

describe('the query', () => {
  it('lists every binding with the seconds that are left to it, rounded up', () => {
    const { register, clock } = setUp()
    register({ contacts: [`${phone};q=0.3`, '<sip:bob@192.0.2.7>'], expires: '60' })
    clock.advance(10_500)
    expect(register()).toMatchObject({
      status: 200,
      contacts: ['<sip:bob@192.0.2.7>;expires=50', `${phone};q=0.3;expires=50`],
    })
    clock.advance(49_499)
    expect(register().contacts).toHaveLength(2)
    clock.advance(1)
    expect(register().contacts).toEqual([])
  })

  it('SHOULD carry a Date (RFC 3261 §10.3 step 8)', () => {
    expect(setUp().send(registerText({})).headers).toEqual([['Date', 'Sat, 13 Nov 2010 23:29:00 GMT']])
  })

  it('is not bound to the order of CSeq', () => {
    const { register } = setUp()
    register({ contacts: [phone], cseq: 9 })
    expect(register({ cseq: 3 })).toMatchObject({ status: 200, contacts: [`${phone};expires=120`] })
  })
})

describe('expiry', () => {
  it.each([
    ['the contact’s own expires before the Expires field', `${phone};expires=100`, '200', 100],
    ['the Expires field', phone, '200', 200],
    ['the default when nobody says', phone, undefined, 120],
    ['the default for an Expires that is malformed', phone, '1 hour', 120],
    ['the default for a contact’s expires that is malformed, whatever Expires says', `${phone};expires=x`, '200', 120],
    ['the default for one that is quoted nonsense', `${phone};expires="50"`, undefined, 120],
    ['the default for one above 2**32-1', `${phone};expires=4294967296`, undefined, 120],
    ['the maximum for one of 2**32-1', `${phone};expires=4294967295`, undefined, 300],
    ['the maximum for more', `${phone};expires=301`, undefined, 300],
    ['the minimum for less', `${phone};expires=29`, undefined, 30],
    ['the minimum for 1', `${phone};expires=1`, undefined, 30],
  ])('is %s', (_, contact, expires, granted) => {
    const { register, location, clock } = setUp()
    expect(register({ contacts: [contact], expires }).contacts).toEqual([`${phone};expires=${granted}`])
    expect(location.lookup(aor)[0]!.expiresAt).toBe(clock.now() + granted * 1000)
  })

  it('is longer for browsers, on their connection', () => {
    const { register } = setUp()
    const ask = (expires?: string) => register({ contacts: [phone], expires, isWebSocket: true }).contacts[0]
    expect([ask(), ask('1'), ask('600'), ask('9999')]).toEqual(
      [600, 30, 600, 3600].map(granted => `${phone};expires=${granted}`),
    )
  })

  it('has the limits of the configuration, per transport', () => {
    const expiry = { phone: { default: 70, min: 60, max: 80 }, webSocket: { max: 100 } }
    const { register } = setUp({ expiry })
    const ask = (expires?: string, isWebSocket?: boolean) =>
      register({ contacts: [phone], expires, isWebSocket }).contacts[0]
    expect([ask(), ask('1'), ask('99'), ask('99', true), ask('101', true)]).toEqual(
      [70, 60, 80, 99, 100].map(granted => `${phone};expires=${granted}`),
    )
  })

  describe('with tooBrief reject', () => {
    const rejecting = { tooBrief: 'reject', expiry: { phone: { min: 60 } } } as const

    it('MUST be refused with 423 and Min-Expires when it is too brief (§10.3 step 7), all contacts together', () => {
      const { send, location } = setUp(rejecting)
      const contacts = ['<sip:good@192.0.2.1>;expires=60', `${phone};expires=59`]
      expect(send(registerText({ contacts }))).toEqual({ status: 423, headers: [['Min-Expires', '60']] })
      expect(location.lookup(aor)).toEqual([])
    })

    it('is granted when it is the minimum, and 0 still removes', () => {
      const { register } = setUp(rejecting)
      expect(register({ contacts: [phone], expires: '60' })).toMatchObject({ status: 200 })
      expect(register({ contacts: [phone], expires: '0' })).toMatchObject({ status: 200, contacts: [] })
    })

    it('MUST NOT be refused when it is an hour or more (§10.3 step 7)', () => {
      const { register } = setUp({ tooBrief: 'reject', expiry: { phone: { min: 7200, max: 9000 } } })
      expect(register({ contacts: [phone], expires: '3599' }).status).toBe(423)
      expect(register({ contacts: [phone], expires: '3600' }).contacts).toEqual([`${phone};expires=7200`])
    })
  })
})

describe('Contact: *', () => {
  it('removes every contact of the AOR and of no other', () => {
    const { register, location } = setUp()
    register({ contacts: [phone, '<sip:bob@192.0.2.7>'] })
    register({ contacts: ['<sip:bob@192.0.2.8>'], callId: 'another' })
    register({ contacts: ['<sip:carol@192.0.2.9>'], aor: 'sip:carol@biloxi.example.com' })
    expect(register({ contacts: ['*'], expires: '0' })).toMatchObject({ status: 200, contacts: [] })
    expect([...location.all()].map(({ contact }) => contact)).toEqual(['sip:carol@192.0.2.9'])
    location.close()
  })

  it.each([
    ['without Expires', ['*'], undefined],
    ['with an Expires that is not 0', ['*'], '60'],
    ['with an Expires that is malformed', ['*'], 'never'],
    ['beside another contact', ['*', phone], '0'],
    ['behind another contact', [`${phone}, *`], '0'],
    ['twice', ['*, *'], '0'],
  ])('MUST be refused with 400 %s (§10.3 step 6)', (_, contacts, expires) => {
    const { register, location } = setUp()
    register({ contacts: [phone] })
    expect(register({ contacts, expires }).status).toBe(400)
    expect(location.lookup(aor)).toHaveLength(1)
    location.close()
  })

  it('removes nothing when one contact of its Call-ID has a CSeq as high (§10.3 step 6)', () => {
    const { register, location } = setUp()
    register({ contacts: [phone], cseq: 7 })
    register({ contacts: ['<sip:bob@192.0.2.8>'], callId: 'another', cseq: 9 })
    expect(register({ contacts: ['*'], expires: '0', cseq: 7 }).status).toBe(500)
    expect(location.lookup(aor)).toHaveLength(2)
    expect(register({ contacts: ['*'], expires: '0', cseq: 8 }).status).toBe(200)
    expect(location.lookup(aor)).toEqual([])
  })
})

describe('the order of REGISTERs (§10.3 step 7)', () => {
  it('fails one whose CSeq is not higher in the same Call-ID, as a whole', () => {
    const { register, location } = setUp()
    register({ contacts: [phone], cseq: 5 })
    const before = location.lookup(aor)
    for (const cseq of [4, 5])
      for (const contacts of [[phone], [`${phone};expires=0`], ['<sip:new@192.0.2.7>', phone]])
        expect(register({ contacts, cseq })).toMatchObject({ status: 500, reason: 'CSeq Out Of Order', contacts: [] })
    expect(location.lookup(aor)).toEqual(before)
    expect(register({ contacts: [phone], cseq: 6 }).status).toBe(200)
    location.close()
  })

  it('does not compare CSeq between Call-IDs: a phone that restarted begins anew', () => {
    const { register, location } = setUp()
    register({ contacts: [phone], cseq: 500 })
    expect(register({ contacts: [phone], cseq: 1, callId: 'after restart' }).status).toBe(200)
    expect(location.lookup(aor)).toMatchObject([{ callId: 'after restart', cseq: 1 }])
    location.close()
  })

  it('takes the last of equal contacts in one REGISTER', () => {
    const { register } = setUp()
    expect(register({ contacts: [`${phone};expires=40`, `${phone};expires=50`] }).contacts).toEqual([
      `${phone};expires=50`,
    ])
  })
})

describe('which contact is which', () => {
  it.each([
    ['sip:bob@192.0.2.201', '<sip:bob@192.0.2.201>'],
    ['<sip:bob@PHONE.example.com>', '<sip:bob@phone.EXAMPLE.com>'],
    ['<sip:bob@192.0.2.201;transport=udp>', '<sip:bob@192.0.2.201;Transport=UDP>'],
    ['<sip:bob@192.0.2.201;x=1>', '<sip:bob@192.0.2.201>'],
    ['<sip:%62ob@192.0.2.201>', '<sip:bob@192.0.2.201>'],
  ])('%s and %s are one (§19.1.4): it is refreshed', (a, b) => {
    const { register, location } = setUp()
    register({ contacts: [a] })
    const [{ id }] = location.lookup(aor) as [Binding]
    expect(register({ contacts: [b] }).contacts).toHaveLength(1)
    expect(location.lookup(aor)).toMatchObject([{ id }])
    expect(register({ contacts: [a], expires: '0' }).contacts).toEqual([])
  })

  it.each([
    ['<sip:bob@192.0.2.201>', '<sip:Bob@192.0.2.201>'],
    ['<sip:bob@192.0.2.201>', '<sips:bob@192.0.2.201>'],
    ['<sip:bob@192.0.2.201>', '<sip:bob@192.0.2.201:5060>'],
    ['<sip:bob@192.0.2.201>', '<sip:bob@192.0.2.201;transport=udp>'],
    ['<sip:null-%00-null@example.com>', '<sip:%00@host5.example.com>'],
    ['<sip:%00@host5.example.com>', '<sip:%00%00@host5.example.com>'],
  ])('%s and %s are two', (a, b) => {
    const { register } = setUp()
    register({ contacts: [a] })
    expect(register({ contacts: [b] }).contacts).toHaveLength(2)
  })

  it('keeps keys unique although equality of URIs is not transitive', () => {
    const { register, store } = setUp()
    for (const param of [';x=1', '', ';x=2', ';x=1', ';x=2', ''])
      register({ contacts: [`<sip:bob@192.0.2.201${param}>`] })
    const keys = [...store.bindings.values()].map(({ key }) => key)
    expect(new Set(keys).size).toBe(keys.length)
    expect(register().contacts).toHaveLength(store.bindings.size)
  })

  it('is told by instance and reg-id (RFC 5626 §6): a new socket keeps the binding’s id and gets the flow', () => {
    const { register, location, events } = setUp()
    register({ contacts: [browser], flow: socket('1'), isWebSocket: true })
    const [{ id }] = location.lookup(aor) as [Binding]
    const { contacts } = register({
      callId: 'after a page refresh',
      cseq: 1,
      contacts: [browser.replace('abc123@k2j3h4', 'xyz789@p0o9i8')],
      flow: socket('2'),
      isWebSocket: true,
    })
    expect(contacts).toEqual([`${browser.replace('abc123@k2j3h4', 'xyz789@p0o9i8')};expires=600`])
    expect(location.byId(id)).toMatchObject({
      contact: 'sip:xyz789@p0o9i8.invalid;transport=ws',
      flow: { id: '2' },
      isWebSocket: true,
    })
    expect(events).toEqual(['added sip:abc123@k2j3h4.invalid;transport=ws'])
    location.close()
  })

  it('answers a browser as it registered, with what was granted', () => {
    const { register } = setUp()
    expect(register({ contacts: [`${browser};expires=600`], isWebSocket: true }).contacts).toEqual([
      '<sip:abc123@k2j3h4.invalid;transport=ws>;reg-id=1;+sip.instance="<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>";expires=600',
    ])
  })

  it('takes another reg-id of the same instance for another flow', () => {
    const { register } = setUp()
    register({ contacts: [browser] })
    expect(register({ contacts: [browser.replace('reg-id=1', 'reg-id=2')] }).contacts).toHaveLength(2)
  })

  it('takes the same instance in another AOR for another binding', () => {
    const { register, location } = setUp()
    register({ contacts: [browser] })
    register({ contacts: [browser], aor: 'sip:carol@biloxi.example.com' })
    expect(location.lookup(aor)).toHaveLength(1)
    expect(location.lookup('sip:carol@biloxi.example.com')).toHaveLength(1)
    location.close()
  })

  it('goes by the URI where there is an instance but no reg-id, or a reg-id but no instance (RFC 5626 §6)', () => {
    const { register, location } = setUp()
    register({ contacts: ['<sip:a@192.0.2.1>;+sip.instance="<urn:x:1>"'] })
    register({ contacts: ['<sip:b@192.0.2.1>;+sip.instance="<urn:x:1>"'] })
    register({ contacts: ['<sip:c@192.0.2.1>;reg-id=1'] })
    register({ contacts: ['<sip:d@192.0.2.1>;reg-id=1'] })
    const keys = location.lookup(aor).map(({ key }) => key)
    expect(keys.sort()).toEqual(['sip:a@192.0.2.1', 'sip:b@192.0.2.1', 'sip:c@192.0.2.1', 'sip:d@192.0.2.1'])
    location.close()
  })
})

describe('Path (RFC 3327)', () => {
  const headers = ['Path: <sip:p2.example.com;lr>,<sip:p1.example.com;lr>']

  it('MUST come back in the 200 when the phone supports it (§5.3)', () => {
    const { send } = setUp()
    const text = registerText({ contacts: [phone], headers: [...headers, 'Supported: gruu, Path'] })
    expect(send(text).headers.slice(1, 3)).toEqual([
      ['Path', '<sip:p2.example.com;lr>'],
      ['Path', '<sip:p1.example.com;lr>'],
    ])
  })

  it('is kept, but does not come back, when the phone does not', () => {
    const { send, location } = setUp()
    const names = send(registerText({ contacts: [phone], headers })).headers.map(([name]) => name)
    expect(names).toEqual(['Contact', 'Date'])
    expect(location.lookup(aor)[0]!.path).toHaveLength(2)
    location.close()
  })
})

describe('what is refused with 400', () => {
  it.each([
    ['a contact that is no SIP URI (RFC 4475 §3.3.4)', ['name:John_Smith'], []],
    ['a mailto contact', ['<mailto:bob@example.com>'], []],
    ['a contact that is no URI', ['<bob>'], []],
    ['an empty contact', [''], []],
    ['an unfinished bracket', ['<sip:bob@192.0.2.201'], []],
    ['a q above 1', [`${phone};q=1.1`], []],
    ['a q that is no number', [`${phone};q=high`], []],
    ['a q without value', [`${phone};q`], []],
    ['reg-id 0', [`${phone};+sip.instance="<urn:x:1>";reg-id=0`], []],
    ['a reg-id of 2**31', [`${phone};+sip.instance="<urn:x:1>";reg-id=2147483648`], []],
    ['a reg-id that is no number', [`${phone};+sip.instance="<urn:x:1>";reg-id=one`], []],
    ['several contacts of which one has a reg-id (RFC 5626 §4.2)', [phone, browser], []],
    ['a bare CR in a contact', [`${phone};x=a\rX-Injected:1`], []],
    ['a NUL in a path', [phone], ['Path: <sip:p\0.example.com>']],
  ])('%s, and nothing is changed', (_, contacts, headers) => {
    const { register, location } = setUp()
    register({ contacts: ['<sip:old@192.0.2.1>'] })
    expect(register({ contacts: ['<sip:new@192.0.2.1>', ...contacts], headers }).status).toBe(400)
    expect(register().contacts).toEqual(['<sip:old@192.0.2.1>;expires=120'])
    location.close()
  })

  it('and nothing that a phone sends makes it throw', () => {
    const pieces = fc.constantFrom(
      ...[
        '<sip:a@b>',
        'sip:a@b',
        '*',
        '<',
        '>',
        '"',
        ',',
        ';',
        '=',
        'q',
        '0.5',
        'expires',
        '+sip.instance',
        '"<urn:x>"',
      ],
      ...['reg-id', '1', '0', ' ', '\t', '\\', '%00', '@', 'é', '\r', '-1', '4294967296'],
    )
    const { register, location } = setUp()
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 25 }), pieces, (parts, expires) => {
        const { status } = register({ contacts: [parts.join('')], expires })
        expect([200, 400, 403, 500]).toContain(status)
        expect(location.lookup(aor).length).toBeLessThanOrEqual(20)
      }),
      { numRuns: 500 },
    )
    location.close()
  })

  it('takes a flow and the removal of another contact together', () => {
    const { register } = setUp()
    register({ contacts: [phone] })
    expect(register({ contacts: [`${phone};expires=0`, browser] })).toMatchObject({
      status: 200,
      contacts: [`${browser};expires=120`],
    })
  })
})

describe('limits', () => {
  const numbered = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, i) => `<sip:bob@192.0.2.${from + i}>`)

  it('takes 20 contacts for an AOR, refuses one more with 403, and goes on when there is room again', () => {
    const { register, location } = setUp()
    for (const contact of numbered(1, 20)) expect(register({ contacts: [contact] }).status).toBe(200)
    expect(register({ contacts: numbered(21, 21) })).toEqual({
      status: 403,
      reason: 'Too Many Contacts',
      contacts: [],
    })
    expect(register({ contacts: numbered(20, 20) }).status).toBe(200)
    expect(register({ contacts: ['<sip:bob@192.0.2.1>;expires=0', ...numbered(21, 21)] }).contacts).toHaveLength(20)
    expect(register({ contacts: numbered(22, 22) }).status).toBe(403)
    expect(register({ contacts: numbered(2, 2), expires: '0' }).contacts).toHaveLength(19)
    expect(register({ contacts: numbered(22, 22) }).contacts).toHaveLength(20)
    location.close()
  })

  it('makes room by forgetting those whose connection is closed, the oldest first, and only as many as it must', () => {
    const gone = new Set(['sip:bob@192.0.2.2', 'sip:bob@192.0.2.3'])
    const limits = { contacts: 3 }
    const { register, location, clock } = setUp({ limits, isGone: ({ contact }) => gone.has(contact) })
    for (const contact of numbered(1, 3)) {
      register({ contacts: [contact] })
      clock.advance(1000)
    }
    register({ contacts: numbered(4, 4) })
    const left = () => location.lookup(aor).map(({ contact }) => contact.slice(-1))
    expect(left().sort()).toEqual(['1', '3', '4'])
    register({ contacts: numbered(5, 5) })
    expect(left().sort()).toEqual(['1', '4', '5'])
    expect(register({ contacts: numbered(6, 6) }).status).toBe(403)
    location.close()
  })

  it('adds none of several contacts of which the last is one too many', () => {
    const { register, location } = setUp({ limits: { contacts: 3 } })
    register({ contacts: numbered(1, 2) })
    expect(register({ contacts: numbered(3, 4) }).status).toBe(403)
    expect(location.lookup(aor)).toHaveLength(2)
    location.close()
  })

  it('counts the contacts of one REGISTER too, whatever becomes of them', () => {
    const { register } = setUp({ limits: { contacts: 3 } })
    expect(register({ contacts: numbered(1, 3), expires: '0' }).status).toBe(200)
    expect(register({ contacts: numbered(1, 4), expires: '0' }).status).toBe(403)
  })

  it('lets those refresh who are above a limit that was lowered', () => {
    const { location, clock, register } = setUp()
    register({ contacts: numbered(1, 5) })
    const lowered = setUp({ location, clock, limits: { contacts: 3 } })
    expect(lowered.register({ contacts: numbered(1, 1), cseq: 2 }).contacts).toHaveLength(5)
    expect(lowered.register({ contacts: numbered(6, 6), cseq: 3 }).status).toBe(403)
    expect(lowered.register({ contacts: ['*'], expires: '0', cseq: 4 }).status).toBe(200)
  })

  it('does not count what has expired', () => {
    const { register, clock } = setUp({ limits: { contacts: 1 } })
    register({ contacts: numbered(1, 1), expires: '60' })
    clock.advance(60_000)
    expect(register({ contacts: numbered(2, 2) }).status).toBe(200)
  })

  it.each(['contact', 'call-id', 'path'])('takes a %s of 2048 bytes and refuses one of 2049 with 400', what => {
    const long = (length: number) =>
      what === 'contact'
        ? { contacts: [`<sip:${'b'.repeat(length - 18)}@192.0.2.201>`] }
        : what === 'path'
          ? { contacts: [phone], headers: [`Path: <sip:${'p'.repeat(length - 6)}>`] }
          : { contacts: [phone], callId: 'c'.repeat(length) }
    const { register } = setUp()
    expect(register(long(2048)).status).toBe(200)
    expect(register(long(2049)).status).toBe(400)
    expect(setUp({ limits: { fieldBytes: 0 } }).register(long(2049)).status).toBe(200)
  })

  it('takes 10 Path entries and refuses 11 with 400', () => {
    const { register } = setUp()
    const headers = (count: number) => Array.from({ length: count }, (_, i) => `Path: <sip:p${i}.example.com;lr>`)
    expect(register({ contacts: [phone], headers: headers(10) }).status).toBe(200)
    expect(register({ contacts: [phone], headers: headers(11) }).status).toBe(400)
    expect(setUp({ limits: { pathEntries: 0 } }).register({ contacts: [phone], headers: headers(11) }).status).toBe(200)
  })

  it('has no limit of contacts with 0', () => {
    expect(setUp({ limits: { contacts: 0 } }).register({ contacts: numbered(1, 50) }).contacts).toHaveLength(50)
  })

  it('cuts what people read', () => {
    const { register, location } = setUp()
    register({ contacts: [phone], headers: [`User-Agent: ${'u'.repeat(600)}`, `Allow: ${'A'.repeat(600)}`] })
    expect(location.lookup(aor)[0]!.userAgent).toHaveLength(512)
    expect(location.lookup(aor)[0]!.methods).toHaveLength(512)
    location.close()
  })
})

describe('q', () => {
  it.each([
    ['1', 1000],
    ['1.000', 1000],
    ['0', 0],
    ['0.', 0],
    ['.5', 500],
    ['0.7', 700],
    ['0.123', 123],
  ])('of %s is %i thousandths, and is given back as written', (q, thousandths) => {
    const { register, location } = setUp()
    expect(register({ contacts: [`${phone};q=${q}`] }).contacts).toEqual([`${phone};q=${q};expires=120`])
    expect(location.lookup(aor)[0]!.q).toBe(thousandths)
    location.close()
  })

  it('orders the bindings: highest first, of equal ones the newest', () => {
    const step = fc.record({ user: fc.integer({ min: 1, max: 8 }), q: fc.integer({ min: 0, max: 3 }) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), steps => {
        const { register, location, clock } = setUp()
        for (const { user, q } of steps) {
          clock.advance(1)
          register({ contacts: [`<sip:u${user}@192.0.2.1>;q=0.${q}`] })
        }
        const found = location.lookup(aor)
        expect(found).toHaveLength(new Set(steps.map(({ user }) => user)).size)
        for (const [i, { q, registeredAt }] of found.entries()) {
          const next = found[i + 1]
          expect(!next || q > next.q || (q === next.q && registeredAt > next.registeredAt)).toBe(true)
        }
        location.close()
        expect(clock.pending).toBe(0)
      }),
      { numRuns: 50 },
    )
  })
})
