import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import Libsql from 'libsql'
import { describe, expect, it } from 'vitest'
import { silentLog, type Log } from '../../server/lib/log.ts'
import { migrate } from '../../server/store/migrate.ts'
import { migrations } from '../../server/store/migrations.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { aliceSubscriber } from './samples.ts'
import { databasePath, openTestStore } from './support.ts'

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

/** As another program would leave it. */
function makeDatabase(sql: string): string {
  const file = databasePath()
  mkdirSync(dirname(file), { recursive: true })
  const raw = new Libsql(file)
  raw.exec(sql)
  raw.close()
  return file
}

describe('openStore', () => {
  it('makes the folder and all files of the database for their owner alone', async () => {
    const file = databasePath()
    await openTestStore({ file })
    expect(modeOf(dirname(file))).toBe('700')
    for (const suffix of ['', '-wal', '-shm']) expect(modeOf(file + suffix)).toBe('600')
  })

  it('takes other users out of the permissions of an existing database, and says so', async () => {
    const file = makeDatabase('')
    chmodSync(file, 0o644)
    const warnings: string[] = []
    const log: Log = { ...silentLog, warn: (_fields, text) => void warnings.push(text) }
    await openTestStore({ file, log })
    expect(modeOf(file)).toBe('600')
    expect(warnings).toHaveLength(1)
  })

  it('finds everything again after it was closed', async () => {
    const file = databasePath()
    const first = await openTestStore({ file })
    await first.subscribers.save({ add: [aliceSubscriber] })
    await first.close()
    const second = await openTestStore({ file, mustExist: true })
    expect(await second.subscribers.find('alice', 'example.com')).toEqual(aliceSubscriber)
  })

  it('makes no database where one must exist', async () => {
    const file = databasePath()
    await expect(openTestStore({ file, mustExist: true })).rejects.toMatchObject({
      code: 'STORE_MISSING',
      message: `database ${file} does not exist: start the server once, or add a user`,
    })
    expect(existsSync(dirname(file))).toBe(false)
  })

  it('refuses a file that is no database', async () => {
    const file = makeDatabase('')
    writeFileSync(file, 'Dear diary, '.repeat(1000))
    await expect(openTestStore({ file })).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
      message: `database ${file} is damaged or no SQLite file: restore it from a backup`,
    })
  })

  it('refuses a database of another program and leaves it as it is', async () => {
    const file = makeDatabase('CREATE TABLE invoice (id INTEGER)')
    await expect(openTestStore({ file })).rejects.toMatchObject({ code: 'STORE_FOREIGN' })
  })

  it('refuses a folder in the place of the file', async () => {
    const file = databasePath()
    mkdirSync(file, { recursive: true })
    await expect(openTestStore({ file })).rejects.toMatchObject({ code: 'STORE_UNREADABLE' })
  })

  it('refuses a path whose folder cannot be made', async () => {
    const file = makeDatabase('')
    await expect(openTestStore({ file: `${file}/below/a.db` })).rejects.toMatchObject({ code: 'STORE_UNREADABLE' })
  })

  it('refuses a database that a newer version of the program has made', async () => {
    const file = databasePath()
    await (await openTestStore({ file })).close()
    const raw = new Libsql(file)
    raw.prepare("INSERT INTO schema_version VALUES (999, 'later', 0)").run([])
    raw.close()
    await expect(openTestStore({ file })).rejects.toMatchObject({
      code: 'STORE_NEWER',
      message: expect.stringMatching(
        /is of a newer version of this program \(schema 999, .*: update the program$/,
      ) as string,
    })
  })

  it('waits for a lock of another process without standing still, then gives up', async () => {
    const file = databasePath()
    await (await openTestStore({ file })).close()
    const other = new Libsql(file)
    other.exec('BEGIN EXCLUSIVE')
    const clock = new FakeClock()
    const store = await openTestStore({ file, clock, limits: { lockTimeoutMs: 100 } })
    const saved = Promise.resolve(store.subscribers.save({ add: [aliceSubscriber] }))
    const verdict = expect(saved).rejects.toMatchObject({
      code: 'STORE_LOCKED',
      message: `database ${file} is locked by another process: end it, or try again`,
    })
    for (let waited = 0; waited <= 120; waited += 20) {
      await new Promise(setImmediate)
      clock.advance(20)
    }
    await verdict
    other.exec('ROLLBACK')
    await store.subscribers.save({ add: [aliceSubscriber] })
    other.close()
  })

  it('closes twice without harm, leaves no timer, and refuses work afterwards', async () => {
    const clock = new FakeClock()
    const store = await openTestStore({ clock })
    await store.close()
    await store.close()
    expect(clock.pending).toBe(0)
    expect(() => store.bindings.apply({ put: [], remove: [] })).toThrow(/is closed/)
    await expect(store.bindings.load()).rejects.toMatchObject({ code: 'STORE_CLOSED' })
  })
})

describe('migrate', () => {
  const options = { file: 'test.db', now: 1, log: silentLog }
  const later = { name: 'nicknames', sql: 'ALTER TABLE subscriber ADD COLUMN nickname TEXT' }
  const versions = (raw: Libsql.Database): unknown => raw.prepare('SELECT version FROM schema_version').raw().all()

  it('brings an empty database to the last version', () => {
    const raw = new Libsql(':memory:')
    migrate(raw, { ...options, migrations: [...migrations, later] })
    expect(versions(raw)).toEqual([...migrations, later].map((_, index) => [index + 1]))
    raw.prepare('SELECT nickname FROM subscriber').all()
  })

  it('applies to an existing database what is new, and keeps what is in it', () => {
    const raw = new Libsql(':memory:')
    migrate(raw, { ...options, migrations })
    raw.exec("INSERT INTO setting VALUES ('a', 'b')")
    migrate(raw, { ...options, migrations: [...migrations, later] })
    migrate(raw, { ...options, migrations: [...migrations, later] })
    expect(versions(raw)).toHaveLength(migrations.length + 1)
    expect(raw.prepare('SELECT value FROM setting').raw().all()).toEqual([['b']])
  })

  it('leaves a database as it was when a step fails', () => {
    const raw = new Libsql(':memory:')
    migrate(raw, { ...options, migrations })
    const broken = { name: 'broken', sql: 'CREATE TABLE half (a); CREATE TABLE half (a)' }
    expect(() => migrate(raw, { ...options, migrations: [...migrations, later, broken] })).toThrow(/half/)
    expect(versions(raw)).toHaveLength(migrations.length)
    expect(() => raw.prepare('SELECT nickname FROM subscriber')).toThrow(/nickname/)
  })
})
