import type { AdministratorStore } from '../accounts/administrator.ts'
import type { DomainStore } from '../accounts/domain.ts'
import type { SubscriberStore } from '../accounts/subscriber-store.ts'
import { systemClock, type Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import type { BindingStore } from '../registrar/location.ts'
import { SqliteAdministrators } from './administrators.ts'
import { SqliteBindings } from './bindings.ts'
import { CachedSubscribers } from './cached-subscribers.ts'
import { ChangePoll } from './change-poll.ts'
import { SqliteDomains } from './domains.ts'
import { migrations } from './migrations.ts'
import { SqliteSettings, type SettingStore } from './settings.ts'
import { SqliteFile } from './sqlite-file.ts'
import { SqliteSubscribers } from './subscribers.ts'

export interface StoreOptions {
  /** Path of the database, or `:memory:` for one that is gone when it is closed. Made, with its folder, when it is not there. */
  readonly file: string
  readonly log: Log
  /** Default: the system's. */
  readonly clock?: Clock
  /** Refuse with `STORE_MISSING` instead of making a new database. Default false. */
  readonly mustExist?: boolean
  readonly limits?: Partial<typeof storeLimits>
}

export const storeLimits = {
  /** How often to look for changes by other processes, in milliseconds. */
  changePollMs: 1000,
  /** How long to wait while another process holds the lock, in milliseconds; then `STORE_LOCKED`. */
  lockTimeoutMs: 5000,
  /** Writes that may wait meanwhile; one more is refused with `STORE_OVERLOADED`. */
  maxWaitingWrites: 10_000,
  /** Subscribers kept in memory, about 1 KB each. */
  maxCachedSubscribers: 20_000,
  /** Names kept in memory as nobody's, about 200 bytes each. */
  maxCachedUnknown: 10_000,
}

/** Everything that outlives the process. Methods throw StoreError. */
export interface Store {
  /** `find` answers from memory where it can, without a promise. */
  readonly subscribers: SubscriberStore
  readonly bindings: BindingStore
  readonly domains: DomainStore
  readonly administrators: AdministratorStore
  readonly settings: SettingStore
  /** Calls `listener` when another process, such as the command line, has changed something. Returns how to stop. */
  changes(listener: () => void): () => void
  /** Final and idempotent; resolves when everything asked for before is written. */
  close(): Promise<void>
}

/** Opens and migrates. Throws StoreError with what to do about it. */
export async function openStore({
  file,
  log,
  clock = systemClock,
  mustExist = false,
  limits,
}: StoreOptions): Promise<Store> {
  const { changePollMs, maxCachedSubscribers, maxCachedUnknown, ...fileLimits } = { ...storeLimits, ...limits }
  const db = await SqliteFile.open({ file, migrations, clock, log, mustExist, ...fileLimits })
  const poll = new ChangePoll({ clock, intervalMs: changePollMs, log, version: () => db.dataVersion })
  const subscribers = new CachedSubscribers(new SqliteSubscribers(db), {
    maxKnown: maxCachedSubscribers,
    maxUnknown: maxCachedUnknown,
  })
  poll.listen(() => subscribers.clear())
  return {
    subscribers,
    bindings: new SqliteBindings(db),
    domains: new SqliteDomains(db),
    administrators: new SqliteAdministrators(db),
    settings: new SqliteSettings(db),
    changes: listener => poll.listen(listener),
    async close() {
      poll.close()
      await db.close()
    },
  }
}
