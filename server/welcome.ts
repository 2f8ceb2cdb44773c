import type { Machine } from './lib/machine.ts'
import { localPageUrl, pageUrls, reachableHosts } from './lib/page-urls.ts'
import type { SocketAddress } from './lib/socket-address.ts'

/** What `serve` prints on standard output when everything listens. */
export interface Welcome {
  readonly version: string
  readonly domain: string
  readonly machine: Machine
  /** As they listen now, with real ports. */
  readonly listeners: {
    readonly udp: readonly SocketAddress[]
    readonly tcp: readonly SocketAddress[]
    readonly tls: readonly SocketAddress[]
    readonly http?: SocketAddress
    readonly https?: SocketAddress
  }
  /** Which media engine serves, in words. */
  readonly engine: string
  /** Number of the echo test. */
  readonly echo: string
  /** Development authority to trust; undefined with a certificate of one's own. */
  readonly authorityFile?: string
  /** Of a first start, with passwords: never to be logged. */
  readonly firstAccounts?: FirstAccounts
}

export interface FirstAccounts {
  readonly users: readonly Credentials[]
  readonly administrator: Credentials
}

export interface Credentials {
  readonly name: string
  readonly password: string
}

interface Section {
  readonly title: string
  readonly rows: readonly (readonly [label: string, text: string])[]
}

const labelWidth = 18
/** Paths can be long; more than this many addresses help nobody. */
const shownAddresses = 3

/** Plain text that reads well in 80 columns; `bold` dresses headings and may do nothing. Ends with a newline. */
export function renderWelcome(welcome: Welcome, bold: (text: string) => string = text => text): string {
  const { firstAccounts } = welcome
  const sections = [
    openSection(welcome),
    ...(firstAccounts ? [accountSection(firstAccounts), phoneSection(welcome, firstAccounts)] : []),
    serverSection(welcome),
    ...(firstAccounts ? [] : [accountHelp]),
  ]
  const body = sections.map(section => renderSection(section, bold)).join('\n')
  return `\n${bold(`Offhook ${welcome.version} is running`)}\n\n${body}\n`
}

function openSection({ listeners: { http, https }, machine, firstAccounts, echo }: Welcome): Section {
  const encrypted = https ? pageUrls(https, machine).slice(0, shownAddresses) : []
  const label = https && machine.loopback.includes(reachableHosts(https, machine)[0]!) ? 'encrypted' : 'in the network'
  const rows: [string, string][] = [
    ...(http ? [['on this machine', localPageUrl(http)] as [string, string]] : []),
    ...encrypted.map((url, index): [string, string] => [index === 0 ? label : '', url]),
  ]
  if (rows.length === 0) rows.push(['', 'no pages: listen.http and listen.https are off'])
  else if (firstAccounts)
    rows.push(['first call', `sign in as ${firstAccounts.users[0]!.name}, dial ${echo} and hear yourself`])
  return { title: 'Open in a browser', rows }
}

function accountSection({ users, administrator }: FirstAccounts): Section {
  return {
    title: 'Accounts (shown only now: write the passwords down)',
    rows: [
      ...users.map(({ name, password }): [string, string] => [name, password]),
      [administrator.name, `${administrator.password}   administrator`],
    ],
  }
}

function phoneSection({ listeners, machine, domain }: Welcome, { users }: FirstAccounts): Section {
  const [first] = [...listeners.udp, ...listeners.tcp, ...listeners.tls]
  if (!first) return { title: 'Desk phone', rows: [['', 'listen.udp, listen.tcp and listen.tls are off']] }
  const ports = (['udp', 'tcp', 'tls'] as const)
    .filter(transport => listeners[transport].length > 0)
    .map(transport => `${transport.toUpperCase()} ${listeners[transport][0]!.port}`)
  return {
    title: 'Desk phone or SIP app',
    rows: [
      ['server', reachableHosts(first, machine)[0] ?? first.host],
      ['transport, port', ports.join(', ')],
      ['user name', users.at(-1)!.name],
      ['password', 'as above'],
      ['domain', `the server, or ${domain}`],
    ],
  }
}

function serverSection({ domain, engine, authorityFile, firstAccounts }: Welcome): Section {
  return {
    title: 'Server',
    rows: [
      ...(firstAccounts ? [] : [['domain', domain] as [string, string]]),
      ['media', engine],
      ...(authorityFile ? certificateRows(authorityFile) : []),
    ],
  }
}

function certificateRows(authorityFile: string): [string, string][] {
  return [
    ['certificate', 'self-made: browsers warn until they trust'],
    ['', authorityFile],
    ['', 'see docs/certificates.md'],
  ]
}

const accountHelp: Section = {
  title: 'Accounts',
  rows: [
    ['add a user', 'npx offhook user add NAME'],
    ['new password', 'npx offhook user passwd NAME'],
    ['something wrong?', 'npx offhook doctor'],
  ],
}

function renderSection({ title, rows }: Section, bold: (text: string) => string): string {
  const lines = rows.map(([label, text]) => `  ${label.padEnd(labelWidth)}${text}`.trimEnd())
  return [bold(title), ...lines, ''].join('\n')
}
