import { Request, Response } from '../../server/sip/message/message.ts'
import { parseMessage } from '../../server/sip/message/parse.ts'

/** Wire text as it reads in a test: one field a line, indentation and outer empty lines gone, CRLF in. A blank line begins the body. */
export function wire(text: string): string {
  const lines = text.replace(/^\n+|\s+$/g, '').split('\n')
  const indent = Math.min(...lines.filter(line => line.trim()).map(line => /^ */.exec(line)![0].length))
  const plain = lines.map(line => line.slice(indent).trimEnd())
  const blank = plain.indexOf('')
  const [head, body] = blank < 0 ? [plain, []] : [plain.slice(0, blank), plain.slice(blank + 1)]
  return `${head.join('\r\n')}\r\n\r\n${body.map(line => `${line}\r\n`).join('')}`
}

export function request(text: string): Request {
  const message = parseMessage(wire(text))
  if (!(message instanceof Request)) throw new TypeError('not a request')
  return message
}

export function response(text: string): Response {
  const message = parseMessage(wire(text))
  if (!(message instanceof Response)) throw new TypeError('not a response')
  return message
}
