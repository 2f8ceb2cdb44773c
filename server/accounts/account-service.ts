import { randomBytes } from 'node:crypto'
import { systemClock, type Clock } from '../lib/clock.ts'
import { hashPassword, type PasswordHashes } from '../sip/digest/ha1.ts'
import { parseAccountCsv, type AccountRow, type ImportProblem } from './account-csv.ts'
import { AccountError } from './account-error.ts'
import type { DomainStore } from './domain.ts'
import { readDisplayName, readDomain, readEmail, readHa1, readPassword, readUsername } from './fields.ts'
import type { SubscriberChange, SubscriberStore, SubscriberUpdate } from './subscriber-store.ts'
import type { Subscriber } from './subscriber.ts'

export interface AccountServiceOptions {
  readonly subscribers: SubscriberStore
  readonly domains: DomainStore
  /** For names without a domain; always a home domain. */
  readonly defaultDomain: string
  /** Characters. Default 8. */
  readonly minPasswordLength?: number
  /** Default: the system's. */
  readonly clock?: Clock
}

export interface NewAccount {
  /** `alice` in the default domain, or `alice@phone.example.com`. */
  readonly account: string
  readonly password: string
  readonly email?: string
  readonly displayName?: string
}

export interface ImportOptions {
  /** Take the good lines when some are bad. Default false: nothing is taken. */
  readonly partial?: boolean
  /** A user who exists is changed; what the line does not give stays. Default false: it is a bad line. */
  readonly update?: boolean
}

export interface ImportResult {
  readonly added: number
  readonly updated: number
  /** Bad lines, in order. Without `partial` nothing was taken when there are any. */
  readonly problems: readonly ImportProblem[]
}

/** Who an account is: the key of a subscriber. */
interface AccountKey {
  readonly username: string
  readonly domain: string
}

/**
 * Everything that is done to accounts, for the command line and the HTTP API alike. Passwords are hashed at once and kept
 * nowhere (R3.3). Accounts are named `alice` or `alice@domain`. Throws AccountError.
 */
export class AccountService {
  readonly #subscribers: SubscriberStore
  readonly #domains: DomainStore
  readonly #defaultDomain: string
  readonly #minLength: number
  readonly #clock: Clock

  constructor(options: AccountServiceOptions) {
    this.#subscribers = options.subscribers
    this.#domains = options.domains
    this.#defaultDomain = readDomain(options.defaultDomain)
    this.#minLength = options.minPasswordLength ?? 8
    this.#clock = options.clock ?? systemClock
  }

  async add(account: NewAccount): Promise<Subscriber> {
    const key = await this.#readNewKey(account.account)
    const subscriber: Subscriber = {
      ...key,
      ...this.#hashPassword(key, account.password),
      enabled: true,
      displayName: readDisplayName(account.displayName),
      email: readEmail(account.email),
      createdAt: this.#clock.now(),
    }
    await this.#subscribers.save({ add: [subscriber] })
    return subscriber
  }

  /** All, or those of one domain. */
  list(filter: { readonly domain?: string } = {}): Promise<Subscriber[]> {
    return this.#subscribers.list({ domain: filter.domain && readDomain(filter.domain) })
  }

  async get(account: string): Promise<Subscriber> {
    const { username, domain } = this.#readKey(account)
    const subscriber = await this.#subscribers.find(username, domain)
    if (!subscriber) throw new AccountError('ACCOUNT_UNKNOWN', `there is no user ${username}@${domain}`)
    return subscriber
  }

  async setPassword(account: string, password: string): Promise<void> {
    const key = this.#readKey(account)
    await this.#subscribers.save({ update: [{ ...key, ...this.#hashPassword(key, password) }] })
  }

  /** A subscriber who is not enabled cannot register or call. */
  async setEnabled(account: string, enabled: boolean): Promise<void> {
    await this.#subscribers.save({ update: [{ ...this.#readKey(account), enabled }] })
  }

  async remove(account: string): Promise<Subscriber> {
    const subscriber = await this.get(account)
    await this.#subscribers.remove(subscriber.username, subscriber.domain)
    return subscriber
  }

  /** Takes the accounts of a file (`parseAccountCsv`), in one transaction. What is wrong with lines is told, not thrown. */
  async import(csv: string, { partial = false, update = false }: ImportOptions = {}): Promise<ImportResult> {
    const { rows, problems } = parseAccountCsv(csv)
    const change = { add: [] as Subscriber[], update: [] as SubscriberUpdate[] } satisfies SubscriberChange
    const seen = new Map<string, number>()
    for (const row of rows)
      try {
        const entry = await this.#readRow(row, update)
        const name = `${entry.of.username}@${entry.of.domain}`
        const line = seen.get(name)
        if (line !== undefined) throw new AccountError('ACCOUNT_EXISTS', `user ${name} is already on line ${line}`)
        seen.set(name, row.line)
        if (entry.exists) change.update.push(entry.of)
        else change.add.push(entry.of)
      } catch (error) {
        if (!(error instanceof AccountError)) throw error
        problems.push({ line: row.line, message: error.message })
      }
    problems.sort((a, b) => a.line - b.line)
    if (problems.length > 0 && !partial) return { added: 0, updated: 0, problems }
    await this.#subscribers.save(change)
    return { added: change.add.length, updated: change.update.length, problems }
  }

  async #readRow(
    row: AccountRow,
    update: boolean,
  ): Promise<{ exists: true; of: SubscriberUpdate } | { exists: false; of: Subscriber }> {
    const key = await this.#readNewKey(row.domain ? `${row.user}@${row.domain}` : row.user)
    const exists = (await this.#subscribers.find(key.username, key.domain)) !== undefined
    if (exists && !update) throw new AccountError('ACCOUNT_EXISTS', `user ${key.username}@${key.domain} exists already`)
    const hashes = this.#readHashes(key, row)
    const details = { displayName: readDisplayName(row.name), email: readEmail(row.email) }
    if (exists) return { exists, of: { ...key, ...hashes, ...details } }
    if (!hashes) throw new AccountError('ACCOUNT_INVALID', 'password: a new user needs one', 'password')
    return { exists, of: { ...key, ...hashes, ...details, enabled: true, createdAt: this.#clock.now() } }
  }

  #readHashes(key: AccountKey, { password, ha1 }: AccountRow): PasswordHashes | undefined {
    if (password !== undefined && ha1 !== undefined)
      throw new AccountError('ACCOUNT_INVALID', 'password: give it or ha1, not both', 'password')
    if (ha1 !== undefined) return fromHa1(readHa1(ha1))
    return password === undefined ? undefined : this.#hashPassword(key, password)
  }

  #hashPassword({ username, domain }: AccountKey, password: string): PasswordHashes {
    return hashPassword(username, domain, readPassword(password, { minLength: this.#minLength, username }))
  }

  #readKey(account: string): AccountKey {
    const at = account.lastIndexOf('@')
    if (at < 0) return { username: readUsername(account), domain: this.#defaultDomain }
    return { username: readUsername(account.slice(0, at)), domain: readDomain(account.slice(at + 1)) }
  }

  async #readNewKey(account: string): Promise<AccountKey> {
    const key = this.#readKey(account)
    if (key.domain !== this.#defaultDomain && !(await this.#domains.has(key.domain)))
      throw new AccountError(
        'DOMAIN_UNKNOWN',
        `${key.domain} is not a domain of this server: add it first with \`offhook domain add ${key.domain}\``,
      )
    return key
  }
}

/**
 * Of a password that is known only by its MD5 HA1 the other hashes cannot be made: random values stand for them, which
 * nobody can answer. (An empty or fixed value would be a password known to all.)
 */
function fromHa1(md5: string): PasswordHashes {
  const unknown = (bytes: number): string => randomBytes(bytes).toString('hex')
  return { ha1: { MD5: md5, 'SHA-256': unknown(32) }, ha1b: { MD5: unknown(16), 'SHA-256': unknown(32) } }
}
