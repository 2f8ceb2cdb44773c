import { AccountService } from './accounts/account-service.ts'
import { AdministratorService } from './accounts/administrator-service.ts'
import { chooseDefaultDomain } from './accounts/default-domain.ts'
import type { Config } from './config.ts'
import type { Clock } from './lib/clock.ts'
import type { Log } from './lib/log.ts'
import { openStore, type Store } from './store/open-store.ts'

/** What the server and the commands share: the store and the services over it. */
export interface Services {
  readonly store: Store
  readonly accounts: AccountService
  readonly administrators: AdministratorService
  /** For names without a domain. */
  readonly defaultDomain: string
}

export interface ServicesOptions {
  readonly config: Config
  readonly log: Log
  readonly clock: Clock
  /** Refuse with `STORE_MISSING` instead of making a new database. */
  readonly mustExist: boolean
}

/** Throws StoreError. Whoever opens closes the store. */
export async function openServices({ config, log, clock, mustExist }: ServicesOptions): Promise<Services> {
  const store = await openStore({ file: config.databaseFile, log, clock, mustExist })
  try {
    const { settings, domains, subscribers } = store
    const defaultDomain = await chooseDefaultDomain({ configured: config.domain, settings, domains, clock })
    const { minPasswordLength } = config.auth
    return {
      store,
      accounts: new AccountService({ subscribers, domains, defaultDomain, minPasswordLength, clock }),
      administrators: new AdministratorService({ administrators: store.administrators, minPasswordLength, clock }),
      defaultDomain,
    }
  } catch (error) {
    await store.close()
    throw error
  }
}
