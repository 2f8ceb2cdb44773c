import { describe, expect, it } from 'vitest'
import type { Engines } from '../../server/media/engines.ts'
import type { MediaSession } from '../../server/media/media-session.ts'
import { NgError } from '../../server/media/ng/ng-error.ts'
import { NoEngineError } from '../../server/media/engines.ts'
import { EdgeLab, settle } from '../support/edge-lab.ts'

/** Stands for the engines: writes down what is asked, and marks every SDP that it lets pass. The real ones are in test/media and test/calls. */
class Notebook {
  readonly said: string[] = []
  failure: Error | undefined

  readonly #session: MediaSession = {
    id: 'm1',
    engineId: 'e1',
    offer: ({ sdp, from, to, branch, established }) =>
      this.#note(
        `offer ${from.id}/${from.profile} → ${to.id}/${to.profile}`,
        sdp,
        established ? 'again' : branch && 'branch',
      ),
    answer: ({ sdp, from, to, branch }) => this.#note(`answer ${to.id} → ${from.id}`, sdp, branch && 'branch'),
    deleteBranch: () => {
      this.said.push('delete branch')
      return Promise.resolve()
    },
    delete: () => {
      this.said.push('delete')
      return Promise.resolve()
    },
    query: () => Promise.reject(new Error('not asked here')),
  }

  #note(what: string, sdp: string, how = ''): Promise<string> {
    this.said.push(`${what} ${sdp} ${how}`.trim())
    return this.failure ? Promise.reject(this.failure) : Promise.resolve(`${sdp}*`)
  }

  get engines(): Engines {
    return { open: () => this.#session, attach: () => this.#session } as unknown as Engines
  }
}

async function stage() {
  const notebook = new Notebook()
  const lab = await EdgeLab.create({ engines: notebook.engines })
  const browser = await lab.phone('1001', 'ws', '192.0.2.7')
  const phone = await lab.phone('1002', 'udp', '192.0.2.9')
  return { notebook, lab, browser, phone }
}

describe('the media of a call', () => {
  it('is offered to each target for what it speaks, and answered under the same branch', async () => {
    const { notebook, lab, browser, phone } = await stage()
    const tab = await lab.phone('1002', 'ws', '192.0.2.10')
    await lab.send(browser, 'INVITE', { from: '1001', to: '1002', body: 'v=1' })
    expect(notebook.said).toEqual(['offer a/webrtc → b0/webrtc v=1 branch', 'offer a/webrtc → b1/rtp v=1 branch'])
    expect([tab.request.body, phone.request.body]).toEqual(['v=1*', 'v=1*'])
    notebook.said.length = 0
    await phone.answers(183, { body: 'v=2' })
    await phone.answers(200, { body: 'v=3' })
    expect(browser.response.body).toBe('v=3*')
    await tab.answers(487, { method: 'INVITE' })
    expect(notebook.said).toEqual(['answer b1 → a v=2 branch', 'answer b1 → a v=3 branch', 'delete branch'])
  })

  it('is deleted when nobody answers, and when the caller is refused', async () => {
    const { notebook, lab, browser, phone } = await stage()
    await lab.send(browser, 'INVITE', { from: '1001', to: '1002', body: 'v=1' })
    await phone.answers(486)
    expect(notebook.said.at(-1)).toBe('delete')
  })

  it('that nobody can make fit for the caller ends the call, even when the callee’s Contact cannot be read', async () => {
    const { notebook, lab, browser, phone } = await stage()
    await lab.send(browser, 'INVITE', { from: '1001', to: '1002', body: 'v=1' })
    notebook.failure = new NgError('NG_REFUSED', 'answer')
    const { request } = phone
    const fields = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].map(
      name => `${name}: ${request.list(name.toLowerCase()).join(', ')}${name === 'To' ? ';tag=b' : ''}`,
    )
    await phone.says(
      ['SIP/2.0 200 OK', ...fields, 'Contact: <', 'Content-Type: application/sdp', '', 'v=2'].join('\r\n'),
    )
    await settle()
    expect(browser.response.status).toBe(500)
    expect(phone.methods).toEqual(['ACK', 'BYE'])
    expect(phone.request.uriText).toBe('sip:1002@192.0.2.9')
    expect(notebook.said.at(-1)).toBe('delete')
  })

  it('of the next target is offered before that of the last one is deleted', async () => {
    const { notebook, lab, browser, phone } = await stage()
    const second = await lab.phone('1002', 'udp', '192.0.2.11', '0.1')
    await lab.send(browser, 'INVITE', { from: '1001', to: '1002', body: 'v=1' })
    await phone.answers(486)
    expect(second.methods).toEqual(['INVITE'])
    expect(notebook.said).toEqual([
      'offer a/webrtc → b0/rtp v=1 branch',
      'offer a/webrtc → b1/rtp v=1 branch',
      'delete branch',
    ])
  })

  it('with a late offer is offered by the 200 and answered by the ACK', async () => {
    const { notebook, lab, browser, phone } = await stage()
    await lab.send(browser, 'INVITE', { from: '1001', to: '1002' })
    await phone.answers(200, { body: 'v=2' })
    expect(notebook.said).toEqual(['offer b0/rtp → a/webrtc v=2 branch'])
    const { response } = browser
    const routes = response.list('record-route').reverse().join(', ')
    await browser.says(
      [
        'ACK sip:1002@192.0.2.9 SIP/2.0',
        'Via: SIP/2.0/WS x.invalid;branch=z9hG4bKack',
        'Max-Forwards: 70',
        `Route: ${routes}`,
        `From: ${response.header('from')!}`,
        `To: ${response.header('to')!}`,
        `Call-ID: ${response.callId}`,
        `CSeq: ${response.cseq.number} ACK`,
        'Content-Type: application/sdp',
        'Content-Length: 3',
        '',
        'v=4',
      ].join('\r\n'),
    )
    expect(notebook.said.at(-1)).toBe('answer a → b0 v=4')
    expect(phone.request.body).toBe('v=4*')
  })

  it('is offered again in a re-INVITE from either side, and deleted by a BYE, and again when an offer comes too late', async () => {
    const { notebook, lab, browser, phone } = await stage()
    await lab.send(browser, 'INVITE', { from: '1001', to: '1002', body: 'v=1' })
    const invite = phone.request
    await phone.answers(200, { body: 'v=2', tag: 'callee' })
    notebook.said.length = 0
    const fromPhone = (method: string, cseq: number, body: string) =>
      [
        `${method} sip:1001@x.invalid SIP/2.0`,
        `Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKphone${cseq}`,
        'Max-Forwards: 70',
        `Route: ${invite.list('record-route').join(', ')}`,
        `From: ${invite.header('to')!};tag=callee`,
        `To: ${invite.header('from')!}`,
        `Call-ID: ${invite.callId}`,
        `CSeq: ${cseq} ${method}`,
        ...(body ? ['Content-Type: application/sdp'] : []),
        `Content-Length: ${body.length}`,
        '',
        body,
      ].join('\r\n')
    await phone.says(fromPhone('INVITE', 1, 'v=7'))
    await browser.answers(200, { body: 'v=8' })
    expect(phone.response.body).toBe('v=8*')
    await phone.says(fromPhone('BYE', 2, ''))
    await browser.answers(200)
    expect(notebook.said).toEqual(['offer b0/rtp → a/webrtc v=7 again', 'answer a → b0 v=8', 'delete'])
    notebook.said.length = 0
    await phone.says(fromPhone('UPDATE', 3, 'v=9'))
    await browser.answers(481)
    expect(notebook.said).toEqual(['offer b0/rtp → a/webrtc v=9 again', 'delete'])
  })
})

describe('when the browser of one side is gone', () => {
  it('before anybody has answered: the phone stops ringing, and the media is deleted', async () => {
    const { notebook, lab, browser, phone } = await stage()
    await lab.send(browser, 'INVITE', { from: '1001', to: '1002', body: 'v=1' })
    await phone.answers(180)
    browser.close()
    expect(phone.methods).toEqual(['INVITE', 'CANCEL'])
    await phone.answers(200, { method: 'CANCEL' })
    await phone.answers(487, { method: 'INVITE' })
    expect(notebook.said.at(-1)).toBe('delete')
    expect(lab.drain().transactions).toBe(0)
  })

  it('and the phone answers at that moment: it gets ACK and BYE', async () => {
    const { notebook, lab, browser, phone } = await stage()
    await lab.send(browser, 'INVITE', { from: '1001', to: '1002', body: 'v=1' })
    await phone.answers(180)
    browser.close()
    await phone.answers(200, { method: 'INVITE', body: 'v=2' })
    expect(phone.methods).toEqual(['INVITE', 'CANCEL', 'ACK', 'BYE'])
    expect(notebook.said.at(-1)).toBe('delete')
    await phone.answers(200, { method: 'BYE' })
    expect(lab.drain().transactions).toBe(0)
  })

  it('while the engine works on the answer: likewise', async () => {
    const { notebook, lab, browser, phone } = await stage()
    await lab.send(browser, 'INVITE', { from: '1001', to: '1002', body: 'v=1' })
    const answered = phone.answers(200, { body: 'v=2' })
    browser.close()
    await answered
    expect(phone.methods).toEqual(['INVITE', 'ACK', 'BYE'])
    expect(notebook.said.at(-1)).toBe('delete')
  })

  it('while it is rung: the caller is told at once, or goes on ringing the others', async () => {
    const { lab, browser, phone } = await stage()
    await lab.send(phone, 'INVITE', { from: '1002', to: '1001', body: 'v=1' })
    await browser.answers(180)
    browser.close()
    await settle()
    expect(phone.response.status).toBe(480)

    const tab = await lab.phone('1003', 'ws', '192.0.2.30')
    const desk = await lab.phone('1003', 'udp', '192.0.2.31')
    await lab.send(phone, 'INVITE', { from: '1002', to: '1003', body: 'v=1' })
    await tab.answers(180)
    await desk.answers(180)
    tab.close()
    await desk.answers(200, { body: 'v=2' })
    expect(phone.response.status).toBe(200)
    expect(lab.drain().transactions).toBe(0)
  })

  it('during the call: the BYE of the other is 480, and the media is deleted all the same', async () => {
    const { notebook, lab, browser, phone } = await stage()
    await lab.send(browser, 'INVITE', { from: '1001', to: '1002', body: 'v=1' })
    const invite = phone.request
    await phone.answers(200, { body: 'v=2', tag: 'callee' })
    browser.close()
    const say = (method: string, cseq: number) =>
      phone.says(
        [
          `${method} sip:1001@x.invalid SIP/2.0`,
          `Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKgone${cseq}`,
          'Max-Forwards: 70',
          `Route: ${invite.list('record-route').join(', ')}`,
          `From: ${invite.header('to')!};tag=callee`,
          `To: ${invite.header('from')!}`,
          `Call-ID: ${invite.callId}`,
          `CSeq: ${cseq} ${method}`,
          'Content-Length: 0',
          '',
          '',
        ].join('\r\n'),
      )
    await say('INFO', 1)
    expect(phone.response.status).toBe(480)
    expect(notebook.said).not.toContain('delete')
    await say('BYE', 2)
    expect(phone.response.status).toBe(480)
    expect(notebook.said.at(-1)).toBe('delete')
    expect(lab.drain().transactions).toBe(0)
  })
})

describe('without an engine', () => {
  it('the caller is told 503 and why, and nobody rings', async () => {
    const open = () => {
      throw new NoEngineError('No Media Engine')
    }
    const lab = await EdgeLab.create({ engines: { open } as unknown as Engines })
    const caller = await lab.phone('1001', 'udp', '192.0.2.7')
    const callee = await lab.phone('1002', 'udp', '192.0.2.9')
    await lab.send(caller, 'INVITE', { from: '1001', to: '1002', body: 'v=1' })
    expect(caller.response.status).toBe(503)
    expect(caller.response.reason).toBe('No Media Engine')
    expect(callee.received).toEqual([])
  })

  it.each([
    ['that does not answer it is 503', new NgError('NG_TIMEOUT', 'offer'), 503, 'Media Engine Not Answering'],
    ['that refuses the SDP it is 488', new NgError('NG_REFUSED', 'offer', 'no m='), 488, 'Not Acceptable Here'],
  ])('%s', async (_, failure, status, reason) => {
    const { notebook, lab, browser } = await stage()
    notebook.failure = failure
    await lab.send(browser, 'INVITE', { from: '1001', to: '1002', body: 'v=1' })
    await settle()
    expect(browser.response.status).toBe(status)
    expect(browser.response.reason).toBe(reason)
    expect(notebook.said.at(-1)).toBe('delete')
  })

  it('for the answer the caller gets 500 and the callee, who thinks he is in a call, ACK and BYE', async () => {
    const { notebook, lab, browser, phone } = await stage()
    await lab.send(browser, 'INVITE', { from: '1001', to: '1002', body: 'v=1' })
    notebook.failure = new NgError('NG_TIMEOUT', 'answer')
    await phone.answers(200, { body: 'v=2' })
    expect(browser.response.status).toBe(500)
    expect(phone.methods).toEqual(['INVITE', 'ACK', 'BYE'])
    expect(notebook.said.at(-1)).toBe('delete')
  })
})
