import { describe, expect, it } from 'vitest'
import { renderWelcome, type Welcome } from '../server/welcome.ts'

const every = (port: number) => ({ host: '0.0.0.0', port })
const welcome: Welcome = {
  version: '1.2.3',
  domain: 'offhook.internal',
  machine: { names: ['localhost'], loopback: ['127.0.0.1', '::1'], addresses: ['192.0.2.7', '2001:db8::7'] },
  listeners: {
    udp: [every(5060)],
    tcp: [every(5060)],
    tls: [every(5061)],
    http: { host: '127.0.0.1', port: 8080 },
    https: every(8443),
  },
  engine: 'the embedded relay',
  echo: '*43',
  authorityFile: '/srv/offhook/certs/authority.pem',
}
const firstAccounts = {
  users: [
    { name: '1001', password: 'k4mp-x7cn-2vqe-h9ra' },
    { name: '1002', password: 'aaaa-bbbb-cccc-dddd' },
  ],
  administrator: { name: 'admin', password: 'eeee-ffff-gggg-hhhh' },
}

describe('renderWelcome', () => {
  it('shows a first start everything for a first call, passwords too', () => {
    expect(renderWelcome({ ...welcome, firstAccounts })).toBe(`
Offhook 1.2.3 is running

Open in a browser
  on this machine   http://127.0.0.1:8080
  in the network    https://192.0.2.7:8443
  first call        sign in as 1001, dial *43 and hear yourself

Accounts (shown only now: write the passwords down)
  1001              k4mp-x7cn-2vqe-h9ra
  1002              aaaa-bbbb-cccc-dddd
  admin             eeee-ffff-gggg-hhhh   administrator

Desk phone or SIP app
  server            192.0.2.7
  transport, port   UDP 5060, TCP 5060, TLS 5061
  user name         1002
  password          as above
  domain            the server, or offhook.internal

Server
  media             the embedded relay
  certificate       self-made: browsers warn until they trust
                    /srv/offhook/certs/authority.pem
                    see docs/certificates.md

`)
  })

  it('shows later starts the addresses and what to do about accounts', () => {
    expect(renderWelcome({ ...welcome, authorityFile: undefined })).toBe(`
Offhook 1.2.3 is running

Open in a browser
  on this machine   http://127.0.0.1:8080
  in the network    https://192.0.2.7:8443

Server
  domain            offhook.internal
  media             the embedded relay

Accounts
  add a user        npx offhook user add NAME
  new password      npx offhook user passwd NAME
  something wrong?  npx offhook doctor

`)
  })

  it('has no line of more than 80 columns', () => {
    const lines = renderWelcome({ ...welcome, firstAccounts }).split('\n')
    expect(lines.filter(line => line.length > 80)).toEqual([])
  })

  it('gives loopback addresses where there is no network, and IPv6 in brackets', () => {
    const machine = { ...welcome.machine, addresses: [] }
    expect(renderWelcome({ ...welcome, machine })).toContain('encrypted         https://127.0.0.1:8443')
    const listeners = { ...welcome.listeners, http: { host: '::1', port: 80 }, https: { host: '::', port: 443 } }
    const text = renderWelcome({ ...welcome, listeners })
    expect(text).toContain('http://[::1]:80')
    expect(text).toContain('https://[2001:db8::7]:443')
  })

  it('says so when nothing serves pages', () => {
    const listeners = { ...welcome.listeners, http: undefined, https: undefined }
    expect(renderWelcome({ ...welcome, listeners })).toContain('listen.http and listen.https are off')
  })

  it('dresses headings only', () => {
    const text = renderWelcome({ ...welcome, firstAccounts }, heading => `<${heading}>`)
    expect(text.match(/<.*>/g)).toHaveLength(5)
  })
})
