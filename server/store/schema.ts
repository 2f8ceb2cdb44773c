/** The tables as they are after the last migration, for the query builder. Times are milliseconds since the epoch. */
export interface Schema {
  subscriber: SubscriberTable
  domain: DomainTable
  administrator: AdministratorTable
  binding: BindingTable
  setting: SettingTable
}

export interface SubscriberTable {
  username: string
  domain: string
  ha1_md5: string
  ha1_sha256: string
  ha1b_md5: string
  ha1b_sha256: string
  /** 0 or 1, here and below: SQLite has no boolean and the driver must never be given one. */
  enabled: number
  display_name: string | null
  email: string | null
  created_at: number
}

export interface DomainTable {
  name: string
  created_at: number
}

export interface AdministratorTable {
  name: string
  password_hash: string
  created_at: number
}

export interface BindingTable {
  aor: string
  key: string
  id: string
  contact: string
  params: string | null
  instance_id: string | null
  reg_id: number | null
  q: number
  call_id: string
  cseq: number
  expires_at: number
  user_agent: string | null
  methods: string | null
  /** JSON array of strings. */
  path: string
  /** JSON of `BindingFlow`. */
  flow: string
  is_websocket: number
  registered_at: number
}

export interface SettingTable {
  key: string
  value: string
}
