import type { Database } from 'libsql'
import type { Log } from '../lib/log.ts'
import type { Migration } from './migrations.ts'
import { StoreError } from './store-error.ts'

export interface MigrateOptions {
  readonly migrations: readonly Migration[]
  /** Named in errors. */
  readonly file: string
  readonly now: number
  readonly log: Log
}

/**
 * Brings the schema forward to the last migration, all in one transaction, so that two processes that open a new database
 * at once do it once. Throws StoreError: `STORE_NEWER` when a later version of the program was here, `STORE_FOREIGN` when
 * the file is some other program's.
 */
export function migrate(database: Database, options: MigrateOptions): void {
  if (versionOf(database, options.file) === options.migrations.length) return
  database.exec('BEGIN IMMEDIATE')
  try {
    applyMissing(database, options)
    database.exec('COMMIT')
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK')
    throw error
  }
}

function applyMissing(database: Database, { migrations, file, now, log }: MigrateOptions): void {
  const version = versionOf(database, file)
  if (version > migrations.length)
    throw new StoreError(
      'STORE_NEWER',
      `database ${file} is of a newer version of this program (schema ${version}, known up to ${migrations.length}): update the program`,
    )
  database.exec(
    'CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT',
  )
  const record = database.prepare('INSERT INTO schema_version (version, name, applied_at) VALUES (?, ?, ?)')
  for (const [index, migration] of migrations.entries()) {
    if (index < version) continue
    database.exec(migration.sql)
    record.run([index + 1, migration.name, now])
    log.info({ file, version: index + 1 }, `database schema: ${migration.name}`)
  }
}

/** 0 for a new, empty file. */
function versionOf(database: Database, file: string): number {
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").raw().all() as [string][]
  if (tables.length === 0) return 0
  if (!tables.some(([name]) => name === 'schema_version'))
    throw new StoreError('STORE_FOREIGN', `database ${file} belongs to another program: choose another file`)
  const [version] = database.prepare('SELECT max(version) FROM schema_version').raw().get([]) as [number | null]
  return version ?? 0
}
