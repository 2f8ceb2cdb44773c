import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Kysely, SqliteDialect } from 'kysely'
import Libsql, { type Database } from 'libsql'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import type { Awaitable } from '../registrar/location.ts'
import { migrate } from './migrate.ts'
import type { Migration } from './migrations.ts'
import type { Schema } from './schema.ts'
import { explain, isLocked, StoreError } from './store-error.ts'
import { WriteQueue } from './write-queue.ts'

export interface SqliteFileOptions {
  /** Path, or `:memory:`. Made, with its folder, when it is not there. */
  readonly file: string
  readonly migrations: readonly Migration[]
  readonly clock: Clock
  readonly log: Log
  /** Do not make the file: `STORE_MISSING` when it is not there. */
  readonly mustExist: boolean
  readonly lockTimeoutMs: number
  readonly maxWaitingWrites: number
}

/**
 * One open database file. There is one connection, so everything this process writes is in one order and
 * `dataVersion` moves for other processes only. Statements run in this thread and are done when they return.
 */
export class SqliteFile {
  readonly file: string
  /** For the statements of the hot paths, prepared once. */
  readonly raw: Database
  /** For the rest. Its queries are run by `inTurn`, one at a time. */
  readonly kysely: Kysely<Schema>
  readonly #writes: WriteQueue
  readonly #dataVersion: Libsql.Statement
  #isClosed = false

  private constructor(file: string, raw: Database, writes: WriteQueue) {
    this.file = file
    this.raw = raw
    this.kysely = new Kysely<Schema>({ dialect: new SqliteDialect({ database: raw }) })
    this.#writes = writes
    this.#dataVersion = raw.prepare('PRAGMA data_version').raw()
  }

  /** Opens and migrates. Throws StoreError. */
  static async open(options: SqliteFileOptions): Promise<SqliteFile> {
    const { file, clock, lockTimeoutMs, maxWaitingWrites: maxWaiting } = options
    const writes = new WriteQueue({ clock, lockTimeoutMs, maxWaiting, explain: error => explain(error, file) })
    if (file !== ':memory:') secureFile(options)
    const raw = connect(file)
    try {
      await writes.run(() => setUp(raw, options))
    } catch (error) {
      raw.close()
      throw error
    }
    return new SqliteFile(file, raw, writes)
  }

  /** Runs `work` when what was asked for before is done, and again while another process holds the lock. Throws StoreError. */
  inTurn<T>(work: () => Awaitable<T>): Awaitable<T> {
    if (this.#isClosed) throw new StoreError('STORE_CLOSED', `database ${this.file} is closed`)
    return this.#writes.run(work)
  }

  /** `work`, which may be several statements and takes no time between them, applied as one. */
  transaction(work: () => void): Awaitable<void> {
    return this.inTurn(() => {
      this.raw.exec('BEGIN IMMEDIATE')
      try {
        work()
        this.raw.exec('COMMIT')
      } catch (error) {
        // After some errors SQLite has rolled back by itself.
        if (this.raw.inTransaction) this.raw.exec('ROLLBACK')
        throw error
      }
    })
  }

  /** A read that need not wait for writes: in WAL mode they do not stand in its way. */
  read<T>(work: () => T): Awaitable<T> {
    if (this.#isClosed) throw new StoreError('STORE_CLOSED', `database ${this.file} is closed`)
    try {
      return work()
    } catch (error) {
      // Only while another process recovers or removes the write-ahead log.
      if (isLocked(error)) return this.#writes.run(work)
      throw explain(error, this.file)
    }
  }

  /** A number that changes when another process has committed something. */
  get dataVersion(): number {
    const [version] = this.#dataVersion.get([]) as [number]
    return version
  }

  /** Waits for the writes asked for before. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#writes.idle()
    // The driver lets go of the file only when the last statement is collected, so SQLite's own clean-up may never come.
    this.raw.pragma('wal_checkpoint(TRUNCATE)')
    this.raw.close()
  }
}

/** The file and its folder are for this user alone, before a byte is written: the -wal and -shm files take after it. */
function secureFile({ file, mustExist, log }: SqliteFileOptions): void {
  const path = resolve(file)
  if (existsSync(path)) {
    if (statSync(path).mode & 0o077) {
      log.warn({ file }, 'database could be read by other users of this machine: now it is for its owner alone')
      attempt(file, () => {
        for (const part of [path, `${path}-wal`, `${path}-shm`]) if (existsSync(part)) chmodSync(part, 0o600)
      })
    }
    return
  }
  if (mustExist)
    throw new StoreError('STORE_MISSING', `database ${file} does not exist: start the server once, or add a user`)
  attempt(file, () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    closeSync(openSync(path, 'a', 0o600))
  })
}

function attempt(file: string, work: () => void): void {
  try {
    work()
  } catch (error) {
    throw new StoreError('STORE_UNREADABLE', `database ${file} cannot be made: ${String(error)}`, { cause: error })
  }
}

function connect(file: string): Database {
  try {
    return new Libsql(file)
  } catch (error) {
    throw explain(error, file)
  }
}

function setUp(raw: Database, { migrations, file, clock, log }: SqliteFileOptions): void {
  raw.pragma('busy_timeout = 0') // The write queue waits, and the process goes on meanwhile.
  raw.pragma('journal_mode = WAL') // Readers and a writer side by side: the command line beside the server.
  raw.pragma('synchronous = NORMAL') // What is committed outlives this process; the last moment may not outlive the machine.
  migrate(raw, { migrations, file, now: clock.now(), log })
}
