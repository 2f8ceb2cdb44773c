import { describe, expect, it } from 'vitest'
import { databasePath, openTestStore } from './support.ts'

describe('settings', () => {
  it('are undefined until they are made, and made once', async () => {
    const { settings } = await openTestStore()
    expect(await settings.get('secret')).toBeUndefined()
    expect(await settings.getOrCreate('secret', () => 'first')).toBe('first')
    expect(await settings.getOrCreate('secret', () => 'second')).toBe('first')
    expect(await settings.get('secret')).toBe('first')
  })

  it('are the same for two processes that make them at the same moment', async () => {
    const file = databasePath()
    const stores = [await openTestStore({ file }), await openTestStore({ file })]
    const values = await Promise.all(stores.map((store, i) => store.settings.getOrCreate('secret', () => `of ${i}`)))
    expect(new Set(values).size).toBe(1)
  })
})

describe('domains', () => {
  it('are added, listed in order and removed', async () => {
    const { domains } = await openTestStore()
    expect(await domains.add({ name: 'b.example', createdAt: 2 })).toBe(true)
    expect(await domains.add({ name: 'a.example', createdAt: 1 })).toBe(true)
    expect(await domains.add({ name: 'a.example', createdAt: 3 })).toBe(false)
    expect(await domains.list()).toEqual([
      { name: 'a.example', createdAt: 1 },
      { name: 'b.example', createdAt: 2 },
    ])
    expect(await domains.has('a.example')).toBe(true)
    expect(await domains.remove('a.example')).toBe(true)
    expect(await domains.remove('a.example')).toBe(false)
    expect(await domains.has('a.example')).toBe(false)
  })
})

describe('administrators', () => {
  it('are added, changed and removed', async () => {
    const { administrators } = await openTestStore()
    const root = { name: 'root', passwordHash: 'one', createdAt: 1 }
    expect(await administrators.add(root)).toBe(true)
    expect(await administrators.add({ ...root, passwordHash: 'two' })).toBe(false)
    expect(await administrators.find('root')).toEqual(root)
    expect(await administrators.setPasswordHash('root', 'three')).toBe(true)
    expect(await administrators.list()).toEqual([{ ...root, passwordHash: 'three' }])
    expect(await administrators.remove('root')).toBe(true)
    expect(await administrators.remove('root')).toBe(false)
    expect(await administrators.setPasswordHash('root', 'four')).toBe(false)
    expect(await administrators.find('root')).toBeUndefined()
  })
})
