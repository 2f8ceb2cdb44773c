import type { Readable, Writable } from 'node:stream'
import { CommandError, type TerminalInput } from './command.ts'

/** More is no password. */
const maxInput = 4096

/**
 * The password for a new or changed account: from standard input when `fromStdin`, else typed twice at the terminal without
 * being shown. Undefined when there is neither: then the program makes one. Never an argument, where other users of the
 * machine could read it. Throws CommandError.
 */
export async function readNewPassword(
  { stdin, stderr }: { readonly stdin: TerminalInput; readonly stderr: Writable },
  fromStdin: boolean,
): Promise<string | undefined> {
  if (!fromStdin && !stdin.isTTY) return undefined
  stdin.setEncoding('utf8')
  if (fromStdin) return readPiped(stdin)
  // Before the question: what is typed at once must not be shown either.
  stdin.setRawMode?.(true)
  try {
    const password = await readHidden('Password: ', stdin, stderr)
    if ((await readHidden('Again: ', stdin, stderr)) !== password) throw new CommandError('the two passwords differ')
    return password
  } finally {
    stdin.setRawMode?.(false)
  }
}

async function readPiped(stdin: Readable): Promise<string> {
  let text = ''
  for await (const chunk of stdin) {
    text += chunk as string
    if (text.length > maxInput) throw new CommandError(`the password on standard input is longer than ${maxInput}`)
  }
  const password = text.replace(/\r?\n$/, '')
  if (!password) throw new CommandError('there is no password on standard input: give it as one line')
  return password
}

/** One line from the terminal in raw mode. What follows it is left for the next reader. */
async function readHidden(question: string, stdin: Readable, stderr: Writable): Promise<string> {
  stderr.write(question)
  try {
    return await readLine(stdin)
  } finally {
    stderr.write('\n')
  }
}

type KeyResult = { readonly line: string } | { readonly cancelled: true }

function readLine(stdin: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    let line = ''
    const finish = (result: KeyResult, rest: string): void => {
      stdin.off('data', onData)
      stdin.off('end', onEnd)
      stdin.pause() // Else what is put back would go to nobody.
      if (rest) stdin.unshift(rest)
      if ('line' in result) resolve(result.line)
      else reject(new CommandError('cancelled'))
    }
    const onEnd = (): void => finish({ cancelled: true }, '')
    const onData = (chunk: string): void => {
      for (const [index, key] of Array.from(chunk).entries()) {
        const next = press(line, key)
        if (typeof next !== 'string') {
          finish(
            next,
            Array.from(chunk)
              .slice(index + 1)
              .join(''),
          )
          return
        }
        if (next.length <= maxInput) line = next
      }
    }
    stdin.on('data', onData)
    stdin.on('end', onEnd)
    stdin.resume()
  })
}

/** The line after a key, or how it ended. A terminal in raw mode leaves all of this to us. */
function press(line: string, key: string): string | KeyResult {
  switch (key) {
    case '\r':
    case '\n':
      return { line }
    case '\x03': // Ctrl-C
    case '\x04': // Ctrl-D
      return { cancelled: true }
    case '\x7f':
    case '\b':
      return Array.from(line).slice(0, -1).join('')
    case '\x15': // Ctrl-U
      return ''
    default:
      return line + key
  }
}
