import type { AccountService } from './accounts/account-service.ts'
import type { AdministratorService } from './accounts/administrator-service.ts'
import type { Credentials, FirstAccounts } from './welcome.ts'

export interface FirstStartOptions {
  readonly accounts: Pick<AccountService, 'list' | 'add'>
  readonly administrators: Pick<AdministratorService, 'list' | 'add'>
  /** A new random password at each call. */
  readonly password: () => string
}

const administratorName = 'admin'
const firstUsers = [
  { account: '1001', displayName: 'First phone' },
  { account: '1002', displayName: 'Second phone' },
]

/**
 * Makes an administrator and two accounts in an empty database, so that a first call needs nothing else. Undefined, and nothing
 * is done, when anybody is there. The passwords are in the result only; show them once and forget them.
 */
export async function makeFirstAccounts(options: FirstStartOptions): Promise<FirstAccounts | undefined> {
  const { accounts, administrators, password } = options
  const isEmpty = (await accounts.list()).length === 0 && (await administrators.list()).length === 0
  if (!isEmpty) return undefined
  const users: Credentials[] = []
  for (const user of firstUsers) {
    const made = { name: user.account, password: password() }
    await accounts.add({ ...user, password: made.password })
    users.push(made)
  }
  const administrator = { name: administratorName, password: password() }
  await administrators.add(administrator.name, administrator.password)
  return { users, administrator }
}
