import { describe, expect, it } from 'vitest'
import { makeFirstAccounts, type FirstStartOptions } from '../server/first-start.ts'

function empty(users: string[] = [], administrators: string[] = []) {
  let next = 0
  const options = {
    accounts: {
      list: () => Promise.resolve(users),
      add: ({ account, password }: { account: string; password: string }) =>
        Promise.resolve(users.push(`${account} ${password}`)),
    },
    administrators: {
      list: () => Promise.resolve(administrators),
      add: (name: string, password: string) => Promise.resolve(void administrators.push(`${name} ${password}`)),
    },
    password: () => `password-${next++}`,
  } as unknown as FirstStartOptions
  return { options, users, administrators }
}

describe('makeFirstAccounts', () => {
  it('makes two accounts and an administrator in an empty database, each with its own password', async () => {
    const { options, users, administrators } = empty()
    expect(await makeFirstAccounts(options)).toEqual({
      users: [
        { name: '1001', password: 'password-0' },
        { name: '1002', password: 'password-1' },
      ],
      administrator: { name: 'admin', password: 'password-2' },
    })
    expect(users).toEqual(['1001 password-0', '1002 password-1'])
    expect(administrators).toEqual(['admin password-2'])
  })

  it.each([
    ['a user', ['alice'], []],
    ['an administrator', [], ['root']],
  ])('makes nothing where there is %s', async (_, users, administrators) => {
    const { options } = empty(users, administrators)
    expect(await makeFirstAccounts(options)).toBeUndefined()
    expect([...users, ...administrators]).toHaveLength(1)
  })
})
