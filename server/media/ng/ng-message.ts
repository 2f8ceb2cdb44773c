export type NgValue = string | number | readonly NgValue[] | NgDictionary
export interface NgDictionary {
  readonly [key: string]: NgValue | undefined
}

/** What an engine answers: always a `result`, else anything: look before you use it. */
export interface NgReply {
  readonly result: string
  readonly [key: string]: unknown
}

/** `cookie SP dictionary`. Strings go as UTF-8, so that each latin-1 character of an SDP comes back as it went. */
export const serializeCommand = (cookie: string, command: string, keys: NgDictionary): Buffer =>
  Buffer.from(`${cookie} ${JSON.stringify({ command, ...keys })}`, 'utf8')

/** undefined for everything that is no reply: the network says what it likes. */
export function parseReply(datagram: Buffer): { cookie: string; reply: NgReply } | undefined {
  const space = datagram.indexOf(0x20)
  if (space <= 0 || space > 64) return undefined
  const value = parseJson(datagram.toString('utf8', space + 1))
  if (typeof value !== 'object' || value === null || !('result' in value)) return undefined
  if (typeof value.result !== 'string') return undefined
  return { cookie: datagram.toString('latin1', 0, space), reply: { ...value, result: value.result } }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
