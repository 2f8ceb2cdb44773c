import { z } from 'zod'
import { flagsOf, flagTable, rowNames, type NgFlags, type RowName } from './flags.ts'

const flagsSchema = z.strictObject({
  'transport-protocol': z.enum(['RTP/AVP', 'RTP/AVPF', 'RTP/SAVP', 'RTP/SAVPF', 'UDP/TLS/RTP/SAVPF']).nullish(),
  ICE: z.enum(['remove', 'force', 'force-relay', 'optional', 'default']).nullish(),
  DTLS: z.enum(['off', 'passive', 'active']).nullish(),
  'DTLS-reverse': z.enum(['passive', 'active']).nullish(),
  'DTLS-fingerprint': z.enum(['sha-256', 'sha-1']).nullish(),
  SDES: z.array(z.string()).nullish(),
  'rtcp-mux': z.array(z.enum(['demux', 'accept', 'offer', 'require', 'reject'])).nullish(),
  replace: z.array(z.enum(['origin', 'session-connection', 'sdp-version', 'username', 'session-name'])).nullish(),
  flags: z.array(z.string()).nullish(),
  codec: z.record(z.string(), z.array(z.string())).nullish(),
})

const rowSchema = z.strictObject({
  /** True: the row as it stands in R5.1, without what we add for today's browsers. Default false. */
  bare: z.boolean().optional(),
  offer: flagsSchema.optional(),
  answer: flagsSchema.optional(),
})

/**
 * The setting `media.flags`: row name → keys that replace ours; `null` takes a key away.
 *
 *     ws-ws:    { bare: true }                                  # the old row as it stands
 *     ws-phone: { offer: { codec: { strip: [ opus ] } } }       # ours, and no Opus towards phones
 */
export const flagOverridesSchema = z.partialRecord(z.enum(rowNames), rowSchema)

export type FlagOverrides = DeepReadonly<z.infer<typeof flagOverridesSchema>>
type FlagsOverride = DeepReadonly<z.infer<typeof flagsSchema>>

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T

/** The flags of every command, the operator's changes made. */
export type ResolvedFlags = Readonly<Record<RowName, { readonly offer: NgFlags; readonly answer: NgFlags }>>

export function resolveFlags(overrides: FlagOverrides = {}): ResolvedFlags {
  const rows = rowNames.map(name => {
    const row = flagTable[name]
    const override = overrides[name]
    const flags = (command: 'offer' | 'answer') =>
      replaceKeys(override?.bare ? row[command].bare : flagsOf(row[command]), override?.[command])
    return [name, { offer: flags('offer'), answer: flags('answer') }] as const
  })
  return Object.fromEntries(rows) as ResolvedFlags
}

function replaceKeys(flags: NgFlags, override: FlagsOverride = {}): NgFlags {
  const entries: [string, unknown][] = Object.entries({ ...flags, ...override })
  return Object.fromEntries(entries.filter(([, value]) => value !== null && value !== undefined))
}
