import { Edit } from '../message/edit.ts'
import type { Response } from '../message/message.ts'

/** How a target of a request ended: with its final response, or with a status of our own making. */
export type Outcome =
  | { readonly kind: 'response'; readonly response: Response }
  | { readonly kind: 'local'; readonly status: number; readonly reason?: string }

/** Within 4xx these tell the caller how to do better, so they win (RFC 3261 §16.7 step 6). */
const preferred = [401, 407, 415, 420, 484]

export const statusOf = (outcome: Outcome): number =>
  outcome.kind === 'response' ? outcome.response.status : outcome.status

/** The outcome that goes upstream when nobody answered (§16.7 step 6): any 6xx, else of the lowest class. Of one at least. */
export function chooseBest(outcomes: readonly Outcome[]): Outcome {
  return outcomes.reduce((best, outcome) => (rank(outcome) < rank(best) ? outcome : best))
}

function rank(outcome: Outcome): number {
  const status = statusOf(outcome)
  if (status >= 600) return 0
  const level = Math.floor(status / 100) * 10
  // What a phone said is worth more than what we concluded from silence.
  const local = outcome.kind === 'local' ? 2 : 1
  return preferred.includes(status) ? level : level + local
}

/**
 * Every challenge of every target that asked for credentials (§16.7 step 7): the caller answers them all at once. Only for a
 * best response that is a 401 or 407 itself; others go on as they are.
 */
export function mergeChallenges(best: Response, outcomes: readonly Outcome[], edit: Edit): void {
  if (best.status !== 401 && best.status !== 407) return
  for (const outcome of outcomes) {
    if (outcome.kind !== 'response' || outcome.response === best) continue
    const { status } = outcome.response
    if (status !== 401 && status !== 407) continue
    for (const name of ['WWW-Authenticate', 'Proxy-Authenticate'])
      for (const value of outcome.response.headers(name.toLowerCase())) edit.append(name, value)
  }
}
