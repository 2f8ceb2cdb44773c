import type { Awaitable } from '../registrar/location.ts'

/** Somebody who may sign in to manage everything. Not a subscriber: has no address-of-record. */
export interface Administrator {
  readonly name: string
  /** Made by `hashAdministratorPassword`. */
  readonly passwordHash: string
  readonly createdAt: number
}

export interface AdministratorStore {
  list(): Promise<Administrator[]>
  find(name: string): Awaitable<Administrator | undefined>
  /** False when the name is taken. */
  add(administrator: Administrator): Awaitable<boolean>
  /** False when there is no such administrator. */
  setPasswordHash(name: string, passwordHash: string): Awaitable<boolean>
  /** False when there was no such administrator. */
  remove(name: string): Awaitable<boolean>
}
