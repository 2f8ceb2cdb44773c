/** What parser and validator say of each message of RFC 4475, as the proxy and registrar see it. */
export type Verdict =
  /** Handled; whatever is to be said about it is said by a layer that knows more. */
  | 'ok'
  /** A request that is answered with this status at once. */
  | { readonly status: number }
  /** A response that is dropped, or no SIP message at all. */
  | 'drop'

export interface Expected {
  readonly section: string
  readonly verdict: Verdict
  /** Why it is not what the RFC suggests, or who says what it suggests. */
  readonly reason?: string
}

export const expected: Readonly<Record<string, Expected>> = {
  'wsinv.dat': { section: '3.1.1.1', verdict: 'ok' },
  'intmeth.dat': { section: '3.1.1.2', verdict: 'ok' },
  'esc01.dat': { section: '3.1.1.3', verdict: 'ok' },
  'escnull.dat': { section: '3.1.1.4', verdict: 'ok' },
  'esc02.dat': { section: '3.1.1.5', verdict: 'ok' },
  'lwsdisp.dat': { section: '3.1.1.6', verdict: 'ok' },
  'longreq.dat': { section: '3.1.1.7', verdict: 'ok' },
  'dblreq.dat': {
    section: '3.1.1.8',
    verdict: 'ok',
    reason: 'over a stream both requests are found, and that the second is longer than it says',
  },
  'semiuri.dat': { section: '3.1.1.9', verdict: 'ok' },
  'transports.dat': { section: '3.1.1.10', verdict: 'ok' },
  'mpart01.dat': { section: '3.1.1.11', verdict: 'ok' },
  'unreason.dat': { section: '3.1.1.12', verdict: 'ok' },
  'noreason.dat': { section: '3.1.1.13', verdict: 'ok' },
  'badinv01.dat': { section: '3.1.2.1', verdict: { status: 400 } },
  'clerr.dat': { section: '3.1.2.2', verdict: { status: 400 }, reason: 'over a stream: waits, then times out' },
  'ncl.dat': { section: '3.1.2.3', verdict: { status: 400 } },
  'scalar02.dat': { section: '3.1.2.4', verdict: { status: 400 } },
  'scalarlg.dat': { section: '3.1.2.5', verdict: 'drop' },
  'quotbal.dat': { section: '3.1.2.6', verdict: { status: 400 } },
  'ltgtruri.dat': { section: '3.1.2.7', verdict: { status: 400 } },
  'lwsruri.dat': { section: '3.1.2.8', verdict: { status: 400 } },
  'lwsstart.dat': { section: '3.1.2.9', verdict: { status: 400 } },
  'trws.dat': { section: '3.1.2.10', verdict: { status: 400 } },
  'escruri.dat': { section: '3.1.2.11', verdict: { status: 400 } },
  'baddate.dat': { section: '3.1.2.12', verdict: 'ok', reason: 'a proxy has no use for Date and forwards it' },
  'regbadct.dat': { section: '3.1.2.13', verdict: { status: 400 } },
  'badaspec.dat': { section: '3.1.2.14', verdict: { status: 400 } },
  'baddn.dat': { section: '3.1.2.15', verdict: { status: 400 }, reason: 'this copy also lacks the empty line' },
  'baddn.with-blank-line.dat': { section: '3.1.2.15', verdict: { status: 400 } },
  'badvers.dat': { section: '3.1.2.16', verdict: { status: 505 } },
  'mismatch01.dat': { section: '3.1.2.17', verdict: { status: 400 } },
  'mismatch02.dat': {
    section: '3.1.2.18',
    verdict: { status: 400 },
    reason: '501 is as good: two things are wrong with it',
  },
  'bigcode.dat': { section: '3.1.2.19', verdict: 'drop' },
  'badbranch.dat': { section: '3.2.1', verdict: 'ok', reason: 'matched as RFC 2543 did: a bare cookie is none' },
  'insuf.dat': { section: '3.3.1', verdict: { status: 400 } },
  'unkscm.dat': { section: '3.3.2', verdict: 'ok', reason: 'well formed; the proxy says 416' },
  'novelsc.dat': { section: '3.3.3', verdict: 'ok', reason: 'well formed; the proxy says 416' },
  'unksm2.dat': { section: '3.3.4', verdict: 'ok', reason: 'well formed; the registrar says 400' },
  'bext01.dat': { section: '3.3.5', verdict: 'ok', reason: 'well formed; the proxy says 420' },
  'invut.dat': { section: '3.3.6', verdict: 'ok' },
  'regaut01.dat': { section: '3.3.7', verdict: 'ok', reason: 'well formed; the registrar challenges with 401' },
  'multi01.dat': { section: '3.3.8', verdict: { status: 400 } },
  'mcl01.dat': { section: '3.3.9', verdict: { status: 400 } },
  'bcast.dat': {
    section: '3.3.10',
    verdict: 'ok',
    reason: 'matches no transaction; the transport sends to no broadcast',
  },
  'zeromf.dat': { section: '3.3.11', verdict: 'ok', reason: 'well formed; the proxy says 483' },
  'cparam01.dat': { section: '3.3.12', verdict: 'ok' },
  'cparam02.dat': { section: '3.3.13', verdict: 'ok' },
  'regescrt.dat': { section: '3.3.14', verdict: 'ok' },
  'sdp01.dat': { section: '3.3.15', verdict: 'ok' },
  'inv2543.dat': { section: '3.4.1', verdict: 'ok' },
  'test.dat': { section: '–', verdict: 'drop', reason: 'an extra of the archive that is no message' },
}

/**
 * What a stream makes of messages whose Content-Length does not tell their length; the others come out of it as they came
 * in. `waits`: for bytes that never come.
 */
export const overStream: Readonly<Record<string, readonly ('message' | 'broken')[] | 'waits'>> = {
  'dblreq.dat': ['message', 'message', 'broken'],
  'clerr.dat': 'waits',
  'baddn.dat': 'waits',
  'bigcode.dat': [],
  'ncl.dat': ['broken'],
  'mcl01.dat': ['broken'],
  'inv2543.dat': ['broken'],
  'test.dat': 'waits',
}
