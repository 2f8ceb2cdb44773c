import type { Command } from 'commander'
import type { Clock } from '../lib/clock.ts'
import type { Binding } from '../registrar/binding.ts'
import type { Store } from '../store/open-store.ts'
import { CommandError, withServices, type CommandDeps } from './command.ts'
import { dateText, fromWire, printJson, printTable, toWire, type Column } from './output.ts'

/** `offhook ul …`, the user location. A running server takes over what is removed here within a second. */
export function registerUl(program: Command, deps: CommandDeps): void {
  const ul = program.command('ul').description('user location: where users are registered')
  registerShow(ul, deps)
  registerRm(ul, deps)
}

/** Live bindings, by AOR, the preferred contact first. */
export async function liveBindings(store: Store, clock: Clock): Promise<Binding[]> {
  const now = clock.now()
  const live = (await store.bindings.load()).filter(binding => binding.expiresAt > now)
  return live.sort((a, b) => compareText(a.aor, b.aor) || b.q - a.q || b.registeredAt - a.registeredAt)
}

function registerShow(ul: Command, deps: CommandDeps): void {
  ul.command('show [aor]')
    .description('bindings of all, or of one address-of-record (alice, alice@domain or sip:alice@domain)')
    .option('--json', 'for programs')
    .action(
      withServices(
        deps,
        { mustExist: true },
        async ({ store, defaultDomain }, text: string | undefined, options: { json?: boolean }) => {
          const aor = text === undefined ? undefined : readAor(text, defaultDomain)
          const bindings = (await liveBindings(store, deps.clock)).filter(
            binding => aor === undefined || binding.aor === aor,
          )
          if (options.json) printJson(deps.stdout, bindings.map(toJson))
          else printTable(deps.stdout, bindings, columns(deps.clock.now()), 'no bindings')
        },
      ),
    )
}

function registerRm(ul: Command, deps: CommandDeps): void {
  ul.command('rm <aor> [contact]')
    .description('remove the bindings of an address-of-record, or only that with this contact URI')
    .action(
      withServices(
        deps,
        { mustExist: true },
        async ({ store, defaultDomain }, text: string, contact: string | undefined) => {
          const aor = readAor(text, defaultDomain)
          const wanted = contact === undefined ? undefined : toWire(contact.replace(/^<(.*)>$/, '$1'))
          const remove = (await store.bindings.load()).filter(
            binding => binding.aor === aor && (wanted === undefined || binding.contact === wanted),
          )
          if (remove.length === 0) throw nothingToRemove(aor, contact)
          await store.bindings.apply({ put: [], remove })
          deps.stdout.write(`removed ${remove.length === 1 ? '1 binding' : `${remove.length} bindings`} of ${aor}\n`)
        },
      ),
    )
}

const nothingToRemove = (aor: string, contact: string | undefined): CommandError =>
  new CommandError(
    contact === undefined
      ? `${aor} has no binding: see \`offhook ul show\``
      : `${aor} has no binding with the contact ${contact}: see \`offhook ul show ${aor}\``,
  )

/** `alice`, `alice@domain`, `sip:alice@domain` → the canonical AOR under which bindings are kept. */
function readAor(text: string, defaultDomain: string): string {
  const address = text.replace(/^sips?:/i, '')
  const at = address.lastIndexOf('@')
  const user = at < 0 ? address : address.slice(0, at)
  const domain = at < 0 ? defaultDomain : address.slice(at + 1).toLowerCase()
  if (!user || !domain) throw new CommandError(`${text} is not an address-of-record: give alice or alice@domain`)
  return toWire(`sip:${user}@${domain}`)
}

const columns = (now: number): readonly Column<Binding>[] => [
  { heading: 'AOR', text: binding => fromWire(binding.aor) },
  { heading: 'CONTACT', text: binding => fromWire(binding.contact) },
  { heading: 'Q', text: binding => (binding.q / 1000).toString() },
  { heading: 'EXPIRES', text: binding => `${Math.ceil((binding.expiresAt - now) / 1000)} s` },
  { heading: 'FROM', text: ({ flow }) => `${flow.transport} ${hostPort(flow.remote)}` },
  { heading: 'USER AGENT', text: binding => fromWire(binding.userAgent ?? '') },
]

const hostPort = ({ host, port }: Binding['flow']['remote']): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

const toJson = (binding: Binding): object => ({
  ...binding,
  aor: fromWire(binding.aor),
  contact: fromWire(binding.contact),
  userAgent: binding.userAgent && fromWire(binding.userAgent),
  q: binding.q / 1000,
  expiresAt: dateText(binding.expiresAt),
  registeredAt: dateText(binding.registeredAt),
})

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
