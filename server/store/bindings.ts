import type { Statement } from 'libsql'
import type { Binding, BindingFlow } from '../registrar/binding.ts'
import type { Awaitable, BindingChange, BindingStore } from '../registrar/location.ts'
import type { BindingTable } from './schema.ts'
import type { SqliteFile } from './sqlite-file.ts'

/** In the order of the columns of the INSERT. */
const columnNames = [
  'aor',
  'key',
  'id',
  'contact',
  'params',
  'instance_id',
  'reg_id',
  'q',
  'call_id',
  'cseq',
  'expires_at',
  'user_agent',
  'methods',
  'path',
  'flow',
  'is_websocket',
  'registered_at',
] as const satisfies readonly (keyof BindingTable)[]

/**
 * Bindings in SQLite. `apply` is part of every REGISTER: prepared statements, and done when it returns unless another
 * process holds the lock. Text of messages is kept as the latin-1 string it is.
 */
export class SqliteBindings implements BindingStore {
  readonly #db: SqliteFile
  readonly #put: Statement
  readonly #remove: Statement

  constructor(db: SqliteFile) {
    this.#db = db
    this.#put = db.raw.prepare(
      `INSERT INTO binding (${columnNames.join()}) VALUES (${columnNames.map(() => '?').join()})
       ON CONFLICT (aor, key) DO UPDATE SET ${columnNames.map(name => `${name} = excluded.${name}`).join()}`,
    )
    this.#remove = db.raw.prepare('DELETE FROM binding WHERE aor = ? AND key = ?')
  }

  /** Every binding there is, expired ones too. */
  async load(): Promise<Binding[]> {
    const rows = await this.#db.inTurn(() => this.#db.kysely.selectFrom('binding').selectAll().execute())
    return rows.map(fromRow)
  }

  /** All or nothing; the removals first. Once done it outlives this process, whatever ends it. */
  apply({ put, remove }: BindingChange): Awaitable<void> {
    const rows = put.map(toValues)
    const work = (): void => {
      for (const binding of remove) this.#remove.run([binding.aor, binding.key])
      for (const values of rows) this.#put.run(values)
    }
    // One statement is a transaction by itself.
    return rows.length + remove.length > 1 ? this.#db.transaction(work) : this.#db.inTurn(work)
  }
}

const toValues = (binding: Binding): (string | number | null)[] => [
  binding.aor,
  binding.key,
  binding.id,
  binding.contact,
  binding.params ?? null,
  binding.instanceId ?? null,
  binding.regId ?? null,
  binding.q,
  binding.callId,
  binding.cseq,
  binding.expiresAt,
  binding.userAgent ?? null,
  binding.methods ?? null,
  JSON.stringify(binding.path),
  JSON.stringify(binding.flow),
  Number(binding.isWebSocket),
  binding.registeredAt,
]

const fromRow = (row: BindingTable): Binding => ({
  aor: row.aor,
  key: row.key,
  id: row.id,
  contact: row.contact,
  params: row.params ?? undefined,
  instanceId: row.instance_id ?? undefined,
  regId: row.reg_id ?? undefined,
  q: row.q,
  callId: row.call_id,
  cseq: row.cseq,
  expiresAt: row.expires_at,
  userAgent: row.user_agent ?? undefined,
  methods: row.methods ?? undefined,
  path: JSON.parse(row.path) as string[],
  flow: JSON.parse(row.flow) as BindingFlow,
  isWebSocket: row.is_websocket === 1,
  registeredAt: row.registered_at,
})
