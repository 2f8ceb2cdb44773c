import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { AccountService } from '../../server/accounts/account-service.ts'
import type { Store } from '../../server/store/open-store.ts'
import { databasePath, openTestStore } from '../store/support.ts'
import { FakeClock } from '../support/fake-clock.ts'

const password = 'Looking-Glass 1871'

let store: Store
let accounts: AccountService

beforeEach(async () => {
  store = await openTestStore()
  accounts = new AccountService({ ...store, defaultDomain: 'Example.COM', clock: new FakeClock() })
})

describe('AccountService', () => {
  it('keeps H(user:domain:password) in MD5 and SHA-256, with and without the domain in the name', async () => {
    await accounts.add({ account: 'alice', password, email: 'alice@mail.example', displayName: ' Alice Ä. ' })
    // Each made with md5sum and sha256sum.
    expect(await accounts.get('alice')).toEqual({
      username: 'alice',
      domain: 'example.com',
      ha1: {
        MD5: '9f3ae7ba58e1421f945845e2edc7db0d',
        'SHA-256': '906ef1b02eb1b8873733306700561c27a3347ea09f3e4d5c8896aaf595c962be',
      },
      ha1b: {
        MD5: 'cd67a45681f8507d2fcb5435f2b9fc16',
        'SHA-256': '64d47061664cc0cb76010fb5065c63d8247aa5a6e6e12c59d6f23cf9fe90b0d8',
      },
      enabled: true,
      displayName: 'Alice Ä.',
      email: 'alice@mail.example',
      createdAt: 1_700_000_000_000,
    })
  })

  it('hashes the UTF-8 of a password', async () => {
    await accounts.add({ account: 'alice', password: 'Wunderländer' })
    expect((await accounts.get('alice')).ha1.MD5).toBe('a62943b0125e824d4b3ef46f6753aa3c')
  })

  it('leaves no password in the files of the database', async () => {
    const file = databasePath()
    const onDisk = await openTestStore({ file })
    const service = new AccountService({ ...onDisk, defaultDomain: 'example.com' })
    await service.add({ account: 'alice', password })
    await service.add({ account: 'bob', password: 'another secret' })
    await service.setPassword('bob', 'a newer secret')
    await service.import('carol,imported secret')
    const bytes = readdirSync(dirname(file))
      .map(name => readFileSync(join(dirname(file), name), 'latin1'))
      .join()
    expect(bytes).toContain('alice')
    expect(bytes).toContain('carol')
    for (const secret of [password, 'another secret', 'a newer secret', 'imported secret'])
      expect(bytes.includes(secret)).toBe(false)
  })

  it('adds to a domain of the table and to no other', async () => {
    await expect(accounts.add({ account: 'alice@other.example', password })).rejects.toMatchObject({
      code: 'DOMAIN_UNKNOWN',
      message: 'other.example is not a domain of this server: add it first with `offhook domain add other.example`',
    })
    await store.domains.add({ name: 'other.example', createdAt: 1 })
    await accounts.add({ account: 'alice@OTHER.example', password })
    expect((await accounts.list({ domain: 'Other.example' })).map(({ domain }) => domain)).toEqual(['other.example'])
  })

  it('refuses a second account of the same name and domain', async () => {
    await accounts.add({ account: 'alice', password })
    await expect(accounts.add({ account: 'alice@example.com', password })).rejects.toMatchObject({
      code: 'ACCOUNT_EXISTS',
      message: 'user alice@example.com exists already',
    })
  })

  it('changes the password, and whether the account is enabled', async () => {
    await accounts.add({ account: 'alice', password })
    const before = await accounts.get('alice')
    await accounts.setPassword('alice', 'a newer secret')
    await accounts.setEnabled('alice', false)
    const after = await accounts.get('alice')
    expect(after.enabled).toBe(false)
    expect(after.ha1.MD5).not.toBe(before.ha1.MD5)
    expect(after.ha1b['SHA-256']).not.toBe(before.ha1b['SHA-256'])
    await accounts.setEnabled('alice', true)
    expect((await accounts.get('alice')).enabled).toBe(true)
  })

  it('removes', async () => {
    await accounts.add({ account: 'alice', password })
    expect(await accounts.remove('alice')).toMatchObject({ username: 'alice', domain: 'example.com' })
    expect(await accounts.list()).toEqual([])
  })

  it('says so when there is no such user', async () => {
    const unknown = { code: 'ACCOUNT_UNKNOWN', message: 'there is no user bob@example.com' }
    await expect(accounts.get('bob')).rejects.toMatchObject(unknown)
    await expect(accounts.remove('bob')).rejects.toMatchObject(unknown)
    await expect(accounts.setEnabled('bob', true)).rejects.toMatchObject(unknown)
    await expect(accounts.setPassword('bob', password)).rejects.toMatchObject(unknown)
  })

  it.each([
    ['user', { account: '' }],
    ['user', { account: 'al ice' }],
    ['user', { account: 'al:ice' }],
    ['user', { account: '"alice"' }],
    ['user', { account: 'a\r\nVia' }],
    ['user', { account: 'a'.repeat(65) }],
    ['user', { account: 'ålice' }],
    ['domain', { account: 'alice@' }],
    ['domain', { account: 'alice@exa mple.com' }],
    ['domain', { account: 'alice@-example.com' }],
    ['domain', { account: 'alice@example..com' }],
    ['domain', { account: `alice@${'a'.repeat(64)}.com` }],
    ['domain', { account: 'alice@[::zz]' }],
    ['password', { password: '1234567' }],
    ['password', { password: 'x'.repeat(129) }],
    ['password', { password: 'pass\nword' }],
    ['password', { account: 'alice123', password: 'Alice123' }],
    ['email', { email: 'alice' }],
    ['email', { email: 'a@b@c' }],
    ['email', { email: 'alice@example.com\r\nBcc: all' }],
    ['name', { displayName: 'Alice\u0007' }],
    ['name', { displayName: 'x'.repeat(101) }],
  ])('names the field %s when it is wrong: %j', async (field, wrong) => {
    const adding = accounts.add({ account: 'alice', password, ...wrong })
    await expect(adding).rejects.toMatchObject({ code: 'ACCOUNT_INVALID', field })
    await expect(adding).rejects.toThrow(new RegExp(`^${field}: `))
    expect(await accounts.list()).toEqual([])
  })

  it('takes the names of phones, people and codes', async () => {
    const names = ['1001', '+13055550100', '*98', '_spare', 'alice.b-c_d~e', 'a'.repeat(64)]
    for (const account of names) await accounts.add({ account, password: '12345678' })
    expect((await accounts.list()).map(({ username }) => username).sort()).toEqual(names.sort())
  })

  it('takes the least length of a password from its setting', async () => {
    const strict = new AccountService({ ...store, defaultDomain: 'example.com', minPasswordLength: 12 })
    await expect(strict.add({ account: 'alice', password: '12345678901' })).rejects.toThrow('at least 12 characters')
    await strict.add({ account: 'alice', password: '123456789012' })
  })
})
