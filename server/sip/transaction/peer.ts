/** All that a transaction needs of a transport. */
export interface Peer {
  /** True: no retransmission, and timers D, I, J and K are zero. */
  readonly reliable: boolean
  /** False once nothing can be sent this way any more. A peer that cannot know does not say. */
  readonly isOpen?: boolean
  /** `failed` is called at most once, possibly later, when the text could not be sent. */
  send(text: string, failed?: (error: Error) => void): void
}
