import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { EdgeLab, settle } from '../support/edge-lab.ts'
import { parseMessage } from '../../server/sip/message/parse.ts'

/**
 * What a stranger's message gets from the whole edge, home of example.com: the first answer on the way through the policy. Well-formed
 * ones are refused for what they want (401 407 403 404), the broken ones for how they are written. 0: silence.
 */
const answers: Readonly<Record<string, { status: number; why?: string }>> = {
  'wsinv.dat': { status: 404, why: 'has a To tag and a Route that is not ours: Not here' },
  'intmeth.dat': { status: 407 },
  'esc01.dat': { status: 403, why: 'to another domain' },
  'escnull.dat': { status: 401 },
  'esc02.dat': { status: 407, why: 'RE%47IST%45R is not REGISTER' },
  'lwsdisp.dat': { status: 407 },
  'longreq.dat': { status: 404 },
  'dblreq.dat': { status: 401, why: 'the REGISTER; what follows it in the datagram is ignored' },
  'semiuri.dat': { status: 404 },
  'transports.dat': { status: 407 },
  'mpart01.dat': { status: 403, why: 'a preloaded Route' },
  'unreason.dat': { status: 0 },
  'noreason.dat': { status: 0 },
  'badinv01.dat': { status: 400 },
  'clerr.dat': { status: 400 },
  'ncl.dat': { status: 400 },
  'scalar02.dat': { status: 400 },
  'scalarlg.dat': { status: 0 },
  'quotbal.dat': { status: 400 },
  'ltgtruri.dat': { status: 400 },
  'lwsruri.dat': { status: 400 },
  'lwsstart.dat': { status: 400 },
  'trws.dat': { status: 400 },
  'escruri.dat': { status: 400 },
  'baddate.dat': { status: 404, why: 'the date is nobody’s business here' },
  'regbadct.dat': { status: 400 },
  'badaspec.dat': { status: 400 },
  'baddn.dat': { status: 400 },
  'baddn.with-blank-line.dat': { status: 400 },
  'badvers.dat': { status: 505 },
  'mismatch01.dat': { status: 400 },
  'mismatch02.dat': { status: 400 },
  'badbranch.dat': { status: 404 },
  'insuf.dat': { status: 400 },
  'unkscm.dat': { status: 416 },
  'novelsc.dat': { status: 416 },
  'unksm2.dat': { status: 404, why: 'its To is no SIP URI and so of no domain of ours' },
  'bext01.dat': { status: 420 },
  'invut.dat': { status: 404 },
  'regaut01.dat': { status: 401, why: 'a scheme nobody knows is no credentials' },
  'multi01.dat': { status: 400 },
  'mcl01.dat': { status: 400 },
  'bcast.dat': { status: 0, why: 'never sent on to a broadcast address' },
  'zeromf.dat': { status: 483 },
  'cparam01.dat': { status: 401 },
  'cparam02.dat': { status: 401 },
  'regescrt.dat': { status: 401 },
  'sdp01.dat': { status: 404 },
  'inv2543.dat': { status: 404 },
}

describe('RFC 4475 at the edge', () => {
  it.each(Object.entries(answers))('%s', async (file, { status }) => {
    const lab = await EdgeLab.create()
    const stranger = lab.peer('udp', '198.51.100.1')
    const message = parseMessage(readFileSync(join(import.meta.dirname, 'rfc4475', file), 'latin1'))!
    message.source = stranger.remote
    lab.edge.receive(message, stranger)
    await settle()
    expect(stranger.statuses).toEqual(status ? [status] : [])
    expect(lab.drain().transactions).toBe(0)
  })
})
