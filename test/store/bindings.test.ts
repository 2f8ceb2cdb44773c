import { describe, expect, it } from 'vitest'
import type { Binding } from '../../server/registrar/binding.ts'
import { aliceBinding } from './samples.ts'
import { openTestStore } from './support.ts'

const plain: Binding = {
  ...aliceBinding,
  key: 'sip:alice@192.0.2.7:5060',
  contact: 'sip:alice@192.0.2.7:5060',
  instanceId: undefined,
  regId: undefined,
  userAgent: undefined,
  methods: undefined,
  path: [],
  isWebSocket: false,
}

describe('bindings in the store', () => {
  it('come back as they were, every byte of a message and every absent field', async () => {
    const { bindings } = await openTestStore()
    await bindings.apply({ put: [aliceBinding, plain], remove: [] })
    expect(await bindings.load()).toEqual([aliceBinding, plain])
  })

  it('are written when apply returns, without waiting for anything', async () => {
    const { bindings } = await openTestStore()
    expect(bindings.apply({ put: [plain], remove: [] })).toBeUndefined()
  })

  it('are replaced by a put of the same AOR and key', async () => {
    const { bindings } = await openTestStore()
    await bindings.apply({ put: [aliceBinding], remove: [] })
    const refreshed = { ...aliceBinding, cseq: 2, instanceId: undefined, path: [] }
    await bindings.apply({ put: [refreshed], remove: [] })
    expect(await bindings.load()).toEqual([refreshed])
  })

  it('are removed by AOR and key, before the puts of the same change', async () => {
    const { bindings } = await openTestStore()
    await bindings.apply({ put: [aliceBinding, plain], remove: [] })
    const moved = { ...plain, id: 'fedcba98765432100123' }
    await bindings.apply({ put: [moved], remove: [aliceBinding, plain] })
    expect(await bindings.load()).toEqual([moved])
  })

  it('of one change are applied all or not at all', async () => {
    const { bindings } = await openTestStore()
    await bindings.apply({ put: [aliceBinding], remove: [] })
    const bad = { ...plain, cseq: 'one' as unknown as number }
    expect(() => bindings.apply({ put: [plain, bad], remove: [aliceBinding] })).toThrow(/cseq/)
    expect(await bindings.load()).toEqual([aliceBinding])
  })
})
