import { describe, expect, it } from 'vitest'
import { aliceSubscriber } from './samples.ts'
import { openTestStore } from './support.ts'

const bob = { ...aliceSubscriber, username: 'bob', displayName: undefined, email: undefined }

describe('subscribers in the store', () => {
  it('come back as they were', async () => {
    const { subscribers } = await openTestStore()
    await subscribers.save({ add: [aliceSubscriber, bob] })
    expect(await subscribers.find('alice', 'example.com')).toEqual(aliceSubscriber)
    expect(await subscribers.find('bob', 'example.com')).toEqual(bob)
  })

  it('are two when they have one name in two domains, and when case differs', async () => {
    const { subscribers } = await openTestStore()
    const others = [
      { ...aliceSubscriber, domain: 'b.example' },
      { ...aliceSubscriber, username: 'Alice' },
    ]
    await subscribers.save({ add: [aliceSubscriber, ...others] })
    expect(await subscribers.list()).toEqual([others[0], others[1], aliceSubscriber])
    expect(await subscribers.list({ domain: 'b.example' })).toEqual([others[0]])
  })

  it('keep on update what is not given', async () => {
    const { subscribers } = await openTestStore()
    await subscribers.save({ add: [aliceSubscriber] })
    await subscribers.save({
      update: [{ username: 'alice', domain: 'example.com', enabled: false, email: 'a@b.example' }],
    })
    expect(await subscribers.find('alice', 'example.com')).toEqual({
      ...aliceSubscriber,
      enabled: false,
      email: 'a@b.example',
    })
  })

  it('are saved all or not at all', async () => {
    const { subscribers } = await openTestStore()
    await subscribers.save({ add: [aliceSubscriber] })
    await expect(subscribers.save({ add: [bob, aliceSubscriber] })).rejects.toMatchObject({
      code: 'ACCOUNT_EXISTS',
      message: 'user alice@example.com exists already',
    })
    const nobody = { username: 'carol', domain: 'example.com', enabled: true }
    await expect(subscribers.save({ add: [bob], update: [nobody] })).rejects.toMatchObject({ code: 'ACCOUNT_UNKNOWN' })
    expect(await subscribers.list()).toEqual([aliceSubscriber])
  })

  it('are found without a promise', async () => {
    const { subscribers } = await openTestStore()
    await subscribers.save({ add: [aliceSubscriber] })
    expect(subscribers.find('alice', 'example.com')).toEqual(aliceSubscriber)
    expect(subscribers.find('nobody', 'example.com')).toBeUndefined()
  })

  it('tell whether there was one to remove', async () => {
    const { subscribers } = await openTestStore()
    await subscribers.save({ add: [aliceSubscriber] })
    expect(await subscribers.remove('alice', 'example.com')).toBe(true)
    expect(await subscribers.remove('alice', 'example.com')).toBe(false)
    expect(await subscribers.find('alice', 'example.com')).toBeUndefined()
  })
})
