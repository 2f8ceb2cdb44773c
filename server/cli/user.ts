import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { ImportResult } from '../accounts/account-service.ts'
import { randomPassword } from '../accounts/random-password.ts'
import type { Subscriber } from '../accounts/subscriber.ts'
import type { Store } from '../store/open-store.ts'
import { CommandError, withServices, type CommandDeps } from './command.ts'
import { dateText, printFields, printJson, printTable, type Column } from './output.ts'
import { readNewPassword } from './password-input.ts'

/** Bad lines of an import that are told one by one; the rest is counted. */
const maxProblemsShown = 20

/** `offhook user …` */
export function registerUser(program: Command, deps: CommandDeps): void {
  const user = program.command('user').description('accounts: who may register and call')
  registerAdd(user, deps)
  registerList(user, deps)
  registerShow(user, deps)
  registerPasswd(user, deps)
  registerRm(user, deps)
  registerEnabled(user, deps, 'enable', true, 'let a disabled user register and call again')
  registerEnabled(user, deps, 'disable', false, 'keep the account, but no registration and no calls')
  registerImport(user, deps)
}

interface PasswordOptions {
  readonly passwordStdin?: boolean
}

function registerAdd(user: Command, deps: CommandDeps): void {
  user
    .command('add <name[@domain]>')
    .description('add a user; asks for the password, or makes one when there is no terminal')
    .option('--password-stdin', 'read the password from standard input')
    .option('--email <address>', 'e-mail address')
    .option('--name <text>', 'name to display')
    .action(
      withServices(
        deps,
        { mustExist: false },
        async ({ accounts }, account: string, options: PasswordOptions & { email?: string; name?: string }) => {
          const given = await readNewPassword(deps, options.passwordStdin ?? false)
          const password = given ?? randomPassword()
          const details = { email: options.email, displayName: options.name }
          const added = await accounts.add({ account, password, ...details })
          deps.stdout.write(`added ${addressOf(added)}\n`)
          if (given === undefined) tellPassword(deps, password)
        },
      ),
    )
}

function registerPasswd(user: Command, deps: CommandDeps): void {
  user
    .command('passwd <name[@domain]>')
    .description('set a new password; asks for it, or makes one when there is no terminal')
    .option('--password-stdin', 'read the password from standard input')
    .action(
      withServices(deps, { mustExist: true }, async ({ accounts }, account: string, options: PasswordOptions) => {
        const subscriber = await accounts.get(account)
        const given = await readNewPassword(deps, options.passwordStdin ?? false)
        const password = given ?? randomPassword()
        await accounts.setPassword(account, password)
        deps.stdout.write(`password of ${addressOf(subscriber)} changed\n`)
        if (given === undefined) tellPassword(deps, password)
      }),
    )
}

function tellPassword({ stdout }: CommandDeps, password: string): void {
  stdout.write(`password: ${password}\nIt was made at random and is shown this once: only hashes of it are kept.\n`)
}

const listColumns: readonly Column<Subscriber>[] = [
  { heading: 'USER', text: addressOf },
  { heading: 'NAME', text: subscriber => subscriber.displayName ?? '' },
  { heading: 'E-MAIL', text: subscriber => subscriber.email ?? '' },
  { heading: 'ENABLED', text: subscriber => yesNo(subscriber.enabled) },
  { heading: 'ADDED', text: subscriber => dateText(subscriber.createdAt) },
]

function registerList(user: Command, deps: CommandDeps): void {
  user
    .command('list')
    .description('all users')
    .option('--domain <domain>', 'only those of this domain')
    .option('--json', 'for programs')
    .action(
      withServices(deps, { mustExist: true }, async ({ accounts }, options: { domain?: string; json?: boolean }) => {
        const subscribers = await accounts.list({ domain: options.domain })
        if (options.json) printJson(deps.stdout, subscribers.map(toJson))
        else printTable(deps.stdout, subscribers, listColumns, 'no users')
      }),
    )
}

function registerShow(user: Command, deps: CommandDeps): void {
  user
    .command('show <name[@domain]>')
    .description('one user')
    .option('--json', 'for programs')
    .action(
      withServices(deps, { mustExist: true }, async ({ accounts }, account: string, options: { json?: boolean }) => {
        const subscriber = await accounts.get(account)
        if (options.json) printJson(deps.stdout, toJson(subscriber))
        else
          printFields(deps.stdout, {
            user: addressOf(subscriber),
            name: subscriber.displayName ?? '',
            'e-mail': subscriber.email ?? '',
            enabled: yesNo(subscriber.enabled),
            added: dateText(subscriber.createdAt),
          })
      }),
    )
}

function registerRm(user: Command, deps: CommandDeps): void {
  user
    .command('rm <name[@domain]>')
    .description('remove a user and where it is registered')
    .action(
      withServices(deps, { mustExist: true }, async ({ accounts, store }, account: string) => {
        const removed = await accounts.remove(account)
        await removeBindings(store, `sip:${addressOf(removed)}`)
        deps.stdout.write(`removed ${addressOf(removed)}\n`)
      }),
    )
}

async function removeBindings(store: Store, aor: string): Promise<void> {
  const remove = (await store.bindings.load()).filter(binding => binding.aor === aor)
  if (remove.length > 0) await store.bindings.apply({ put: [], remove })
}

function registerEnabled(user: Command, deps: CommandDeps, verb: string, enabled: boolean, description: string): void {
  user
    .command(`${verb} <name[@domain]>`)
    .description(description)
    .action(
      withServices(deps, { mustExist: true }, async ({ accounts }, account: string) => {
        await accounts.setEnabled(account, enabled)
        deps.stdout.write(`${verb}d ${addressOf(await accounts.get(account))}\n`)
      }),
    )
}

function registerImport(user: Command, deps: CommandDeps): void {
  user
    .command('import <file.csv>')
    .description('add the users of a file: lines user,password[,e-mail[,name]], or a header line and other columns')
    .option('--partial', 'take the good lines even when some are bad')
    .option('--update', 'change users that exist already')
    .action(
      withServices(
        deps,
        { mustExist: false },
        async ({ accounts }, file: string, options: { partial?: boolean; update?: boolean }) => {
          const result = await accounts.import(await readCsv(file), options)
          tellProblems(deps, file, result)
          const done = `added ${result.added}, updated ${result.updated}`
          if (result.problems.length === 0) deps.stdout.write(`${done}\n`)
          else if (options.partial) throw new CommandError(`${done}, left out ${count(result)} of ${file}`)
          else throw new CommandError(`nothing imported: ${count(result)} in ${file} (--partial takes the others)`)
        },
      ),
    )
}

async function readCsv(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new CommandError(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function tellProblems({ stderr }: CommandDeps, file: string, { problems }: ImportResult): void {
  for (const { line, message } of problems.slice(0, maxProblemsShown)) stderr.write(`${file}:${line}: ${message}\n`)
  if (problems.length > maxProblemsShown) stderr.write(`${file}: and ${problems.length - maxProblemsShown} more\n`)
}

const count = ({ problems }: ImportResult): string =>
  problems.length === 1 ? '1 bad line' : `${problems.length} bad lines`

function addressOf({ username, domain }: Subscriber): string {
  return `${username}@${domain}`
}

const yesNo = (value: boolean): string => (value ? 'yes' : 'no')

/** Without the hashes: they are as good as the password (RFC 7616 §5.11). */
const toJson = ({ username, domain, displayName, email, enabled, createdAt }: Subscriber): object => ({
  username,
  domain,
  displayName,
  email,
  enabled,
  createdAt: dateText(createdAt),
})
