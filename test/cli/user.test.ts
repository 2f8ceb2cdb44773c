import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { hashHa1 } from '../../server/sip/digest/ha1.ts'
import { aliceBinding } from '../store/samples.ts'
import { CommandRunner, terminal } from './run-command.ts'

let offhook: CommandRunner

beforeEach(() => {
  offhook = new CommandRunner()
})

const md5Of = (name: string): Promise<string | undefined> =>
  offhook.withStore(async store => (await store.subscribers.find(name, 'example.com'))?.ha1.MD5)

const addAlice = (): Promise<string> => offhook.output(['user', 'add', 'alice', '--password-stdin'], 'secret-one\n')

describe('offhook user add', () => {
  it('takes the password from standard input and does not show it', async () => {
    expect(await offhook.run(['user', 'add', 'alice', '--password-stdin'], 'secret-one\n')).toEqual({
      stdout: 'added alice@example.com\n',
      stderr: '',
      failure: undefined,
    })
    expect(await md5Of('alice')).toBe(hashHa1('alice', 'example.com', 'secret-one', 'MD5'))
  })

  it('makes a password and shows it once when there is neither a terminal nor --password-stdin', async () => {
    const stdout = await offhook.output(['user', 'add', 'alice'])
    const password = /^password: (\S{19})$/m.exec(stdout)?.[1]
    expect(stdout).toMatch(/made at random and is shown this once/)
    expect(await md5Of('alice')).toBe(hashHa1('alice', 'example.com', password!, 'MD5'))
  })

  it('asks twice at a terminal, without showing what is typed', async () => {
    const keys = terminal('secret-tow\x7f\x7fwo\rsecret-two\r')
    const { stdout, stderr, failure } = await offhook.run(['user', 'add', 'alice'], keys)
    expect({ stdout, stderr, failure }).toEqual({
      stdout: 'added alice@example.com\n',
      stderr: 'Password: \nAgain: \n',
      failure: undefined,
    })
    expect(keys.modes).toEqual([true, false])
    expect(await md5Of('alice')).toBe(hashHa1('alice', 'example.com', 'secret-two', 'MD5'))
  })

  it('does nothing when the two differ, or at Ctrl-C', async () => {
    const differ = await offhook.run(['user', 'add', 'alice'], terminal('secret-one\rsecret-two\r'))
    expect(differ.failure).toBe('the two passwords differ')
    const keys = terminal('secret\x03')
    expect((await offhook.run(['user', 'add', 'alice'], keys)).failure).toBe('cancelled')
    expect(keys.modes).toEqual([true, false])
    expect(await md5Of('alice')).toBeUndefined()
  })

  it('keeps e-mail and name', async () => {
    await offhook.output(['user', 'add', 'alice@EXAMPLE.com', '--email', 'a@mail.example', '--name', 'Alice Ä.'])
    expect(JSON.parse(await offhook.output(['user', 'show', 'alice', '--json']))).toEqual({
      username: 'alice',
      domain: 'example.com',
      displayName: 'Alice Ä.',
      email: 'a@mail.example',
      enabled: true,
      createdAt: '2023-11-14T22:13:20.000Z',
    })
  })

  it.each([
    ['a user who exists', ['alice'], 'secret-one', 'user alice@example.com exists already'],
    [
      'a domain that is not ours',
      ['bob@b.example'],
      'secret-one',
      /^b.example is not a domain .* `offhook domain add b.example`$/,
    ],
    ['a bad name', ['bo b'], 'secret-one', /^user: 1 to 64 letters/],
    ['a short password', ['bob'], 'short', 'password: at least 8 characters are needed'],
    ['an empty standard input', ['bob'], '', 'there is no password on standard input: give it as one line'],
    ['a flood on standard input', ['bob'], 'x'.repeat(5000), 'the password on standard input is longer than 4096'],
    ['two lines', ['bob'], 'secret-one\nsecret-two\n', /^password: line ends/],
    ['no name', [], '', /missing required argument/],
  ])('fails with one clear line for %s', async (_what, args, input, failure) => {
    await addAlice()
    const result = await offhook.run(['user', 'add', ...args, '--password-stdin'], input)
    expect(result.failure).toMatch(failure)
    expect(result.failure).not.toContain('\n')
    expect(result.stdout).toBe('')
  })
})

describe('offhook user', () => {
  it('list shows a table, or JSON without any hash', async () => {
    await addAlice()
    await offhook.output(['user', 'add', 'bob', '--name', 'Bob', '--email', 'bob@mail.example'])
    await offhook.output(['user', 'disable', 'bob'])
    expect(await offhook.output(['user', 'list'])).toBe(
      [
        'USER               NAME  E-MAIL            ENABLED  ADDED',
        'alice@example.com                          yes      2023-11-14T22:13:20.000Z',
        'bob@example.com    Bob   bob@mail.example  no       2023-11-14T22:13:20.000Z',
        '',
      ].join('\n'),
    )
    const json = await offhook.output(['user', 'list', '--domain', 'example.com', '--json'])
    expect(JSON.parse(json)).toMatchObject([{ username: 'alice' }, { username: 'bob', enabled: false }])
    expect(json).not.toMatch(/[0-9a-f]{32}/)
    expect(await offhook.output(['user', 'list', '--domain', 'b.example'])).toBe('no users\n')
  })

  it('show tells of one user', async () => {
    await addAlice()
    expect(await offhook.output(['user', 'show', 'alice'])).toBe(
      'user:    alice@example.com\nname:\ne-mail:\nenabled: yes\nadded:   2023-11-14T22:13:20.000Z\n',
    )
  })

  it('passwd changes the password', async () => {
    await addAlice()
    const stdout = await offhook.output(['user', 'passwd', 'alice', '--password-stdin'], 'secret-new')
    expect(stdout).toBe('password of alice@example.com changed\n')
    expect(await md5Of('alice')).toBe(hashHa1('alice', 'example.com', 'secret-new', 'MD5'))
    expect(await offhook.output(['user', 'passwd', 'alice'])).toMatch(/^password: \S{19}$/m)
  })

  it('rm removes the user and its bindings, and nobody else’s', async () => {
    await addAlice()
    const bobs = { ...aliceBinding, aor: 'sip:bob@example.com' }
    await offhook.withStore(async store => store.bindings.apply({ put: [aliceBinding, bobs], remove: [] }))
    expect(await offhook.output(['user', 'rm', 'alice'])).toBe('removed alice@example.com\n')
    expect(await md5Of('alice')).toBeUndefined()
    expect(await offhook.withStore(store => store.bindings.load())).toEqual([bobs])
  })

  it('disable and enable say what they did', async () => {
    await addAlice()
    expect(await offhook.output(['user', 'disable', 'alice'])).toBe('disabled alice@example.com\n')
    expect(await offhook.output(['user', 'show', 'alice'])).toMatch(/enabled: no/)
    expect(await offhook.output(['user', 'enable', 'alice'])).toBe('enabled alice@example.com\n')
  })

  it.each(['show', 'passwd', 'rm', 'enable', 'disable'])('%s fails for a user who does not exist', async verb => {
    await addAlice()
    expect((await offhook.run(['user', verb, 'bob'])).failure).toBe('there is no user bob@example.com')
  })

  it.each(['list', 'show', 'passwd', 'rm', 'enable', 'disable'])('%s makes no database', async verb => {
    const { failure } = await offhook.run(['user', verb, ...(verb === 'list' ? [] : ['alice'])])
    expect(failure).toBe(`database ${offhook.file} does not exist: start the server once, or add a user`)
  })
})

describe('offhook user import', () => {
  const csvFile = (text: string): string => {
    const file = join(dirname(dirname(offhook.file)), 'users.csv')
    writeFileSync(file, text)
    return file
  }

  it('adds the users of a file', async () => {
    const file = csvFile('alice,secret-one\nbob,secret-two,bob@mail.example,Bob\n')
    expect(await offhook.output(['user', 'import', file])).toBe('added 2, updated 0\n')
    expect(await md5Of('bob')).toBe(hashHa1('bob', 'example.com', 'secret-two', 'MD5'))
  })

  it('names the bad lines and imports nothing', async () => {
    const file = csvFile('alice,secret-one\nbob,short\n')
    expect(await offhook.run(['user', 'import', file])).toEqual({
      stdout: '',
      stderr: `${file}:2: password: at least 8 characters are needed\n`,
      failure: `nothing imported: 1 bad line in ${file} (--partial takes the others)`,
    })
    expect(await md5Of('alice')).toBeUndefined()
  })

  it('takes the good lines with --partial, and still fails', async () => {
    const file = csvFile('alice,secret-one\nbob,short\ncarol,short\n')
    const { failure } = await offhook.run(['user', 'import', '--partial', file])
    expect(failure).toBe(`added 1, updated 0, left out 2 bad lines of ${file}`)
    expect(await md5Of('alice')).toBeDefined()
  })

  it('changes users who exist with --update only', async () => {
    await addAlice()
    const file = csvFile('alice,secret-new\n')
    expect((await offhook.run(['user', 'import', file])).stderr).toBe(
      `${file}:1: user alice@example.com exists already\n`,
    )
    expect(await offhook.output(['user', 'import', '--update', file])).toBe('added 0, updated 1\n')
    expect(await md5Of('alice')).toBe(hashHa1('alice', 'example.com', 'secret-new', 'MD5'))
  })

  it('shows twenty bad lines and counts the others', async () => {
    const file = csvFile('bob,short\n'.repeat(25))
    const { stderr } = await offhook.run(['user', 'import', file])
    expect(stderr.split('\n')).toHaveLength(22)
    expect(stderr).toMatch(/: and 5 more\n$/)
  })

  it('fails with one clear line for a file that is not there', async () => {
    expect((await offhook.run(['user', 'import', '/nowhere.csv'])).failure).toMatch(
      /^cannot read \/nowhere.csv: ENOENT/,
    )
  })
})
