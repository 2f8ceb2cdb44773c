import type { Subscriber } from '../../server/accounts/subscriber.ts'
import type { Binding } from '../../server/registrar/binding.ts'

export const aliceBinding: Binding = {
  id: '0123456789abcdef0123',
  aor: 'sip:alice@example.com',
  key: '<urn:uuid:00000000-0000-1000-8000-000a95a0e128>#1',
  contact: 'sip:abc@df7jal23ls0d.invalid;transport=ws',
  instanceId: '<urn:uuid:00000000-0000-1000-8000-000a95a0e128>',
  regId: 1,
  q: 700,
  callId: 'call@192.0.2.1',
  cseq: 4_294_967_295,
  expiresAt: 1_700_000_060_000,
  userAgent: 'Fon\xc3\xbc 1.0',
  methods: 'INVITE, ACK',
  path: ['<sip:p1.example.com;lr>', '"a, b" <sip:p2.example.com;lr>'],
  flow: {
    id: 'flow-1',
    transport: 'wss',
    local: { host: '192.0.2.10', port: 8443 },
    remote: { host: '2001:db8::1', port: 40000 },
  },
  isWebSocket: true,
  registeredAt: 1_700_000_000_000,
}

export const aliceSubscriber: Subscriber = {
  username: 'alice',
  domain: 'example.com',
  ha1: { MD5: '1'.repeat(32), 'SHA-256': '2'.repeat(64) },
  ha1b: { MD5: '3'.repeat(32), 'SHA-256': '4'.repeat(64) },
  enabled: true,
  displayName: 'Alice Ä. 愛',
  email: 'alice@example.com',
  createdAt: 1_700_000_000_000,
}
