import { afterEach } from 'vitest'
import { silentLog } from '../../server/lib/log.ts'
import { openStore, type Store, type StoreOptions } from '../../server/store/open-store.ts'
import { removeFolder, scratchFolder } from '../support/scratch.ts'

const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A path in a new empty folder that goes away after the test. */
export function databasePath(): string {
  const folder = scratchFolder('store')
  cleanups.push(() => removeFolder(folder))
  return `${folder}/data/offhook.db`
}

/** Closed after the test. */
export async function openTestStore(options: Partial<StoreOptions> = {}): Promise<Store> {
  const store = await openStore({ file: ':memory:', log: silentLog, ...options })
  cleanups.push(() => store.close())
  return store
}

export function afterTest(cleanup: () => unknown): void {
  cleanups.push(cleanup)
}
