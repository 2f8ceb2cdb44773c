import { SoftphoneError } from './errors.ts'

/** What the server tells its softphone page: `GET /api/v1/softphone`. */
export interface Settings {
  /** Home domain, added to accounts and targets that have none. */
  readonly domain: string
  /** Path of the SIP WebSocket on the page's own host. */
  readonly sip: string
  /** Name of the installation, shown to its users. */
  readonly name: string
  readonly version: string
  /** What to dial to hear oneself; without it the page gives no such hint. */
  readonly echo?: string
}

/** Loads the settings. Rejects with a {@link SoftphoneError} `SOFTPHONE_SETTINGS_UNAVAILABLE`. */
export async function loadSettings(url = '/api/v1/softphone'): Promise<Settings> {
  try {
    const response = await fetch(url, { headers: { accept: 'application/json' } })
    if (!response.ok) throw new Error(`HTTP ${response.status}`)
    return checkSettings(await response.json())
  } catch (error) {
    throw new SoftphoneError('SOFTPHONE_SETTINGS_UNAVAILABLE', { cause: error })
  }
}

/** `ws:` or `wss:` on the host the page came from. */
export function sipServer({ sip }: Settings, page: { readonly protocol: string; readonly host: string }): string {
  return `${page.protocol === 'https:' ? 'wss' : 'ws'}://${page.host}${sip}`
}

function checkSettings(value: unknown): Settings {
  const { domain, sip, name, version, echo } = value as Record<keyof Settings, unknown>
  const isComplete = [domain, sip, name, version].every(each => typeof each === 'string' && each !== '')
  if (!isComplete || !(sip as string).startsWith('/')) throw new TypeError('Unexpected settings')
  return { domain, sip, name, version, ...(typeof echo === 'string' && echo && { echo }) } as Settings
}
