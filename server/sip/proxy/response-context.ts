import type { Clock, Timer } from '../../lib/clock.ts'
import { createResponse } from '../message/create.ts'
import type { Request, Response } from '../message/message.ts'
import type { Peer } from '../transaction/peer.ts'
import type { ClientTransaction, ServerTransaction, TransactionLayer } from '../transaction/transaction-layer.ts'
import { chooseBest, mergeChallenges, type Outcome, statusOf } from './best-response.ts'
import { type Forwarding, forwardRequest, forwardResponse, newBranch } from './forward.ts'

/** One destination of a request: what changes on the way there, and the flow that leads to it. */
export interface Target extends Omit<Forwarding, 'branch' | 'body'> {
  readonly peer: Peer
  /** host:port that our Via shows there; the client transaction is matched with it. */
  readonly sentBy: string
}

/** A target that the request has been sent to (what RFC 3261 calls a branch). */
export interface Attempt<T extends Target = Target> {
  readonly target: T
  readonly branch: string
}

/** Thrown by `prepare`: this target cannot have the request, and why, as the status it counts for. */
export class TargetRefusal extends Error {
  readonly status: number
  readonly reason: string

  constructor(status: number, reason: string) {
    super(reason)
    this.name = 'TargetRefusal'
    this.status = status
    this.reason = reason
  }
}

/** What the one who forwards can do on the way, each optional. */
export interface ProxyUser<T extends Target = Target> {
  /** Before the request goes to a target: the body it gets there (undefined: as it is). Throws TargetRefusal. */
  prepare?(attempt: Attempt<T>): Promise<string | undefined> | undefined
  /** Before a provisional or 2xx goes upstream: its body there. Rejecting drops a provisional and turns a 2xx into 500. */
  answer?(attempt: Attempt<T>, response: Response): Promise<string | undefined> | undefined
  /** The target is done with; `won` when its 2xx went upstream. */
  attemptEnded?(attempt: Attempt<T>, won: boolean): void
  /** The final status that went upstream, once. */
  ended?(status: number): void
  /** A 2xx that is kept from the caller (`oneAnswer`, or `answer` failed): the one who gets this must end that dialog. */
  extraAnswer?(attempt: Attempt<T>, response: Response): void
  /** Something of ours threw; the target counts as failed with 500. */
  fault?(error: unknown): void
}

export interface ForkOptions<T extends Target> {
  readonly transactions: TransactionLayer
  /** What goes to the targets, and its server transaction. */
  readonly request: Request
  readonly server: ServerTransaction
  /** Targets within a group are tried in parallel, the groups one after the other. */
  readonly groups: readonly (readonly T[])[]
  readonly clock: Clock
  readonly user: ProxyUser<T>
  /** To tag of responses of our own. */
  readonly toTag: string
  /** Milliseconds an INVITE may go without a final response; starts again with each provisional. Default 181,000: more than three minutes (§16.6 step 11). */
  readonly timerC?: number
  /** The caller cannot live with a second 2xx (JsSIP): only the first one goes upstream. */
  readonly oneAnswer?: boolean
}

const defaultTimerC = 181_000

interface Branch<T extends Target> extends Attempt<T> {
  client?: ClientTransaction
  timerC?: Timer
  outcome?: Outcome
  cancelled: boolean
  ended: boolean
  /** Responses on their way upstream, one after the other. */
  queue?: Promise<void>
}

/**
 * The response context of RFC 3261 §16.7: sends one request to its targets, brings their provisional and successful
 * responses upstream at once and, when nobody accepted, the best of the rest.
 */
export class ResponseContext<T extends Target = Target> {
  readonly #options: ForkOptions<T>
  readonly #request: Request
  readonly #isInvite: boolean
  readonly #branches: Branch<T>[] = []
  #nextGroup = 0
  #cancelled = false
  #isCallerGone = false
  #ended = false
  /** The first 2xx: nobody else is tried, and it is what the caller gets. `text` is what went upstream. */
  #answer?: { readonly branch: Branch<T>; readonly tag: string | undefined; text?: string }

  constructor(options: ForkOptions<T>) {
    this.#options = options
    this.#request = options.request
    this.#isInvite = this.#request.method === 'INVITE'
  }

  start(): void {
    this.#startNextGroup()
  }

  /** The caller gave up (§16.10): every pending target gets a CANCEL; the 487 comes from them. */
  cancel(reason?: string): void {
    if (this.#ended || this.#answer) return
    this.#cancelled = true
    this.#cancelPending(reason)
    this.#settle()
  }

  /** The caller is gone and cannot be told anything: pending targets get a CANCEL, and who accepts all the same is let go. */
  leave(): void {
    this.#isCallerGone = true
    this.cancel('SIP;cause=487;text="Caller is gone"')
  }

  /** A peer that is gone with what was pending there: its targets have failed. */
  lose(peer: Peer): void {
    for (const branch of this.#branches) {
      if (branch.target.peer !== peer || branch.outcome) continue
      branch.cancelled = true
      // Ends the transaction, which would wait for a final response for ever.
      if (this.#isInvite) branch.client?.cancel()
      this.#end(branch, { kind: 'local', status: 480 })
    }
  }

  #startNextGroup(): void {
    const group = this.#options.groups[this.#nextGroup++]
    if (!group) return
    const branches = group.map((target): Branch<T> => ({ target, branch: newBranch(), cancelled: false, ended: false }))
    this.#branches.push(...branches)
    for (const branch of branches) this.#start(branch)
  }

  #start(branch: Branch<T>): void {
    const prepared = this.#options.user.prepare?.(branch)
    if (!prepared) {
      this.#send(branch)
      return
    }
    prepared
      .then(body => {
        if (branch.cancelled) this.#end(branch, { kind: 'local', status: 487 })
        else this.#send(branch, body)
      })
      .catch((error: unknown) => this.#end(branch, this.#refusal(error)))
  }

  #send(branch: Branch<T>, body?: string): void {
    const { target } = branch
    const { method } = this.#request
    const text = forwardRequest(this.#request, { ...target, branch: branch.branch, body })
    this.#armTimerC(branch)
    branch.client = this.#options.transactions.createClient(
      { text, method, branch: branch.branch, sentBy: target.sentBy },
      target.peer,
      {
        response: response => this.#receive(branch, response),
        timeout: () => this.#end(branch, { kind: 'local', status: branch.cancelled ? 487 : 408 }),
        // A transport error counts as a 503 of that target (§16.9), and no target's 503 goes upstream as such.
        failed: () => this.#end(branch, { kind: 'local', status: 500, reason: 'Next Hop Unreachable' }),
      },
    )
  }

  #receive(branch: Branch<T>, response: Response): void {
    if (response.list('via').length < 2) this.#receiveStray(branch, response)
    else if (response.status < 200) {
      this.#armTimerC(branch)
      // 100 is hop by hop; a non-INVITE has no other provisional (RFC 4320 §4.1).
      if (response.status > 100 && this.#isInvite && !branch.outcome) this.#bringUp(branch, response)
    } else if (response.isSuccess) this.#receiveSuccess(branch, response)
    else this.#end(branch, { kind: 'response', response })
  }

  /** Without a Via below ours it may not go on (§16.7 step 3). Who spoils his answer has none, and nobody waits for another. */
  #receiveStray(branch: Branch<T>, response: Response): void {
    if (!response.isFinal) return
    this.#end(branch, { kind: 'local', status: 502 })
    if (this.#isInvite && response.isSuccess) this.#options.user.extraAnswer?.(branch, response)
  }

  #receiveSuccess(branch: Branch<T>, response: Response): void {
    const tag = response.to.tag
    const first = this.#answer
    if (first?.branch === branch && first.tag === tag) {
      // The callee repeats its 2xx until the ACK is there; until ours has gone up there is nothing to repeat.
      if (first.text !== undefined) this.#options.server.respond(first.text, response.status)
    } else if (this.#isCallerGone) this.#letGo(branch, response, 487)
    else if (first && (!this.#isInvite || this.#options.oneAnswer)) {
      // Of a non-INVITE the first final response is the only one (§17.2.2).
      this.#end(branch, { kind: 'response', response })
      if (this.#isInvite) this.#options.user.extraAnswer?.(branch, response)
    } else {
      this.#answer ??= { branch, tag }
      branch.timerC?.cancel()
      branch.outcome = { kind: 'response', response }
      this.#bringUp(branch, response)
      this.#cancelPending('SIP;cause=200;text="Call completed elsewhere"')
    }
  }

  /** Upstream with it, after what this target sent before. */
  #bringUp(branch: Branch<T>, response: Response): void {
    const body = this.#options.user.answer?.(branch, response)
    if (!body && !branch.queue) {
      this.#forward(branch, response)
      return
    }
    const ready = Promise.resolve(body)
    // Whoever waits behind a failed one must not see its failure, nor may Node before we get to it.
    ready.catch(() => undefined)
    branch.queue = (branch.queue ?? Promise.resolve())
      .then(() => ready)
      .then(
        text => this.#forward(branch, response, text),
        (error: unknown) => this.#refuse(branch, response, error),
      )
      .catch((error: unknown) => this.#options.user.fault?.(error))
  }

  #forward(branch: Branch<T>, response: Response, body?: string): void {
    if (response.isSuccess && this.#isCallerGone) {
      this.#letGo(branch, response, 487)
      return
    }
    const text = forwardResponse(response, body)
    if (text === undefined) return
    this.#options.server.respond(text, response.status)
    if (!response.isSuccess) return
    if (this.#answer?.branch === branch) this.#answer.text ??= text
    this.#endAttempt(branch, true)
    this.#finish(response.status)
  }

  /** The response could not be made fit for the caller. */
  #refuse(branch: Branch<T>, response: Response, error: unknown): void {
    this.#options.user.fault?.(error)
    if (response.isSuccess) this.#letGo(branch, response, 500)
  }

  /** A 2xx that does not go up: the caller's call ends with `status`, and so does the callee's. */
  #letGo(branch: Branch<T>, response: Response, status: number): void {
    branch.outcome ??= { kind: 'local', status }
    branch.timerC?.cancel()
    this.#endAttempt(branch, false)
    if (!this.#ended) this.#respond({ kind: 'local', status })
    this.#options.user.extraAnswer?.(branch, response)
  }

  #end(branch: Branch<T>, outcome: Outcome): void {
    if (branch.outcome) return
    branch.outcome = outcome
    branch.timerC?.cancel()
    this.#endAttempt(branch, false)
    // Nobody is asked any more once somebody declined for everybody (§16.7 step 5).
    if (statusOf(outcome) >= 600) this.#cancelPending()
    this.#settle()
  }

  /** When all targets of the group have ended: the next group, or the best response. */
  #settle(): void {
    if (this.#ended || this.#answer || this.#branches.some(branch => !branch.outcome)) return
    const declined = this.#branches.some(branch => branch.outcome && statusOf(branch.outcome) >= 600)
    if (!this.#cancelled && !declined && this.#nextGroup < this.#options.groups.length) this.#startNextGroup()
    else this.#respond(chooseBest(this.#branches.map(branch => branch.outcome!)))
  }

  #respond(best: Outcome): void {
    if (best.kind === 'response') {
      this.#forwardBest(best.response)
      return
    }
    // A 408 to a non-INVITE ends the transaction without a word (RFC 4320 §4.2): the layer below sees to that.
    const { server, toTag } = this.#options
    server.respond(createResponse(this.#request, best.status, { reason: best.reason, toTag }), best.status)
    this.#finish(best.status)
  }

  #forwardBest(response: Response): void {
    const { server, toTag } = this.#options
    // A 503 says that *that* server is overloaded; upstream it would mean us (§16.7 step 6).
    if (response.status === 503) {
      server.respond(createResponse(this.#request, 500, { toTag }), 500)
      this.#finish(500)
      return
    }
    const outcomes = this.#branches.map(branch => branch.outcome!)
    const text = forwardResponse(response, undefined, edit => mergeChallenges(response, outcomes, edit))
    if (text !== undefined) server.respond(text, response.status)
    this.#finish(response.status)
  }

  #finish(status: number): void {
    if (this.#ended) return
    this.#ended = true
    // An INVITE's transactions live on for half a minute; the responses need not.
    for (const branch of this.#branches)
      if (branch.outcome) branch.outcome = { kind: 'local', status: statusOf(branch.outcome) }
    this.#options.user.ended?.(status)
  }

  #cancelPending(reason?: string): void {
    for (const branch of this.#branches) {
      if (branch.outcome || branch.cancelled) continue
      branch.cancelled = true
      if (this.#isInvite) branch.client?.cancel(reason)
    }
  }

  #endAttempt(branch: Branch<T>, won: boolean): void {
    if (branch.ended) return
    branch.ended = true
    this.#options.user.attemptEnded?.(branch, won)
  }

  #armTimerC(branch: Branch<T>): void {
    if (!this.#isInvite || branch.outcome) return
    branch.timerC?.cancel()
    branch.timerC = this.#options.clock.after(this.#options.timerC ?? defaultTimerC, () => {
      // The 487 that follows the CANCEL is this target's final response (§16.8).
      branch.cancelled = true
      branch.client?.cancel()
    })
  }

  #refusal(error: unknown): Outcome {
    if (error instanceof TargetRefusal) return { kind: 'local', status: error.status, reason: error.reason }
    this.#options.user.fault?.(error)
    return { kind: 'local', status: 500 }
  }
}
