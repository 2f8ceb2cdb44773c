import type { SqliteFile } from './sqlite-file.ts'

/** What the program has to remember about itself: its HMAC secret, the default domain it chose. */
export interface SettingStore {
  get(key: string): Promise<string | undefined>
  /** `create` makes the value when there is none; of two processes that ask at once both get the one that was first. */
  getOrCreate(key: string, create: () => string): Promise<string>
}

export class SqliteSettings implements SettingStore {
  readonly #db: SqliteFile

  constructor(db: SqliteFile) {
    this.#db = db
  }

  async get(key: string): Promise<string | undefined> {
    const query = this.#db.kysely.selectFrom('setting').select('value').where('key', '=', key)
    const row = await this.#db.inTurn(() => query.executeTakeFirst())
    return row?.value
  }

  async getOrCreate(key: string, create: () => string): Promise<string> {
    const there = await this.get(key)
    if (there !== undefined) return there
    const query = this.#db.kysely
      .insertInto('setting')
      .values({ key, value: create() })
      .onConflict(on => on.column('key').doUpdateSet(eb => ({ value: eb.ref('setting.value') })))
      .returning('value')
    const row = await this.#db.inTurn(() => query.executeTakeFirstOrThrow())
    return row.value
  }
}
