import type { Failure } from './user-agent.ts'

/** What somebody was doing when it went wrong: the same SIP status means different things in each. */
export type Phase = 'connection' | 'registration' | 'call' | 'sound'

interface ErrorRow {
  /** Shown to the user, so that help can be given by telephone. 11xx connection, 12xx sign-in, 13xx call, 14xx sound. */
  readonly number: number
  readonly code: `SOFTPHONE_${string}`
  readonly phase: Phase
  /** What happened, as a sentence. */
  readonly message: string
  /** What to do about it. */
  readonly advice: string
  /** SIP status codes, or classes such as `5xx`, that mean this. */
  readonly status?: readonly (number | `${number}xx`)[]
  /** JsSIP causes, or names of a DOMException, that mean this. */
  readonly causes?: readonly string[]
  /** Only after the far side has begun to ring. */
  readonly isAfterRinging?: true
  /** It may pass by itself, so trying again later makes sense. */
  readonly isTemporary?: true
}

/**
 * Every error of the softphone, in words. Within a phase the first row wins that lists the status, then the class of the
 * status, then the cause.
 */
export const errorTable = [
  {
    number: 1101,
    code: 'SOFTPHONE_SERVER_UNREACHABLE',
    phase: 'connection',
    message: 'The server cannot be reached.',
    advice: 'Check your network connection. The phone tries again by itself.',
    isTemporary: true,
  },
  {
    number: 1102,
    code: 'SOFTPHONE_SETTINGS_UNAVAILABLE',
    phase: 'connection',
    message: 'The phone could not load its settings.',
    advice: 'The server may be starting. Try again in a moment.',
    isTemporary: true,
  },
  {
    number: 1103,
    code: 'SOFTPHONE_CONNECTION_INTERRUPTED',
    phase: 'connection',
    message: 'The connection to the server is interrupted.',
    advice: 'Your call goes on. The phone connects again by itself.',
    isTemporary: true,
  },
  {
    number: 1201,
    code: 'SOFTPHONE_WRONG_PASSWORD',
    phase: 'registration',
    message: 'The account or the password is wrong.',
    advice: 'Type both again and mind capital letters. Whoever runs this phone system can give you a new password.',
    status: [401, 407],
    causes: ['Authentication Error'],
  },
  {
    number: 1202,
    code: 'SOFTPHONE_ACCOUNT_REFUSED',
    phase: 'registration',
    message: 'This account may not sign in.',
    advice:
      'It may be disabled, or blocked for a while after too many attempts. Wait a few minutes, then ask for help.',
    status: [403, 603],
  },
  {
    number: 1203,
    code: 'SOFTPHONE_ACCOUNT_UNKNOWN',
    phase: 'registration',
    message: 'There is no such account here.',
    advice: 'Check the account name: 1001, or with its domain 1001@example.com.',
    status: [404, 410, 604],
  },
  {
    number: 1204,
    code: 'SOFTPHONE_ACCOUNT_INVALID',
    phase: 'registration',
    message: 'That is not an account name.',
    advice: 'Type a short name such as 1001, or the whole address such as 1001@example.com.',
  },
  {
    number: 1205,
    code: 'SOFTPHONE_SIGN_IN_UNAVAILABLE',
    phase: 'registration',
    message: 'The server cannot sign you in right now.',
    advice: 'The phone tries again by itself. If this stays, tell whoever runs this phone system.',
    isTemporary: true,
  },
  {
    number: 1301,
    code: 'SOFTPHONE_BUSY',
    phase: 'call',
    message: 'The line is busy.',
    advice: 'The other side is on another call. Try again in a few minutes.',
    status: [486, 600],
    causes: ['Busy'],
  },
  {
    number: 1302,
    code: 'SOFTPHONE_NOT_FOUND',
    phase: 'call',
    message: 'Nobody has this number or name.',
    advice: 'Check what you dialled.',
    status: [404, 410, 604],
    causes: ['Not Found'],
  },
  {
    number: 1303,
    code: 'SOFTPHONE_DECLINED',
    phase: 'call',
    message: 'The call was declined.',
    advice: 'The other side does not want to talk now. Try again later.',
    status: [603],
  },
  {
    number: 1304,
    code: 'SOFTPHONE_NO_ANSWER',
    phase: 'call',
    message: 'Nobody answered.',
    advice: 'Try again later.',
    status: [408, 480, 487],
    isAfterRinging: true,
  },
  {
    number: 1305,
    code: 'SOFTPHONE_UNREACHABLE',
    phase: 'call',
    message: 'The other side cannot be reached.',
    advice: 'Their phone is switched off or not signed in. Try again later.',
    status: [408, 430, 480],
    causes: ['Unavailable', 'No Answer', 'Expires'],
  },
  {
    number: 1306,
    code: 'SOFTPHONE_FORBIDDEN',
    phase: 'call',
    message: 'You may not call this number.',
    advice: 'Ask whoever runs this phone system to allow it.',
    status: [403],
    causes: ['Rejected'],
  },
  {
    number: 1307,
    code: 'SOFTPHONE_INCOMPLETE',
    phase: 'call',
    message: 'The number is not complete.',
    advice: 'Check what you dialled, with country and area code where needed.',
    status: [484],
    causes: ['Address Incomplete'],
  },
  {
    number: 1308,
    code: 'SOFTPHONE_CALL_UNAUTHORIZED',
    phase: 'call',
    message: 'The server did not accept your password for this call.',
    advice: 'Sign out and sign in again.',
    status: [401, 407],
    causes: ['Authentication Error'],
  },
  {
    number: 1309,
    code: 'SOFTPHONE_INCOMPATIBLE',
    phase: 'call',
    message: 'The two phones found no common way to talk.',
    advice: 'Try another browser. If this stays, tell whoever runs this phone system.',
    status: [415, 420, 488, 606],
    causes: ['Incompatible SDP', 'Missing SDP', 'Bad Media Description', 'WebRTC Error'],
  },
  {
    number: 1310,
    code: 'SOFTPHONE_MOVED',
    phase: 'call',
    message: 'The other side can be reached elsewhere now.',
    advice: 'Ask them for their new number.',
    status: ['3xx'],
    causes: ['Redirected'],
  },
  {
    number: 1311,
    code: 'SOFTPHONE_CONGESTED',
    phase: 'call',
    message: 'The call cannot be put through right now.',
    advice:
      'Try again in a moment. If it stays like this, whoever runs this phone system should look (offhook doctor).',
    status: ['5xx', 429],
  },
  {
    number: 1312,
    code: 'SOFTPHONE_CONNECTION_LOST',
    phase: 'call',
    message: 'The connection to the server was lost.',
    advice: 'Check your network connection, then call again.',
    causes: ['Connection Error'],
  },
  {
    number: 1313,
    code: 'SOFTPHONE_SOUND_LOST',
    phase: 'call',
    message: 'The sound of the call did not get through.',
    advice: 'A firewall or a change of network may be the reason. Call again, or try another network.',
    causes: ['RTP Timeout'],
  },
  {
    number: 1314,
    code: 'SOFTPHONE_SERVER_SILENT',
    phase: 'call',
    message: 'The server or the other side stopped answering.',
    advice: 'Check your network connection, then call again.',
    causes: ['Request Timeout', 'No ACK', 'Dialog Error'],
  },
  {
    number: 1315,
    code: 'SOFTPHONE_INVALID_TARGET',
    phase: 'call',
    message: 'That cannot be dialled.',
    advice: 'Type a number, a name, or a whole address such as anna@example.com.',
  },
  {
    number: 1316,
    code: 'SOFTPHONE_NOT_REGISTERED',
    phase: 'call',
    message: 'The phone is not connected.',
    advice: 'Wait until it is ready again, then call.',
  },
  {
    number: 1317,
    code: 'SOFTPHONE_IN_CALL',
    phase: 'call',
    message: 'There is a call already.',
    advice: 'Hang up first.',
  },
  {
    number: 1399,
    code: 'SOFTPHONE_CALL_FAILED',
    phase: 'call',
    message: 'The call failed.',
    advice: 'Try again. If this stays, tell whoever runs this phone system.',
  },
  {
    number: 1401,
    code: 'SOFTPHONE_NO_MICROPHONE',
    phase: 'sound',
    message: 'No microphone was found.',
    advice: 'Connect a microphone or a headset, then try again.',
    causes: ['NotFoundError', 'OverconstrainedError'],
  },
  {
    number: 1402,
    code: 'SOFTPHONE_PERMISSION_DENIED',
    phase: 'sound',
    message: 'This page may not use the microphone.',
    advice: 'Allow the microphone in the address bar of your browser, then try again.',
    causes: ['NotAllowedError', 'SecurityError', 'User Denied Media Access'],
  },
  {
    number: 1403,
    code: 'SOFTPHONE_INSECURE_PAGE',
    phase: 'sound',
    message: 'The browser gives no microphone to a page that is not secure.',
    advice: 'Open the https address of this phone system instead.',
  },
  {
    number: 1404,
    code: 'SOFTPHONE_MICROPHONE_BUSY',
    phase: 'sound',
    message: 'The microphone cannot be used.',
    advice: 'Another program may be using it. Close that program or plug the microphone in again, then try again.',
  },
  {
    number: 1405,
    code: 'SOFTPHONE_SOUND_BLOCKED',
    phase: 'sound',
    message: 'The browser keeps this page silent.',
    advice: 'Click anywhere on the page, or you will not hear it ring.',
  },
] as const satisfies readonly ErrorRow[]

export type ErrorCode = (typeof errorTable)[number]['code']

/** Something went wrong that a user can read about. */
export class SoftphoneError extends Error {
  readonly code: ErrorCode
  /** The number beside the words, such as 1301. */
  readonly number: number
  readonly phase: Phase
  readonly advice: string
  readonly isTemporary: boolean

  constructor(code: ErrorCode, options?: ErrorOptions) {
    const row: ErrorRow = errorTable.find(each => each.code === code)!
    super(row.message, options)
    this.name = 'SoftphoneError'
    this.code = code
    this.number = row.number
    this.phase = row.phase
    this.advice = row.advice
    this.isTemporary = row.isTemporary ?? false
  }
}

/** The words for a REGISTER that failed. A loss of the connection belongs to the connection and comes as error 1101. */
export function registrationError(failure: Failure): SoftphoneError {
  return new SoftphoneError(lookupCode('registration', failure) ?? 'SOFTPHONE_SIGN_IN_UNAVAILABLE')
}

/** The words for a call that came to nothing. `hasRung`: the far side had begun to ring. */
export function callError(failure: Failure, hasRung: boolean): SoftphoneError {
  const code = lookupCode('call', failure, hasRung) ?? lookupCode('sound', failure)
  return new SoftphoneError(code ?? 'SOFTPHONE_CALL_FAILED')
}

/** The words for what `getUserMedia` rejected with. */
export function microphoneError(error: unknown): SoftphoneError {
  const cause = error instanceof Error ? error.name : ''
  return new SoftphoneError(lookupCode('sound', { cause }) ?? 'SOFTPHONE_MICROPHONE_BUSY', { cause: error })
}

/** The status says more than JsSIP's cause, so it is asked first. */
function lookupCode(phase: Phase, { status, cause }: Failure, hasRung = false): ErrorCode | undefined {
  const rows: readonly ErrorRow[] = errorTable.filter(row => row.phase === phase)
  const possible = rows.filter(row => hasRung || !row.isAfterRinging)
  const statusClass = status === undefined ? undefined : (`${Math.floor(status / 100)}xx` as const)
  const row =
    possible.find(({ status: listed }) => status !== undefined && listed?.includes(status)) ??
    possible.find(({ status: listed }) => statusClass !== undefined && listed?.includes(statusClass)) ??
    possible.find(({ causes }) => causes?.includes(cause))
  return row?.code as ErrorCode | undefined
}
