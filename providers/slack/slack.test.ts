import { describeProvider } from '../conformance'
import { MAX_FILE_BYTES } from './files'
import { slack } from '.'
import { createSandbox } from './sandbox'

/** Published with Slack's Python SDK: tests/signature/test_signature_verifier.py */
const PUBLISHED_SECRET = '8f742231b10e8888abcd99yyyzzz85a5'
const PUBLISHED_TIME = 1_531_420_618
const PUBLISHED = {
  method: 'POST',
  path: '/slack',
  query: '',
  headers: {
    'content-type': 'application/x-www-form-urlencoded',
    'x-slack-request-timestamp': String(PUBLISHED_TIME),
    'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  },
  body: 'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
}
const vector = (title: string, valid: boolean, at: number, headers: Record<string, string | undefined> = {}) => ({
  title,
  config: { signingSecret: PUBLISHED_SECRET },
  request: { ...PUBLISHED, headers: { ...PUBLISHED.headers, ...headers } },
  now: at * 1_000,
  valid,
})

describeProvider({
  provider: slack,
  createSandbox,
  vectors: [
    vector('published', true, PUBLISHED_TIME),
    vector('five minutes old', true, PUBLISHED_TIME + 300),
    vector('five minutes in the future', true, PUBLISHED_TIME - 300),
    vector('more than five minutes old', false, PUBLISHED_TIME + 301),
    vector('more than five minutes in the future', false, PUBLISHED_TIME - 301),
    vector('a timestamp that isn’t an integer', false, PUBLISHED_TIME, {
      'x-slack-request-timestamp': `${PUBLISHED_TIME}.0`,
    }),
    vector('a signature without a version', false, PUBLISHED_TIME, {
      'x-slack-signature': 'a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    }),
  ],
  unknownPayloads: [
    '{"type":"event_callback","event":{"type":"star_added","user":"U1"}}',
    '{"type":"event_callback","event":{"type":"message","channel":17}}',
    '{"type":"event_callback","event":{"type":"channel_archive","channel":"C1"}}',
    '{"type":"event_callback","event":{"type":"tokens_revoked","tokens":{"bot":["U1"]}}}',
    '{"type":"app_rate_limited","minute_rate_limited":1518467820}',
    '{"type":"url_verification"}',
    `payload=${encodeURIComponent('{"type":"view_submission","user":{"id":"U1"}}')}`,
    `payload=${encodeURIComponent('{"type":"block_actions","user":{"id":"U1"},"actions":[]}')}`,
  ],
  foreignRequest: () => ({
    method: 'POST',
    path: '/slack',
    query: '',
    headers: { 'x-hub-signature': 'sha1=6a0d1f7d0d4f3b5d9b5a0b8a2f3c4d5e6f7a8b9c', 'content-type': 'application/json' },
    body: '{"topic":"ping"}',
  }),
  capabilities: [
    'catchUp',
    'findOrigin',
    'readFile',
    'reportFate',
    'describeAgent',
    'agentsAvailable',
    'instructions',
    'reflect',
    'diagnose',
  ],
  attaches: { maxBytes: MAX_FILE_BYTES },
  fields: { 'Order number': '4711', Paid: 'true' },
  takesAnyField: true,
  reports: { edits: true, deletions: true },
})
