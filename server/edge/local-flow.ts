import type { Request, Response } from '../sip/message/message.ts'
import { parseMessage, type ParseLimits } from '../sip/message/parse.ts'
import type { Address, Flow } from '../sip/transport/flow.ts'

/** What comes from outside was within the limits when it came; what we have put in since must not make it a broken message. */
const noLimits: ParseLimits = { headerFields: Infinity, messageBytes: Infinity }

/** A message from one part of this process to another. Throws TypeError for what is none. */
export function parseLocal(text: string): Request | Response {
  const message = parseMessage(text, noLimits)
  if (!message) throw new TypeError('What was sent within the process is no SIP message')
  return message
}

const nowhere: Address = { host: '127.0.0.1', port: 0 }

/**
 * The way to an application inside this process, which speaks SIP like any phone. Nothing gets lost on it. What the
 * application throws is told to `failed` and takes nothing else with it, as at the edge of every transport.
 */
export class LocalFlow implements Flow {
  readonly id: string
  readonly transport = 'tcp'
  readonly local = nowhere
  readonly remote = nowhere
  readonly reliable = true
  readonly isOpen = true
  readonly #receive: (message: Request | Response) => void
  readonly #failed: (error: unknown) => void

  constructor(name: string, receive: (message: Request | Response) => void, failed: (error: unknown) => void) {
    this.id = `local:${name}`
    this.#receive = receive
    this.#failed = failed
  }

  send(text: string): void {
    // Not within the sender's own turn: over a socket the answer would not come before `send` returns either.
    queueMicrotask(() => {
      try {
        this.#receive(parseLocal(text))
      } catch (error) {
        this.#failed(error)
      }
    })
  }

  close(): void {
    // Lives as long as the process.
  }
}
