import { describe, expect, it } from 'vitest'
import {
  callError,
  errorTable,
  microphoneError,
  registrationError,
  SoftphoneError,
  type ErrorCode,
} from '../../client/softphone/errors.ts'

/** Every cause JsSIP 3.13 can give for a call that did not end by a BYE. */
const jssipCauses = [
  'Connection Error',
  'Request Timeout',
  'SIP Failure Code',
  'Internal Error',
  'Busy',
  'Rejected',
  'Redirected',
  'Unavailable',
  'Not Found',
  'Address Incomplete',
  'Incompatible SDP',
  'Missing SDP',
  'Authentication Error',
  'WebRTC Error',
  'Canceled',
  'No Answer',
  'Expires',
  'No ACK',
  'Dialog Error',
  'User Denied Media Access',
  'Bad Media Description',
  'RTP Timeout',
]

const domException = (name: string) => Object.assign(new Error(name), { name })

describe('the error table', () => {
  it('has each number and each code once, and the hundreds tell the phase', () => {
    const hundreds = { connection: 11, registration: 12, call: 13, sound: 14 }
    expect(new Set(errorTable.map(row => row.number)).size).toBe(errorTable.length)
    expect(new Set(errorTable.map(row => row.code)).size).toBe(errorTable.length)
    for (const row of errorTable) expect(Math.floor(row.number / 100)).toBe(hundreds[row.phase])
  })

  it('says in every row what happened and what to do, in sentences and without jargon', () => {
    for (const { message, advice } of errorTable) {
      expect(message).toMatch(/^[A-Z].*\.$/)
      expect(advice).toMatch(/^[A-Z].*\.$/)
      expect(`${message} ${advice}`).not.toMatch(/\b(SIP|SDP|ICE|WebRTC|INVITE|REGISTER|timeout)\b/)
    }
  })

  it('makes an error that carries its words', () => {
    const error = new SoftphoneError('SOFTPHONE_BUSY')
    expect(error).toMatchObject({ number: 1301, phase: 'call', message: 'The line is busy.', isTemporary: false })
  })
})

describe('a registration that fails', () => {
  const rows: [status: number | undefined, cause: string, code: ErrorCode][] = [
    [401, 'Authentication Error', 'SOFTPHONE_WRONG_PASSWORD'],
    [407, 'Authentication Error', 'SOFTPHONE_WRONG_PASSWORD'],
    [403, 'Rejected', 'SOFTPHONE_ACCOUNT_REFUSED'],
    [404, 'Not Found', 'SOFTPHONE_ACCOUNT_UNKNOWN'],
    [500, 'SIP Failure Code', 'SOFTPHONE_SIGN_IN_UNAVAILABLE'],
    [503, 'SIP Failure Code', 'SOFTPHONE_SIGN_IN_UNAVAILABLE'],
    [429, 'SIP Failure Code', 'SOFTPHONE_SIGN_IN_UNAVAILABLE'],
    [undefined, 'Request Timeout', 'SOFTPHONE_SIGN_IN_UNAVAILABLE'],
  ]
  it.each(rows)('with %s %s is %s', (status, cause, code) => {
    expect(registrationError({ status, cause }).code).toBe(code)
  })

  it('is tried again only where that can help', () => {
    expect(registrationError({ status: 401, cause: '' }).isTemporary).toBe(false)
    expect(registrationError({ status: 503, cause: '' }).isTemporary).toBe(true)
  })
})

describe('a call that fails', () => {
  const rows: [status: number | undefined, cause: string, hasRung: boolean, code: ErrorCode][] = [
    [486, 'Busy', true, 'SOFTPHONE_BUSY'],
    [600, 'Busy', false, 'SOFTPHONE_BUSY'],
    [404, 'Not Found', false, 'SOFTPHONE_NOT_FOUND'],
    [604, 'Not Found', false, 'SOFTPHONE_NOT_FOUND'],
    [603, 'Rejected', true, 'SOFTPHONE_DECLINED'],
    [403, 'Rejected', false, 'SOFTPHONE_FORBIDDEN'],
    [408, 'Unavailable', true, 'SOFTPHONE_NO_ANSWER'],
    [480, 'Unavailable', true, 'SOFTPHONE_NO_ANSWER'],
    [487, 'SIP Failure Code', true, 'SOFTPHONE_NO_ANSWER'],
    [408, 'Unavailable', false, 'SOFTPHONE_UNREACHABLE'],
    [480, 'Unavailable', false, 'SOFTPHONE_UNREACHABLE'],
    [484, 'Address Incomplete', false, 'SOFTPHONE_INCOMPLETE'],
    [407, 'Authentication Error', false, 'SOFTPHONE_CALL_UNAUTHORIZED'],
    [488, 'Incompatible SDP', false, 'SOFTPHONE_INCOMPATIBLE'],
    [302, 'Redirected', false, 'SOFTPHONE_MOVED'],
    [503, 'SIP Failure Code', false, 'SOFTPHONE_CONGESTED'],
    [599, 'SIP Failure Code', false, 'SOFTPHONE_CONGESTED'],
    [undefined, 'Connection Error', false, 'SOFTPHONE_CONNECTION_LOST'],
    [undefined, 'RTP Timeout', true, 'SOFTPHONE_SOUND_LOST'],
    [undefined, 'Request Timeout', false, 'SOFTPHONE_SERVER_SILENT'],
    [undefined, 'User Denied Media Access', false, 'SOFTPHONE_PERMISSION_DENIED'],
    [400, 'SIP Failure Code', false, 'SOFTPHONE_CALL_FAILED'],
    [undefined, 'Internal Error', false, 'SOFTPHONE_CALL_FAILED'],
  ]
  it.each(rows)('with %s %s (rung: %s) is %s', (status, cause, hasRung, code) => {
    expect(callError({ status, cause }, hasRung).code).toBe(code)
  })

  it('has words for every cause of JsSIP and every status there is', () => {
    for (const cause of jssipCauses) expect(callError({ cause }, false).message).not.toBe('')
    for (let status = 300; status < 700; status++) expect(callError({ status, cause: '' }, true).phase).toBe('call')
  })
})

describe('a microphone that fails', () => {
  const rows: [error: unknown, code: ErrorCode][] = [
    [domException('NotAllowedError'), 'SOFTPHONE_PERMISSION_DENIED'],
    [domException('SecurityError'), 'SOFTPHONE_PERMISSION_DENIED'],
    [domException('NotFoundError'), 'SOFTPHONE_NO_MICROPHONE'],
    [domException('OverconstrainedError'), 'SOFTPHONE_NO_MICROPHONE'],
    [domException('NotReadableError'), 'SOFTPHONE_MICROPHONE_BUSY'],
    [domException('AbortError'), 'SOFTPHONE_MICROPHONE_BUSY'],
    ['nonsense', 'SOFTPHONE_MICROPHONE_BUSY'],
  ]
  it.each(rows)('with %s is %s', (error, code) => {
    expect(microphoneError(error).code).toBe(code)
  })
})
