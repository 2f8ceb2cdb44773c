/** One step forward of the schema. A step that was released is never edited: a change is a new step at the end. */
export interface Migration {
  readonly name: string
  readonly sql: string
}

export const migrations: readonly Migration[] = [
  {
    name: 'accounts and bindings',
    sql: `
      CREATE TABLE subscriber (
        username     TEXT NOT NULL,
        domain       TEXT NOT NULL,
        ha1_md5      TEXT NOT NULL,
        ha1_sha256   TEXT NOT NULL,
        ha1b_md5     TEXT NOT NULL,
        ha1b_sha256  TEXT NOT NULL,
        enabled      INTEGER NOT NULL,
        display_name TEXT,
        email        TEXT,
        created_at   INTEGER NOT NULL,
        PRIMARY KEY (domain, username)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE domain (
        name       TEXT PRIMARY KEY,
        created_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE administrator (
        name          TEXT PRIMARY KEY,
        password_hash TEXT NOT NULL,
        created_at    INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE binding (
        aor           TEXT NOT NULL,
        key           TEXT NOT NULL,
        id            TEXT NOT NULL,
        contact       TEXT NOT NULL,
        params        TEXT,
        instance_id   TEXT,
        reg_id        INTEGER,
        q             INTEGER NOT NULL,
        call_id       TEXT NOT NULL,
        cseq          INTEGER NOT NULL,
        expires_at    INTEGER NOT NULL,
        user_agent    TEXT,
        methods       TEXT,
        path          TEXT NOT NULL,
        flow          TEXT NOT NULL,
        is_websocket  INTEGER NOT NULL,
        registered_at INTEGER NOT NULL,
        PRIMARY KEY (aor, key)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE setting (
        key   TEXT PRIMARY KEY,
        value TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
    `,
  },
]
