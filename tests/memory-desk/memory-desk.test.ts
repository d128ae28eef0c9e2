import { describeProvider } from '../../providers/conformance'
import type { ConfigSchema, Provider } from '../../providers/provider'
import { MAX_FILE_BYTES, memoryDesk } from '.'
import { createSandbox } from './sandbox'

const signed = (at: number) => createSandbox({ now: () => at }).signed('{"kind":"closed","ticket":"ticket-1"}')
const subscription = { key: 'channel-1', url: 'https://webhook.example.test/abc/desk' }
const NOW = Date.UTC(2026, 5, 1)

describeProvider({
  provider: memoryDesk as unknown as Provider<ConfigSchema>,
  createSandbox,
  vectors: [
    { title: 'signed now', config: {}, subscription, request: signed(NOW), now: NOW, valid: true },
    { title: 'signed an hour ago', config: {}, subscription, request: signed(NOW - 3_600_000), now: NOW, valid: false },
    { title: 'signed in an hour', config: {}, subscription, request: signed(NOW + 3_600_000), now: NOW, valid: false },
  ],
  unknownPayloads: ['{"kind":"typing","ticket":"ticket-1"}', '{"kind":"message"}'],
  foreignRequest: () => ({
    method: 'POST',
    path: '/memory-desk',
    query: '',
    headers: { 'content-type': 'application/json', 'x-hub-signature': 'sha1=59dc376710f2bb3f57a9fdb4921361641556cfb1' },
    body: '{}',
  }),
  capabilities: ['catchUp', 'readFile', 'reportFate', 'subscribe', 'unsubscribe'],
  attaches: { maxBytes: MAX_FILE_BYTES },
  fields: { topic: 'Printers', 'order number': '4711' },
  reports: { edits: true, deletions: true },
})
