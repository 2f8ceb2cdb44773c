import { systemClock, type Clock } from '../lib/clock.ts'
import { AccountError } from './account-error.ts'
import { hashAdministratorPassword, verifyAdministratorPassword } from './administrator-password.ts'
import type { Administrator, AdministratorStore } from './administrator.ts'
import { readPassword, readUsername } from './fields.ts'

export interface AdministratorServiceOptions {
  readonly administrators: AdministratorStore
  /** Characters. Default 8. */
  readonly minPasswordLength?: number
  readonly clock?: Clock
}

/** Those who may sign in to manage everything. Throws AccountError. */
export class AdministratorService {
  readonly #store: AdministratorStore
  readonly #minLength: number
  readonly #clock: Clock
  /** What the password of an unknown name is compared with, so that it takes as long as that of a known one. */
  #decoy: Promise<string> | undefined

  constructor({ administrators, minPasswordLength = 8, clock = systemClock }: AdministratorServiceOptions) {
    this.#store = administrators
    this.#minLength = minPasswordLength
    this.#clock = clock
  }

  list(): Promise<Administrator[]> {
    return this.#store.list()
  }

  async add(name: string, password: string): Promise<void> {
    const passwordHash = await this.#hash(readUsername(name), password)
    if (!(await this.#store.add({ name, passwordHash, createdAt: this.#clock.now() })))
      throw new AccountError('ACCOUNT_EXISTS', `administrator ${name} exists already`)
  }

  async setPassword(name: string, password: string): Promise<void> {
    const passwordHash = await this.#hash(name, password)
    if (!(await this.#store.setPasswordHash(name, passwordHash))) throw unknown(name)
  }

  async remove(name: string): Promise<void> {
    if (!(await this.#store.remove(name))) throw unknown(name)
  }

  /** Undefined for an unknown name and for a wrong password alike, and after the same time. */
  async verify(name: string, password: string): Promise<Administrator | undefined> {
    const administrator = await this.#store.find(name)
    const hash = administrator?.passwordHash ?? (await (this.#decoy ??= hashAdministratorPassword('')))
    return (await verifyAdministratorPassword(password, hash)) ? administrator : undefined
  }

  #hash(name: string, password: string): Promise<string> {
    return hashAdministratorPassword(readPassword(password, { minLength: this.#minLength, username: name }))
  }
}

const unknown = (name: string): AccountError => new AccountError('ACCOUNT_UNKNOWN', `there is no administrator ${name}`)
