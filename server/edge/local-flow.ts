import type { Address, Flow } from '../sip/transport/flow.ts'

const nowhere: Address = { host: '127.0.0.1', port: 0 }

/** The way to an application inside this process, which speaks SIP like any phone. Nothing gets lost on it. */
export class LocalFlow implements Flow {
  readonly id: string
  readonly transport = 'tcp'
  readonly local = nowhere
  readonly remote = nowhere
  readonly reliable = true
  readonly isOpen = true
  readonly #receive: (text: string) => void

  constructor(name: string, receive: (text: string) => void) {
    this.id = `local:${name}`
    this.#receive = receive
  }

  send(text: string): void {
    // Not within the sender's own turn: over a socket the answer would not come before `send` returns either.
    queueMicrotask(() => this.#receive(text))
  }

  close(): void {
    // Lives as long as the process.
  }
}
