import { sign } from '../kit/signature'
import { describeProvider } from '../conformance'
import type { WebhookRequest } from '../provider'
import { zendesk } from '.'
import { createSandbox } from './sandbox'
import { MAX_FILE_BYTES } from './uploads'

const SECRET = 'HRkRd4BeOAoUkfZr-mhauJT64rvBASlJRoIyPsd3zeA='
const BODY = '{"say": "hello"}'
const signed = (signature: string, timestamp = '2021-07-25T10:00:00Z', body = BODY): WebhookRequest => ({
  method: 'POST',
  path: '/zendesk',
  query: '',
  headers: {
    'content-type': 'application/json',
    'x-zendesk-webhook-signature': signature,
    'x-zendesk-webhook-signature-timestamp': timestamp,
  },
  body,
})
const subscription = { webhookId: '01F1KRFQ6BG29CNWFR60NK5FNY', secret: SECRET }
const VALID_SIGNATURE = 'Rry/4TtIdFyawtXXp8QdI6tlAUUQ/5kL1OTp5qo/ZIk='
const now = Date.UTC(2021, 6, 25, 10, 0, 5)
const TEST_SECRET = 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=='
const signedWithTestSecret = signed(
  sign({ algorithm: 'sha256', encoding: 'base64', secret: TEST_SECRET, message: `2021-07-25T10:00:00Z${BODY}` })
)

describeProvider({
  provider: zendesk,
  createSandbox,
  vectors: [
    { title: 'timestamp and body', config: {}, subscription, request: signed(VALID_SIGNATURE), now, valid: true },
    {
      title: 'the obsolete order, body and timestamp',
      config: {},
      subscription,
      request: signed('tRDSF7URY8BLCDlaBcQ7FHu051Zk+aAB0NKMP53teMw='),
      now,
      valid: false,
    },
    {
      title: 'another body',
      config: {},
      subscription,
      request: signed(VALID_SIGNATURE, undefined, '{"say":"hello"}'),
      now,
      valid: false,
    },
    {
      title: 'another timestamp',
      config: {},
      subscription,
      request: signed(VALID_SIGNATURE, '2021-07-25T10:00:01Z'),
      now,
      valid: false,
    },
    {
      title: 'a retry after six minutes',
      config: {},
      subscription,
      request: signed(VALID_SIGNATURE),
      now: now + 360_000,
      valid: true,
    },
    {
      title: 'a stale timestamp',
      config: {},
      subscription,
      request: signed(VALID_SIGNATURE),
      now: now + 31 * 60_000,
      valid: false,
    },
    {
      title: 'a timestamp from the future',
      config: {},
      subscription,
      request: signed(VALID_SIGNATURE),
      now: now - 70_000,
      valid: false,
    },
    {
      title: 'a clock that is slightly behind',
      config: {},
      subscription,
      request: signed(VALID_SIGNATURE),
      now: now - 30_000,
      valid: true,
    },
    {
      title: 'the public test secret as our own',
      config: {},
      subscription: { ...subscription, secret: TEST_SECRET },
      request: signedWithTestSecret,
      now,
      valid: false,
    },
    {
      title: 'the public test secret instead of ours',
      config: {},
      subscription,
      request: signedWithTestSecret,
      now,
      valid: false,
    },
    { title: 'no subscription', config: {}, request: signed(VALID_SIGNATURE), now, valid: false },
    {
      title: 'an invalid timestamp',
      config: {},
      subscription,
      request: signed(VALID_SIGNATURE, 'yesterday'),
      now,
      valid: false,
    },
  ],
  unknownPayloads: [
    JSON.stringify({
      type: 'zen:event-type:ticket.comment_added',
      account_id: 22_129_848,
      id: 'd4f5c389-0000-4000-8000-000000000000',
      time: '2025-01-08T14:25:30.123456789Z',
      zendesk_event_version: '2022-11-06',
      subject: 'zen:ticket:5158',
      detail: { id: '5158', external_id: null, status: 'OPEN' },
      event: { comment: { id: '9876543210', body: 'Hello', is_public: true } },
    }),
    JSON.stringify({ type: 'newMessage', ticketId: '1001', comment: 'I am an agent' }),
    JSON.stringify({ hitl: 'solved', ticketId: '1001', externalId: 'botpress:bot-1:conv_01' }),
    JSON.stringify({ hitl: 'replied', ticketId: '1001' }),
    JSON.stringify({ hitl: 'replied', ticketId: 1001, externalId: 'order-77' }),
    JSON.stringify({ hitl: 'replied', ticketId: '', externalId: 'botpress:bot-1:conv_01' }),
  ],
  foreignRequest: () => ({
    method: 'POST',
    path: '/zendesk',
    query: '',
    headers: {
      'content-type': 'application/json',
      'x-hub-signature': `sha1=${sign({ algorithm: 'sha1', encoding: 'hex', secret: SECRET, message: BODY })}`,
    },
    body: BODY,
  }),
  capabilities: ['ensureContact', 'catchUp', 'readFile', 'describeAgent', 'subscribe', 'unsubscribe', 'diagnose'],
  attaches: { maxBytes: MAX_FILE_BYTES },
  fields: { 'Order number': '4711', Paid: 'true' },
})
