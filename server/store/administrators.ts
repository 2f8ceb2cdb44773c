import type { Administrator, AdministratorStore } from '../accounts/administrator.ts'
import type { AdministratorTable } from './schema.ts'
import type { SqliteFile } from './sqlite-file.ts'

export class SqliteAdministrators implements AdministratorStore {
  readonly #db: SqliteFile

  constructor(db: SqliteFile) {
    this.#db = db
  }

  async list(): Promise<Administrator[]> {
    const query = this.#db.kysely.selectFrom('administrator').selectAll().orderBy('name')
    const rows = await this.#db.inTurn(() => query.execute())
    return rows.map(fromRow)
  }

  async find(name: string): Promise<Administrator | undefined> {
    const query = this.#db.kysely.selectFrom('administrator').selectAll().where('name', '=', name)
    const row = await this.#db.inTurn(() => query.executeTakeFirst())
    return row && fromRow(row)
  }

  async add({ name, passwordHash, createdAt }: Administrator): Promise<boolean> {
    const query = this.#db.kysely
      .insertInto('administrator')
      .values({ name, password_hash: passwordHash, created_at: createdAt })
      .onConflict(on => on.doNothing())
    const { numInsertedOrUpdatedRows } = await this.#db.inTurn(() => query.executeTakeFirst())
    return numInsertedOrUpdatedRows === 1n
  }

  async setPasswordHash(name: string, passwordHash: string): Promise<boolean> {
    const query = this.#db.kysely
      .updateTable('administrator')
      .set({ password_hash: passwordHash })
      .where('name', '=', name)
    const { numUpdatedRows } = await this.#db.inTurn(() => query.executeTakeFirst())
    return numUpdatedRows > 0n
  }

  async remove(name: string): Promise<boolean> {
    const query = this.#db.kysely.deleteFrom('administrator').where('name', '=', name)
    const { numDeletedRows } = await this.#db.inTurn(() => query.executeTakeFirst())
    return numDeletedRows > 0n
  }
}

const fromRow = (row: AdministratorTable): Administrator => ({
  name: row.name,
  passwordHash: row.password_hash,
  createdAt: row.created_at,
})
