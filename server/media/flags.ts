import type { MediaProfile } from './profile.ts'

/**
 * The NG keys that shape the SDP rtpengine sends, in one spelling each. They describe what the *receiver* of that SDP gets;
 * only `DTLS-reverse` and the address flags speak about the one who sent it.
 */
export interface NgFlags {
  readonly 'transport-protocol'?: 'RTP/AVP' | 'RTP/AVPF' | 'RTP/SAVP' | 'RTP/SAVPF' | 'UDP/TLS/RTP/SAVPF'
  readonly ICE?: 'remove' | 'force' | 'force-relay' | 'optional' | 'default'
  readonly DTLS?: 'off' | 'passive' | 'active'
  /** Our DTLS role towards the one who sent the SDP. */
  readonly 'DTLS-reverse'?: 'passive' | 'active'
  readonly 'DTLS-fingerprint'?: 'sha-256' | 'sha-1'
  readonly SDES?: readonly string[]
  readonly 'rtcp-mux'?: readonly ('demux' | 'accept' | 'offer' | 'require' | 'reject')[]
  readonly replace?: readonly ('origin' | 'session-connection' | 'sdp-version' | 'username' | 'session-name')[]
  readonly flags?: readonly string[]
  readonly codec?: Readonly<Record<string, readonly string[]>>
}

/** What today's browsers and forks need beyond the old flag. Lists grow by what `set` has; all else is replaced. */
export interface Change {
  readonly set?: NgFlags
  readonly unset?: readonly (keyof NgFlags)[]
  readonly why: string
}

/** One command of a row: the flags as the old gateways had them, and what we change in them. */
export interface RowSide {
  readonly bare: NgFlags
  readonly changes: readonly Change[]
}

export interface Row {
  /** Caller → callee, for people. */
  readonly title: string
  readonly offer: RowSide
  readonly answer: RowSide
}

export const rowNames = ['ws-ws', 'ws-phone', 'phone-ws', 'phone-phone'] as const
/** `caller-callee` of the *offer*: SRC_WS and DST_WS. A re-INVITE by the callee is a row of its own direction. */
export type RowName = (typeof rowNames)[number]

const bareWeb = { ICE: 'force-relay', DTLS: 'passive' } as const satisfies NgFlags
const barePhone = {
  'transport-protocol': 'RTP/AVP',
  replace: ['session-connection', 'origin'],
  ICE: 'remove',
} as const satisfies NgFlags
const bareGateway = { 'transport-protocol': 'UDP/TLS/RTP/SAVPF', ICE: 'force' } as const satisfies NgFlags

/** Every SDP, whoever gets it. */
const always: Change = {
  set: { flags: ['port-latching'] },
  why:
    'A later offer from either side keeps the ports that the other side knows: an ICE restart, a page refresh or a hand-over ' +
    'to another device is then settled without the far end moving.',
}

const sdesOff: Change = {
  set: { SDES: ['off'] },
  why: 'Keys belong into DTLS. Without this an `a=crypto` line may be offered beside the fingerprint.',
}

const toBrowser: readonly Change[] = [
  always,
  sdesOff,
  {
    set: { 'rtcp-mux': ['offer', 'require'] },
    why: 'Browsers speak RTP and RTCP on one port only and refuse an SDP without `a=rtcp-mux`.',
  },
  {
    set: { flags: ['generate-mid'] },
    why: 'Browsers name their sections by `a=mid`; phones give none, so the engine makes one.',
  },
  {
    set: { flags: ['no-rtcp-attribute'] },
    why: '`a=rtcp` names a second port, which rtcp-mux does not have.',
  },
  {
    set: { 'DTLS-fingerprint': 'sha-256' },
    why: 'The hash that every browser takes; the engine would otherwise repeat what the other side has used.',
  },
  {
    set: { replace: ['origin', 'session-connection'] },
    why: 'The far end’s private address stays private.',
  },
]

const toPhone: readonly Change[] = [
  always,
  sdesOff,
  {
    set: { 'rtcp-mux': ['demux'] },
    why:
      'Most phones want RTCP on the next port. Without `demux` the phone’s answer has no rtcp-mux, so the browser’s has none ' +
      'either, and Chromium refuses it: “RTCP-MUX is not enabled when it is required”.',
  },
  { set: { DTLS: 'off' }, why: 'No fingerprint and no `a=setup` in an SDP for plain RTP.' },
  {
    set: { flags: ['strip-extmap', 'no-rtcp-attribute'] },
    why: 'RTP header extensions of browsers mean nothing to phones, and some stumble over `a=rtcp`.',
  },
]

const fromBrowser: Change = {
  set: { 'DTLS-reverse': 'passive' },
  why:
    'The browser is the DTLS client in every call: the handshake begins when the browser is ready and roles never flip. ' +
    'Said in the offer, where it takes effect before ICE is up; in the answer alone (`DTLS: passive`) it comes too late — the ' +
    'engine has begun as client, both sides wait and the call is silent.',
}

const noPassive: Change = {
  unset: ['DTLS'],
  why:
    'Said by `DTLS-reverse` in the offer instead. On an offer to a browser `DTLS: passive` says nothing new (the engine ' +
    'offers `actpass` and browsers choose `active`), on the answer it comes too late.',
}

const anchor: Change = {
  set: { 'transport-protocol': 'UDP/TLS/RTP/SAVPF', ICE: 'force' },
  why:
    '`force-relay` only adds the engine as one more candidate, and the two browsers then send to each other directly: no ' +
    'figures, no recording, no way over NATs that keep them apart, and nothing to hold on to when one of them comes back ' +
    'from elsewhere. `force` takes their candidates away, so that media passes through the engine.',
}

/**
 * THE flag table (R5.1). SRC_WS: the request came over WebSocket; DST_WS: the target registered over WebSocket. `bare` is
 * the row as it stands in the scripts that this replaces; `changes` is what makes it work with today's browsers and forks.
 */
export const flagTable: Readonly<Record<RowName, Row>> = {
  'ws-ws': {
    title: 'browser → browser',
    offer: { bare: bareWeb, changes: [anchor, noPassive, fromBrowser, ...toBrowser] },
    answer: { bare: bareWeb, changes: [anchor, noPassive, ...toBrowser] },
  },
  'ws-phone': {
    title: 'browser → phone',
    offer: { bare: barePhone, changes: [fromBrowser, ...toPhone] },
    answer: { bare: bareGateway, changes: toBrowser },
  },
  'phone-ws': {
    title: 'phone → browser',
    offer: { bare: bareGateway, changes: toBrowser },
    answer: { bare: barePhone, changes: toPhone },
  },
  'phone-phone': {
    title: 'phone → phone',
    offer: { bare: barePhone, changes: toPhone },
    answer: { bare: barePhone, changes: toPhone },
  },
}

const side: Readonly<Record<MediaProfile, 'ws' | 'phone'>> = { webrtc: 'ws', rtp: 'phone' }

/** The row of an offer between these profiles; its answer goes by the same row. */
export const rowOf = (offerer: MediaProfile, answerer: MediaProfile): RowName => `${side[offerer]}-${side[answerer]}`

/** The flags of one command, all changes made. */
export const flagsOf = ({ bare, changes }: RowSide): NgFlags => changes.reduce(applyChange, bare)

function applyChange(flags: NgFlags, { set = {}, unset = [] }: Change): NgFlags {
  const result: Record<string, unknown> = { ...flags }
  for (const [key, value] of Object.entries(set)) {
    const before = result[key]
    const both = Array.isArray(before) && Array.isArray(value)
    result[key] = both ? [...new Set<unknown>([...(before as unknown[]), ...(value as unknown[])])] : value
  }
  return Object.fromEntries(Object.entries(result).filter(([key]) => !unset.includes(key as keyof NgFlags)))
}
