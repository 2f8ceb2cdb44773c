/** The values from which every timer follows, in milliseconds (RFC 3261 §17, table 4). */
export interface BaseTimers {
  /** Estimate of the round-trip time. Default 500. Smaller only inside a private network. */
  readonly T1: number
  /** Longest interval between retransmissions of a non-INVITE request or of a response to INVITE. Default 4000. */
  readonly T2: number
  /** Longest time that a message remains in the network. Default 5000. */
  readonly T4: number
}

export const defaultBaseTimers: BaseTimers = { T1: 500, T2: 4000, T4: 5000 }

/**
 * Every timer of §17 by its letter, and three that have none, in milliseconds. Zero: what the timer waits for cannot
 * come, it fires at once. Infinity: it never runs.
 */
export interface Timers {
  /** First retransmission of an INVITE; doubles without limit. */
  readonly A: number
  /** No response at all to an INVITE. */
  readonly B: number
  /** INVITE client: retransmissions of a non-2xx final response are still acknowledged. */
  readonly D: number
  /** Where E and G stop to double. */
  readonly T2: number
  /** First retransmission of another request; doubles up to T2. */
  readonly E: number
  /** No final response to another request. */
  readonly F: number
  /** First retransmission of a non-2xx final response to INVITE; doubles up to T2. */
  readonly G: number
  /** No ACK for it. */
  readonly H: number
  /** INVITE server: retransmissions of the ACK are still absorbed. */
  readonly I: number
  /** Non-INVITE server: retransmissions of the request are still answered. */
  readonly J: number
  /** Non-INVITE client: retransmissions of the final response are still absorbed. */
  readonly K: number
  /** INVITE server: retransmissions after a 2xx are absorbed, further 2xx sent (RFC 6026 §7.1). */
  readonly L: number
  /** INVITE client: further 2xx are passed up (RFC 6026 §7.2). */
  readonly M: number
  /** An INVITE that the TU has not answered is answered 100 (RFC 3261 §17.2.1). */
  readonly inviteTrying: number
  /** Another request that the TU has not answered is answered 100: when its timer E has come to T2 (RFC 4320 §4.1). */
  readonly nonInviteTrying: number
  /** After a CANCEL no final response to its INVITE (RFC 3261 §9.1). */
  readonly cancel: number
}

export function deriveTimers(base: BaseTimers, reliable: boolean): Timers {
  const { T1, T2, T4 } = base
  const transactionTimeout = 64 * T1
  const retransmission = reliable ? Infinity : T1
  return {
    T2: reliable ? Infinity : T2,
    A: retransmission,
    B: transactionTimeout,
    D: reliable ? 0 : Math.max(32_000, transactionTimeout),
    E: retransmission,
    F: transactionTimeout,
    G: retransmission,
    H: transactionTimeout,
    I: reliable ? 0 : T4,
    J: reliable ? 0 : transactionTimeout,
    K: reliable ? 0 : T4,
    L: transactionTimeout,
    M: transactionTimeout,
    inviteTrying: 200,
    nonInviteTrying: timeUntilT2(T1, T2),
    cancel: transactionTimeout,
  }
}

/** When a client's timer E, doubling from T1, is set to T2 for the first time: 3500 ms with the default values. */
function timeUntilT2(T1: number, T2: number): number {
  let elapsed = T1
  for (let interval = 2 * T1; interval < T2; interval *= 2) elapsed += interval
  return elapsed
}
