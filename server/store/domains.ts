import type { Domain, DomainStore } from '../accounts/domain.ts'
import type { SqliteFile } from './sqlite-file.ts'

export class SqliteDomains implements DomainStore {
  readonly #db: SqliteFile

  constructor(db: SqliteFile) {
    this.#db = db
  }

  async list(): Promise<Domain[]> {
    const query = this.#db.kysely.selectFrom('domain').selectAll().orderBy('name')
    const rows = await this.#db.inTurn(() => query.execute())
    return rows.map(row => ({ name: row.name, createdAt: row.created_at }))
  }

  async has(name: string): Promise<boolean> {
    const query = this.#db.kysely.selectFrom('domain').select('name').where('name', '=', name)
    return (await this.#db.inTurn(() => query.executeTakeFirst())) !== undefined
  }

  async add({ name, createdAt }: Domain): Promise<boolean> {
    const query = this.#db.kysely
      .insertInto('domain')
      .values({ name, created_at: createdAt })
      .onConflict(on => on.doNothing())
    const { numInsertedOrUpdatedRows } = await this.#db.inTurn(() => query.executeTakeFirst())
    return numInsertedOrUpdatedRows === 1n
  }

  async remove(name: string): Promise<boolean> {
    const query = this.#db.kysely.deleteFrom('domain').where('name', '=', name)
    const { numDeletedRows } = await this.#db.inTurn(() => query.executeTakeFirst())
    return numDeletedRows > 0n
  }
}
