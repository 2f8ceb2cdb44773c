import { expect, it } from 'vitest'
import { LocalFlow } from '../../server/edge/local-flow.ts'
import type { Request, Response } from '../../server/sip/message/message.ts'

const options = (fields: number): string =>
  `OPTIONS sip:*43@example.com SIP/2.0\r\n${'X: y\r\n'.repeat(fields)}CSeq: 1 OPTIONS\r\n\r\n`

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

it('brings a message whole, however much has been put into it since it came', async () => {
  const received: (Request | Response)[] = []
  const flow = new LocalFlow(
    'test',
    message => received.push(message),
    error => expect.unreachable(String(error)),
  )
  flow.send(options(300))
  await turn()
  expect(received[0]?.defect).toBeUndefined()
  expect(received[0]?.cseq.method).toBe('OPTIONS')
})

it('tells what its application throws, which would end the process otherwise', async () => {
  const failures: unknown[] = []
  const flow = new LocalFlow(
    'test',
    () => {
      throw new Error('a mistake')
    },
    error => failures.push(error),
  )
  flow.send(options(1))
  flow.send('no SIP')
  await turn()
  expect(failures.map(String)).toEqual([
    'Error: a mistake',
    'TypeError: What was sent within the process is no SIP message',
  ])
})
