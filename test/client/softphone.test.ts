import { beforeEach, describe, expect, it } from 'vitest'
import { SoftphoneError, type ErrorCode } from '../../client/softphone/errors.ts'
import { Softphone } from '../../client/softphone/softphone.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { FakeMicrophone, FakeUserAgent, settle } from '../support/fake-user-agent.ts'

let clock: FakeClock
let microphone: FakeMicrophone
let agents: FakeUserAgent[]
let softphone: Softphone

const agent = () => agents.at(-1)!
const state = () => softphone.state.value
const withCode = (code: ErrorCode) => expect.objectContaining({ code }) as unknown

beforeEach(() => {
  clock = new FakeClock()
  microphone = new FakeMicrophone()
  agents = []
  softphone = new Softphone({
    server: 'wss://phone.example.com/sip',
    domain: 'phone.example.com',
    createUserAgent: options => {
      agents.push(new FakeUserAgent(options))
      return agent()
    },
    microphone,
    clock,
  })
})

function signIn(): void {
  softphone.signIn({ account: '1001', password: 'secret' })
  agent().accept()
}

describe('signing in', () => {
  it('connects, registers, and says so on the way', () => {
    const seen: string[] = []
    softphone.state.subscribe(({ connection, registration }) => seen.push(`${connection} ${registration}`))
    softphone.signIn({ account: '1001', password: 'secret' })
    expect(agent().options).toEqual({
      server: 'wss://phone.example.com/sip',
      aor: 'sip:1001@phone.example.com',
      password: 'secret',
    })
    agent().accept()
    expect(seen).toEqual(['connecting registering', 'connected registering', 'connected registered'])
    expect(state()).toMatchObject({ isSignedIn: true, account: { user: '1001' }, error: undefined })
  })

  it('refuses what is not an account before anything is sent', () => {
    expect(() => softphone.signIn({ account: 'a b', password: 'x' })).toThrow(SoftphoneError)
    expect(agents).toHaveLength(0)
  })

  it('ends with the reason when the password is wrong, and is not tried again', () => {
    softphone.signIn({ account: '1001', password: 'wrong' })
    agent().events.emit('connected', undefined)
    agent().events.emit('registrationfailed', { cause: 'Authentication Error', status: 401 })
    expect(state()).toMatchObject({ registration: 'failed', isSignedIn: false, account: undefined })
    expect(state().error).toEqual(withCode('SOFTPHONE_WRONG_PASSWORD'))
    expect(agent().asked).toEqual(['start', 'stop'])
    expect(clock.pending).toBe(0)
  })

  it('goes on trying when the server cannot be reached, and forgets the error once it can', () => {
    softphone.signIn({ account: '1001', password: 'secret' })
    agent().events.emit('disconnected', undefined)
    expect(state()).toMatchObject({ connection: 'reconnecting', registration: 'registering', isSignedIn: false })
    expect(state().error).toEqual(withCode('SOFTPHONE_SERVER_UNREACHABLE'))
    agent().accept()
    expect(state()).toMatchObject({ connection: 'connected', registration: 'registered', error: undefined })
  })

  it('tries a registration again that may succeed later, with longer and longer waits', () => {
    softphone.signIn({ account: '1001', password: 'secret' })
    agent().events.emit('connected', undefined)
    const waits: number[] = []
    for (let i = 0; i < 7; i++) {
      agent().events.emit('registrationfailed', { cause: 'SIP Failure Code', status: 503 })
      expect(state().registration).toBe('failed')
      waits.push(clock.next!)
      clock.advance(clock.next!)
      expect(state().registration).toBe('registering')
    }
    expect(waits).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 120_000, 120_000])
    expect(agent().asked.filter(each => each === 'register')).toHaveLength(7)
    agent().events.emit('registered', undefined)
    agent().events.emit('registrationfailed', { cause: 'SIP Failure Code', status: 503 })
    expect(clock.next).toBe(5_000)
    softphone.signOut()
    expect(clock.pending).toBe(0)
  })

  it('leaves a registration that met a lost connection to the reconnection', () => {
    signIn()
    agent().events.emit('registrationfailed', { cause: 'Connection Error' })
    expect(state().registration).toBe('registered')
    agent().events.emit('disconnected', undefined)
    expect(state()).toMatchObject({ connection: 'reconnecting', registration: 'unregistered', isSignedIn: true })
    expect(clock.pending).toBe(0)
  })

  it('signs out whoever was signed in before', () => {
    signIn()
    const first = agent()
    softphone.signIn({ account: '1002', password: 'x' })
    expect(first.asked).toEqual(['start', 'stop'])
    first.events.emit('registered', undefined)
    expect(state()).toMatchObject({ registration: 'registering', account: { user: '1002' } })
  })

  it('can be signed out twice', () => {
    signIn()
    softphone.signOut()
    softphone.signOut()
    expect(agent().asked).toEqual(['start', 'stop'])
    expect(state()).toMatchObject({ connection: 'disconnected', registration: 'unregistered', account: undefined })
  })

  it('keeps a call when the account is refused meanwhile, and signs out when it has ended', () => {
    signIn()
    const session = agent().ring()
    session.confirm()
    agent().events.emit('registrationfailed', { cause: 'Rejected', status: 403 })
    expect(state()).toMatchObject({ registration: 'failed', isSignedIn: true })
    expect(agent().asked).not.toContain('stop')
    session.events.emit('ended', { by: 'remote', cause: 'Terminated' })
    expect(agent().asked).toContain('stop')
    expect(state()).toMatchObject({ isSignedIn: false, registration: 'failed' })
    expect(state().error).toEqual(withCode('SOFTPHONE_ACCOUNT_REFUSED'))
  })
})

describe('an outgoing call', () => {
  beforeEach(signIn)

  it('goes from calling over ringing to active and ends', async () => {
    const states: string[] = []
    const call = softphone.dial('*43')
    states.push(call.state)
    call.events.on('change', view => states.at(-1) === view.state || states.push(view.state))
    await settle()
    expect(agent().asked).toContain('invite sip:*43@phone.example.com')
    const [session] = agent().sessions
    session!.events.emit('progress', { hasEarlyMedia: false })
    clock.advance(4_000)
    session!.confirm()
    clock.advance(60_000)
    call.hangUp()
    expect(states).toEqual(['calling', 'ringing', 'active', 'ended'])
    expect(call.view).toMatchObject({ end: { kind: 'hung-up', by: 'local' } })
    expect(call.view.endedAt! - call.view.answeredAt!).toBe(60_000)
    expect(microphone.streams).toEqual([{ isClosed: true }])
    expect(softphone.call).toBeUndefined()
    expect(state().call?.state).toBe('ended')
    softphone.dismissCall()
    expect(state().call).toBeUndefined()
  })

  it('tells early media from silence', async () => {
    const call = softphone.dial('1002')
    await settle()
    agent().sessions[0]!.events.emit('progress', { hasEarlyMedia: true })
    agent().sessions[0]!.events.emit('progress', { hasEarlyMedia: false })
    expect(call.view).toMatchObject({ state: 'ringing', hasEarlyMedia: true })
  })

  it('fails in words when the other side is busy', async () => {
    softphone.dial('1002')
    await settle()
    agent().sessions[0]!.events.emit('ended', { by: 'remote', cause: 'Busy', status: 486 })
    expect(state().call?.end).toEqual({ kind: 'failed', error: withCode('SOFTPHONE_BUSY') })
  })

  it('can be given up before the browser has given the microphone, which is then given back', async () => {
    microphone.isAsking = true
    const call = softphone.dial('1002')
    call.hangUp()
    expect(call.view).toMatchObject({ state: 'ended', end: { kind: 'cancelled' } })
    microphone.decide()
    await settle()
    expect(agent().sessions).toHaveLength(0)
    expect(microphone.streams).toEqual([{ isClosed: true }])
  })

  it('ends at once without a microphone', async () => {
    microphone.problem = new SoftphoneError('SOFTPHONE_PERMISSION_DENIED')
    const call = softphone.dial('1002')
    await settle()
    expect(call.view.end).toEqual({ kind: 'failed', error: withCode('SOFTPHONE_PERMISSION_DENIED') })
  })

  it('is refused while another one is up, without registration, and to what cannot be dialled', () => {
    expect(() => softphone.dial('a b')).toThrow(withCode('SOFTPHONE_INVALID_TARGET'))
    softphone.dial('1002')
    expect(() => softphone.dial('1003')).toThrow(withCode('SOFTPHONE_IN_CALL'))
    softphone.signOut()
    expect(() => softphone.dial('1003')).toThrow(withCode('SOFTPHONE_NOT_REGISTERED'))
  })

  it('keeps the microphone muted that was muted while the browser was asking', async () => {
    microphone.isAsking = true
    const call = softphone.dial('1002')
    call.setMuted(true)
    microphone.decide()
    await settle()
    expect(agent().sessions[0]!.asked).toEqual(['mute'])
  })

  it('survives the loss of the connection', async () => {
    const call = softphone.dial('1002')
    await settle()
    agent().sessions[0]!.confirm()
    agent().events.emit('disconnected', undefined)
    expect(call.state).toBe('active')
    expect(state().error).toEqual(withCode('SOFTPHONE_CONNECTION_INTERRUPTED'))
    agent().accept()
    expect(state()).toMatchObject({ connection: 'connected', call: { state: 'active' }, error: undefined })
  })
})

describe('an incoming call', () => {
  beforeEach(signIn)

  it('rings until it is answered', async () => {
    const heard: string[] = []
    softphone.events.on('incoming', call => heard.push(call.view.remote.name))
    const session = agent().ring({ name: 'Anna' })
    expect(heard).toEqual(['Anna'])
    expect(state().call).toMatchObject({ state: 'incoming', direction: 'incoming', isAnswering: false })
    const answered = softphone.call!.answer()
    void softphone.call!.answer()
    expect(state().call).toMatchObject({ state: 'incoming', isAnswering: true })
    await answered
    session.confirm()
    expect(session.asked).toEqual(['answer', 'confirmed'])
    expect(state().call).toMatchObject({ state: 'active', isAnswering: false, answeredAt: clock.now() })
  })

  it('goes on ringing when there is no microphone, and can then be answered after all', async () => {
    const session = agent().ring()
    microphone.problem = new SoftphoneError('SOFTPHONE_NO_MICROPHONE')
    await softphone.call!.answer()
    expect(state().call).toMatchObject({ state: 'incoming', isAnswering: false })
    expect(state().call?.problem).toEqual(withCode('SOFTPHONE_NO_MICROPHONE'))
    microphone.problem = undefined
    await softphone.call!.answer()
    expect(session.asked).toEqual(['answer'])
  })

  it('is declined with 603', () => {
    const session = agent().ring()
    softphone.call!.decline()
    expect(session.asked).toEqual(['reject 603 Decline'])
    expect(state().call?.end).toEqual({ kind: 'declined' })
  })

  it('can be declined while the browser asks for the microphone', async () => {
    const session = agent().ring()
    microphone.isAsking = true
    const answered = softphone.call!.answer()
    softphone.call!.decline()
    microphone.decide()
    await answered
    expect(session.asked).toEqual(['reject 603 Decline'])
    expect(state().call?.end).toEqual({ kind: 'declined' })
  })

  it('says why when it was answered and could not be connected', async () => {
    const session = agent().ring()
    await softphone.call!.answer()
    session.events.emit('ended', { by: 'system', cause: 'WebRTC Error' })
    expect(state().call?.end).toEqual({ kind: 'failed', error: withCode('SOFTPHONE_INCOMPATIBLE') })
  })

  it.each([
    ['missed when the caller gives up', { by: 'remote', cause: 'Canceled' }, 'missed'],
    ['missed when it rings too long', { by: 'local', cause: 'No Answer' }, 'missed'],
    ['missed when the connection is lost', { by: 'local', cause: 'Connection Error' }, 'missed'],
    [
      'not missed when another phone took it (RFC 3326)',
      { by: 'remote', cause: 'Canceled', reasonCause: 200 },
      'answered-elsewhere',
    ],
  ] as const)('is %s', (_, end, kind) => {
    agent().ring().events.emit('ended', end)
    expect(state().call?.end).toEqual({ kind })
  })

  it('is refused with 486 while there is another one, which goes on', () => {
    const refused: string[] = []
    softphone.events.on('callrefused', ({ user }) => refused.push(user))
    agent().ring({ user: '1002' }).confirm()
    const second = agent().ring({ user: '1003' })
    expect(second.asked).toEqual(['reject 486 Busy Here'])
    expect(refused).toEqual(['1003'])
    expect(state().call).toMatchObject({ state: 'active', remote: { user: '1002' } })
  })

  it('takes the place of one that has ended but is still in view', () => {
    agent().ring({ user: '1002' }).events.emit('ended', { by: 'remote', cause: 'Canceled' })
    agent().ring({ user: '1003' })
    expect(state().call).toMatchObject({ state: 'incoming', remote: { user: '1003' } })
  })

  it('gives the microphone back when it ends while the browser is asking', async () => {
    const session = agent().ring()
    microphone.isAsking = true
    const answered = softphone.call!.answer()
    session.events.emit('ended', { by: 'remote', cause: 'Canceled' })
    microphone.decide()
    await answered
    expect(session.asked).toEqual([])
    expect(microphone.streams).toEqual([{ isClosed: true }])
    expect(state().call?.end).toEqual({ kind: 'missed' })
  })
})

describe('in a call', () => {
  beforeEach(() => {
    signIn()
    agent().ring().confirm()
  })
  const session = () => agent().sessions[0]!

  it('digits are sent, and heard by whoever listens for feedback', () => {
    const heard: string[] = []
    softphone.call!.events.on('digits', digits => heard.push(digits))
    softphone.call!.sendDigits('1')
    softphone.call!.sendDigits('#')
    softphone.call!.sendDigits('x')
    softphone.call!.sendDigits('')
    expect(session().asked).toEqual(['confirmed', 'digits 1', 'digits #'])
    expect(heard).toEqual(['1', '#'])
  })

  it('mute says what holds, and only tells the session of changes', () => {
    softphone.call!.setMuted(true)
    softphone.call!.setMuted(true)
    expect(state().call?.isMuted).toBe(true)
    softphone.call!.setMuted(false)
    expect(session().asked).toEqual(['confirmed', 'mute', 'unmute'])
  })

  it('the other side may hold and take back', () => {
    session().events.emit('hold', undefined)
    expect(state().call?.state).toBe('held')
    session().events.emit('unhold', undefined)
    expect(state().call?.state).toBe('active')
  })

  it('the length counts from the first answer, not from the end of a hold', () => {
    const { answeredAt } = state().call!
    clock.advance(10_000)
    session().events.emit('hold', undefined)
    session().events.emit('unhold', undefined)
    expect(state().call?.answeredAt).toBe(answeredAt)
  })

  it.each([
    ['a BYE from the other side', { by: 'remote', cause: 'Terminated' }, { kind: 'hung-up', by: 'remote' }],
    ['lost sound', { by: 'local', cause: 'RTP Timeout' }, { kind: 'failed', error: withCode('SOFTPHONE_SOUND_LOST') }],
    [
      'a transaction that met a lost connection',
      { by: 'local', cause: 'Connection Error' },
      { kind: 'failed', error: withCode('SOFTPHONE_CONNECTION_LOST') },
    ],
  ] as const)('%s ends it', (_, end, expected) => {
    session().events.emit('ended', end)
    expect(state().call?.end).toEqual(expected)
  })

  it('nothing that comes after the end changes it', () => {
    session().events.emit('ended', { by: 'remote', cause: 'Terminated' })
    const { call } = state()
    session().events.emit('hold', undefined)
    session().events.emit('ended', { by: 'local', cause: 'Connection Error' })
    softphone.signOut()
    expect(call?.end).toEqual({ kind: 'hung-up', by: 'remote' })
  })

  it('signing out hangs up', () => {
    softphone.signOut()
    expect(session().asked).toEqual(['confirmed', 'hang up'])
  })
})
