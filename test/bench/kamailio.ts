import path from 'node:path'
import { createHash } from 'node:crypto'
import Database from 'libsql'
import { Child } from '../support/child.ts'
import { freePort, LOOPBACK } from '../support/ports.ts'
import { RawSip } from '../support/raw-sip.ts'
import { removeFolder, scratchFolder } from '../support/scratch.ts'
import { newBranch, newToken } from '../support/sip-text.ts'

const CONFIGURATION = path.resolve(import.meta.dirname, 'kamailio.cfg')
/** Processes that read UDP. With rtpengine each waits for its answers, so it takes more of them. */
const WORKERS = { plain: 4, rtpengine: 8 } as const

export interface Account {
  user: string
  password: string
}

export interface KamailioOptions {
  domain: string
  accounts: readonly Account[]
  /** rtpengine's NG address, `host:port`; without it media is not touched. */
  ngAddress?: string
}

/** The reference server: Debian's Kamailio with our own configuration, on a free port of 127.0.0.1. */
export class Kamailio {
  readonly sipPort: number
  readonly #child: Child
  readonly #folder: string

  private constructor(sipPort: number, child: Child, folder: string) {
    this.sipPort = sipPort
    this.#child = child
    this.#folder = folder
  }

  static async start({ domain, accounts, ngAddress }: KamailioOptions): Promise<Kamailio> {
    const folder = scratchFolder('kamailio')
    const sipPort = await freePort()
    const database = path.join(folder, 'accounts.sqlite')
    writeAccounts(database, domain, accounts)
    const values = {
      LISTEN_ADDRESS: LOOPBACK,
      LISTEN_PORT: sipPort,
      SIP_DOMAIN: domain,
      ACCOUNTS_DB: database,
      NG_ADDRESS: ngAddress ?? '',
      WORKERS: ngAddress ? WORKERS.rtpengine : WORKERS.plain,
    }
    const args = [
      ...['-f', CONFIGURATION, '-DD', '-E', '-Y', folder, '-w', folder, '-m', '512', '-M', '16'],
      ...(ngAddress ? ['-A', 'WITH_RTPENGINE'] : []),
      ...Object.entries(values).map(([name, value]) => `--substdef=|${name}|${value}|g`),
    ]
    const child = new Child({ command: 'kamailio', args, logFile: path.join(folder, 'log') })
    await child.ready(() => answersOptions(sipPort, domain))
    return new Kamailio(sipPort, child, folder)
  }

  get pid(): number {
    return this.#child.pid
  }

  logTail(lines?: number): string {
    return this.#child.logTail(lines)
  }

  async stop(): Promise<void> {
    await this.#child.stop()
    removeFolder(this.#folder)
  }
}

/** The `subscriber` table as Kamailio's auth_db module reads it. */
function writeAccounts(file: string, domain: string, accounts: readonly Account[]): void {
  const database = new Database(file)
  database.exec('CREATE TABLE subscriber (username TEXT, domain TEXT, ha1 TEXT, PRIMARY KEY (username, domain))')
  const insert = database.prepare('INSERT INTO subscriber VALUES (?, ?, ?)')
  const insertAll = database.transaction(() => {
    for (const { user, password } of accounts) insert.run(user, domain, md5(`${user}:${domain}:${password}`))
  })
  insertAll()
  database.close()
}

async function answersOptions(port: number, domain: string): Promise<boolean> {
  const raw = await RawSip.open('udp', port)
  const callId = newToken()
  const lines = [
    `OPTIONS sip:${domain} SIP/2.0`,
    `Via: SIP/2.0/UDP ${raw.address};branch=${newBranch()};rport`,
    'Max-Forwards: 70',
    `From: <sip:probe@${domain}>;tag=${newToken()}`,
    `To: <sip:${domain}>`,
    `Call-ID: ${callId}`,
    'CSeq: 1 OPTIONS',
    'Content-Length: 0',
  ]
  try {
    raw.send([...lines, '', ''].join('\r\n'))
    return (await raw.response(callId, '1 OPTIONS', 300)).status === 200
  } catch {
    return false // not up yet
  } finally {
    raw.close()
  }
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}
