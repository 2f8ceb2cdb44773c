import dgram from 'node:dgram'
import { afterEach, expect, it } from 'vitest'
import { dnsResolver } from '../../../server/sip/transport/dns-resolver.ts'
import { resolveNextHop } from '../../../server/sip/transport/next-hop.ts'
import { parseUri } from '../../../server/sip/message/uri.ts'
import { closeAll, closing } from './support.ts'

afterEach(closeAll)

const types = { A: 1, AAAA: 28, SRV: 33, NAPTR: 35 }
const words = (...values: number[]): Buffer => Buffer.from(values.flatMap(value => [value >> 8, value & 255]))
const text = (value: string): Buffer => Buffer.from([value.length, ...Buffer.from(value)])
const domain = (name: string): Buffer => Buffer.concat([...name.split('.').map(text), Buffer.from([0])])

const records: Record<string, [type: number, data: Buffer]> = {
  'example.com/35': [
    types.NAPTR,
    Buffer.concat([words(10, 20), text('s'), text('SIP+D2T'), text(''), domain('_sip._tcp.example.com')]),
  ],
  '_sip._tcp.example.com/33': [types.SRV, Buffer.concat([words(1, 2, 5070), domain('a.example.com')])],
  'a.example.com/1': [types.A, Buffer.from([192, 0, 2, 1])],
  'a.example.com/28': [types.AAAA, words(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)],
}

/** Answers from `records`, everything else with NXDOMAIN. */
async function dnsServer(): Promise<string> {
  const socket = closing(dgram.createSocket('udp4'))
  socket.on('message', (query, { port, address }) => {
    const end = query.indexOf(0, 12) + 5
    const question = query.subarray(12, end)
    const record = records[questionKey(question)]
    const header = Buffer.concat([query.subarray(0, 2), words(record ? 0x8180 : 0x8183, 1, record ? 1 : 0, 0, 0)])
    const answer = record ? [words(0xc00c, record[0], 1, 0, 60, record[1].length), record[1]] : []
    socket.send(Buffer.concat([header, question, ...answer]), port, address)
  })
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve))
  return `127.0.0.1:${socket.address().port}`
}

function questionKey(question: Buffer): string {
  const labels: string[] = []
  let at = 0
  for (; question[at]; at += question[at]! + 1) labels.push(question.toString('latin1', at + 1, at + 1 + question[at]!))
  return `${labels.join('.').toLowerCase()}/${question.readUInt16BE(at + 1)}`
}

it('asks the servers it was given for NAPTR, SRV, A and AAAA (RFC 3263 §4)', async () => {
  const resolver = dnsResolver([await dnsServer()])
  expect(await resolveNextHop(parseUri('sip:example.com'), resolver)).toEqual([
    { transport: 'tcp', host: '192.0.2.1', port: 5070 },
    { transport: 'tcp', host: '2001:db8::1', port: 5070 },
  ])
})

it('knows nothing of names that the servers do not have', async () => {
  const resolver = dnsResolver([await dnsServer()])
  expect(await resolver.addresses('nobody.example.com')).toEqual([])
  await expect(resolver.srv('nobody.example.com')).rejects.toThrow('ENOTFOUND')
  expect(await resolveNextHop(parseUri('sip:nobody.example.com'), resolver)).toEqual([])
})
