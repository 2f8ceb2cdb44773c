import type { Command } from 'commander'
import type { Binding } from '../registrar/binding.ts'
import { withServices, type CommandDeps } from './command.ts'
import { dateText, fromWire, printJson, printTable, type Column } from './output.ts'
import { liveBindings } from './ul.ts'

/** An address-of-record that is registered. */
interface Online {
  readonly aor: string
  readonly contacts: number
  /** Of these, browsers. */
  readonly webSockets: number
  /** When the last of its bindings ends unless it is refreshed, milliseconds since the epoch. */
  readonly until: number
}

/** `offhook online`: who can be reached now. */
export function registerOnline(program: Command, deps: CommandDeps): void {
  program
    .command('online')
    .description('who is registered now')
    .option('--json', 'for programs')
    .action(
      withServices(deps, { mustExist: true }, async ({ store }, options: { json?: boolean }) => {
        const online = group(await liveBindings(store, deps.clock))
        if (options.json)
          printJson(
            deps.stdout,
            online.map(entry => ({ ...entry, until: dateText(entry.until) })),
          )
        else printTable(deps.stdout, online, columns, 'nobody is registered')
      }),
    )
}

const columns: readonly Column<Online>[] = [
  { heading: 'AOR', text: online => online.aor },
  { heading: 'CONTACTS', text: online => String(online.contacts) },
  { heading: 'BROWSERS', text: online => String(online.webSockets) },
  { heading: 'UNTIL', text: online => dateText(online.until) },
]

function group(bindings: readonly Binding[]): Online[] {
  const byAor = new Map<string, Online>()
  for (const binding of bindings) {
    const aor = fromWire(binding.aor)
    const before = byAor.get(aor) ?? { aor, contacts: 0, webSockets: 0, until: 0 }
    byAor.set(aor, {
      aor,
      contacts: before.contacts + 1,
      webSockets: before.webSockets + Number(binding.isWebSocket),
      until: Math.max(before.until, binding.expiresAt),
    })
  }
  return [...byAor.values()]
}
