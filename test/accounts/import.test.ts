import { beforeEach, describe, expect, it } from 'vitest'
import { parseAccountCsv } from '../../server/accounts/account-csv.ts'
import { AccountService } from '../../server/accounts/account-service.ts'
import { hashHa1 } from '../../server/sip/digest/ha1.ts'
import { openTestStore } from '../store/support.ts'

let accounts: AccountService

beforeEach(async () => {
  const store = await openTestStore()
  await store.domains.add({ name: 'b.example', createdAt: 1 })
  accounts = new AccountService({ ...store, defaultDomain: 'a.example' })
})

const names = async (): Promise<string[]> =>
  (await accounts.list()).map(({ username, domain }) => `${username}@${domain}`)

describe('an import', () => {
  it('takes lines of user, password, e-mail, name', async () => {
    const csv = 'alice,secret-one\r\nbob@b.example,"secret,""two""",bob@mail.example,"Bob, the builder"\n\n,,,\n'
    expect(await accounts.import(csv)).toEqual({ added: 2, updated: 0, problems: [] })
    expect(await names()).toEqual(['alice@a.example', 'bob@b.example'])
    expect(await accounts.get('bob@b.example')).toMatchObject({
      email: 'bob@mail.example',
      displayName: 'Bob, the builder',
      ha1: { MD5: hashHa1('bob', 'b.example', 'secret,"two"', 'MD5') },
    })
  })

  it('takes other columns in another order when the first line names them', async () => {
    const csv = '\ufeffName,Username,DOMAIN,Password\nAlice,alice,b.example,secret-one\n,bob,,secret-two\n'
    expect(await accounts.import(csv)).toMatchObject({ added: 2, problems: [] })
    expect(await names()).toEqual(['bob@a.example', 'alice@b.example'])
  })

  it('takes an MD5 HA1 in the place of a password, and leaves the other hashes to nobody', async () => {
    const ha1 = hashHa1('alice', 'a.example', 'secret-one', 'MD5')
    await accounts.import(`user,ha1\nalice,${ha1.toUpperCase()}\nbob,${ha1}`)
    const [alice, bob] = [await accounts.get('alice'), await accounts.get('bob')]
    expect(alice.ha1.MD5).toBe(ha1)
    for (const hash of [alice.ha1['SHA-256'], alice.ha1b['SHA-256']]) expect(hash).toMatch(/^[0-9a-f]{64}$/)
    expect(alice.ha1b.MD5).toMatch(/^[0-9a-f]{32}$/)
    expect(alice.ha1['SHA-256']).not.toBe(bob.ha1['SHA-256'])
  })

  it('takes nothing when a line is bad, and tells every bad line by its number', async () => {
    await accounts.add({ account: 'dave', password: 'secret-four' })
    const csv = [
      'alice,secret-one',
      'bob,short',
      '',
      'carol smith,secret-three',
      'dave,secret-four',
      'erin@c.example,secret-five',
      'alice@a.example,secret-six',
      'frank',
      'grace,secret-seven,g@mail.example,Grace,extra',
    ].join('\r\n')
    const { added, problems } = await accounts.import(csv)
    expect(added).toBe(0)
    expect(problems).toEqual([
      { line: 2, message: 'password: at least 8 characters are needed' },
      { line: 4, message: expect.stringMatching(/^user: /) as string },
      { line: 5, message: 'user dave@a.example exists already' },
      { line: 6, message: expect.stringMatching(/^c.example is not a domain/) as string },
      { line: 7, message: 'user alice@a.example is already on line 1' },
      { line: 8, message: 'password: a new user needs one' },
      { line: 9, message: '5 columns, expected user,password,email,name' },
    ])
    expect(await names()).toEqual(['dave@a.example'])
  })

  it('takes the good lines when it may be partial', async () => {
    const result = await accounts.import('alice,secret-one\nbob,short', { partial: true })
    expect(result).toMatchObject({ added: 1, updated: 0, problems: [{ line: 2 }] })
    expect(await names()).toEqual(['alice@a.example'])
  })

  it('changes on update what a line gives, and keeps the rest', async () => {
    await accounts.add({ account: 'alice', password: 'secret-one', email: 'old@mail.example', displayName: 'Alice' })
    const before = await accounts.get('alice')
    const result = await accounts.import('user,password,email\nalice,,new@mail.example\nbob,secret-two', {
      update: true,
    })
    expect(result).toEqual({ added: 1, updated: 1, problems: [] })
    expect(await accounts.get('alice')).toEqual({ ...before, email: 'new@mail.example' })
    await accounts.import('alice,secret-new', { update: true })
    expect((await accounts.get('alice')).ha1.MD5).toBe(hashHa1('alice', 'a.example', 'secret-new', 'MD5'))
  })

  it('refuses a header with an unknown column, or one that is there twice', () => {
    expect(parseAccountCsv('user,password,phone\nalice,secret-one,1').problems).toEqual([
      { line: 1, message: expect.stringMatching(/^unknown column phone: known are user, /) as string },
    ])
    expect(parseAccountCsv('user,username,password\na,b,secret-one').problems).toMatchObject([{ line: 1 }])
  })

  it('never repeats a password in what it says about a file', async () => {
    const files = ['a,b\nalice,hush"hush', 'alice,"hush"hush', 'alice,"hush', `alice,hush${'x'.repeat(20_000)}`]
    for (const csv of [...files, 'alice,hush', 'user,password,ha1\nalice,hushhush,hush']) {
      const { problems } = await accounts.import(csv)
      expect(problems.length).toBeGreaterThan(0)
      expect(JSON.stringify(problems)).not.toContain('hush')
    }
  })

  it('takes ten thousand lines in one go', async () => {
    const csv = Array.from({ length: 10_000 }, (_, i) => `user${i},secret-${i}`).join('\n')
    expect(await accounts.import(csv)).toEqual({ added: 10_000, updated: 0, problems: [] })
  })
})
