import { afterAll, beforeAll, onTestFailed, beforeEach } from 'vitest'
import { Offhook, passwordOf, type OffhookOptions } from '../support/offhook.ts'
import { TextPhone } from '../support/raw-sip.ts'

export const TRANSPORTS = ['udp', 'tcp'] as const
export type Transport = (typeof TRANSPORTS)[number]

/** For sipp 3.6, which answers the first challenge only and knows no other algorithm. */
export const MD5_ONLY = { auth: { algorithms: ['MD5'] } }

/** The smallest SDP a telephone would send. */
export const SDP = [
  'v=0',
  'o=- 1 1 IN IP4 127.0.0.1',
  's=-',
  'c=IN IP4 127.0.0.1',
  't=0 0',
  'm=audio 4000 RTP/AVP 0',
  'a=rtpmap:0 PCMU/8000',
  '',
].join('\r\n')

/** The server of a test file, there while its tests run. */
export interface Server {
  readonly offhook: Offhook
  /** A phone of text with the password of its account; closed when the file is done. */
  phone(user: string, transport?: Transport, password?: string): Promise<TextPhone>
}

/** Starts an Offhook for the tests of this file; a test that fails shows the end of its log. */
export function useOffhook(options: OffhookOptions): Server {
  let offhook: Offhook | undefined
  const phones: TextPhone[] = []
  const running = () => {
    if (!offhook) throw new TypeError('the server runs only while tests do')
    return offhook
  }

  beforeAll(async () => {
    offhook = await Offhook.start(options)
  })
  beforeEach(() => {
    onTestFailed(() => console.error(running().logTail()))
  })
  afterAll(async () => {
    for (const phone of phones) phone.close()
    await offhook?.stop()
  })

  return {
    get offhook() {
      return running()
    },
    async phone(user, transport = 'udp', password = passwordOf(user)) {
      const { domain, sipPort } = running()
      const phone = await TextPhone.open({ user, password, domain, serverPort: sipPort, transport })
      phones.push(phone)
      return phone
    },
  }
}
