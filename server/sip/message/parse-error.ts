/** What a peer did wrong in a message. It knows its answer: a request with it is answered `status reason`. */
export class ParseError extends Error {
  readonly code = 'SIP_PARSE'
  readonly status: number
  readonly reason: string

  constructor(reason: string, status = 400) {
    super(reason)
    this.name = 'ParseError'
    this.status = status
    this.reason = reason
  }
}
