import type { Statement } from 'libsql'
import { AccountError } from '../accounts/account-error.ts'
import type { SubscriberChange, SubscriberStore, SubscriberUpdate } from '../accounts/subscriber-store.ts'
import type { Subscriber } from '../accounts/subscriber.ts'
import type { Awaitable } from '../registrar/location.ts'
import type { SubscriberTable } from './schema.ts'
import type { SqliteFile } from './sqlite-file.ts'

/** Subscribers in SQLite. Prepared statements throughout: `find` answers requests, `save` may be an import of a whole company. */
export class SqliteSubscribers implements SubscriberStore {
  readonly #db: SqliteFile
  readonly #find: Statement
  readonly #add: Statement
  readonly #update: Statement
  readonly #remove: Statement

  constructor(db: SqliteFile) {
    this.#db = db
    this.#find = db.raw.prepare('SELECT * FROM subscriber WHERE domain = ? AND username = ?')
    this.#add = db.raw.prepare(
      `INSERT INTO subscriber (ha1_md5, ha1_sha256, ha1b_md5, ha1b_sha256, enabled, display_name, email,
         domain, username, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    )
    this.#update = db.raw.prepare(
      `UPDATE subscriber SET ha1_md5 = ifnull(?, ha1_md5), ha1_sha256 = ifnull(?, ha1_sha256),
         ha1b_md5 = ifnull(?, ha1b_md5), ha1b_sha256 = ifnull(?, ha1b_sha256),
         enabled = ifnull(?, enabled), display_name = ifnull(?, display_name), email = ifnull(?, email)
       WHERE domain = ? AND username = ?`,
    )
    this.#remove = db.raw.prepare('DELETE FROM subscriber WHERE domain = ? AND username = ?')
  }

  find(username: string, domain: string): Awaitable<Subscriber | undefined> {
    return this.#db.read(() => {
      const row = this.#find.get([domain, username]) as SubscriberTable | undefined
      return row && fromRow(row)
    })
  }

  async list({ domain }: { readonly domain?: string } = {}): Promise<Subscriber[]> {
    let query = this.#db.kysely.selectFrom('subscriber').selectAll().orderBy('domain').orderBy('username')
    if (domain !== undefined) query = query.where('domain', '=', domain)
    const rows = await this.#db.inTurn(() => query.execute())
    return rows.map(fromRow)
  }

  save({ add = [], update = [] }: SubscriberChange): Awaitable<void> {
    return this.#db.transaction(() => {
      for (const subscriber of add)
        if (this.#add.run([...columns(subscriber), subscriber.createdAt]).changes === 0)
          throw new AccountError('ACCOUNT_EXISTS', `user ${nameOf(subscriber)} exists already`)
      for (const change of update)
        if (this.#update.run(columns(change)).changes === 0)
          throw new AccountError('ACCOUNT_UNKNOWN', `there is no user ${nameOf(change)}`)
    })
  }

  remove(username: string, domain: string): Awaitable<boolean> {
    return this.#db.inTurn(() => this.#remove.run([domain, username]).changes > 0)
  }
}

const nameOf = ({ username, domain }: SubscriberUpdate): string => `${username}@${domain}`

/** In the order of the statements above; null is what is absent. */
const columns = (subscriber: SubscriberUpdate): (string | number | null)[] => [
  subscriber.ha1?.MD5 ?? null,
  subscriber.ha1?.['SHA-256'] ?? null,
  subscriber.ha1b?.MD5 ?? null,
  subscriber.ha1b?.['SHA-256'] ?? null,
  subscriber.enabled === undefined ? null : Number(subscriber.enabled),
  subscriber.displayName ?? null,
  subscriber.email ?? null,
  subscriber.domain,
  subscriber.username,
]

const fromRow = (row: SubscriberTable): Subscriber => ({
  username: row.username,
  domain: row.domain,
  ha1: { MD5: row.ha1_md5, 'SHA-256': row.ha1_sha256 },
  ha1b: { MD5: row.ha1b_md5, 'SHA-256': row.ha1b_sha256 },
  enabled: row.enabled === 1,
  displayName: row.display_name ?? undefined,
  email: row.email ?? undefined,
  createdAt: row.created_at,
})
