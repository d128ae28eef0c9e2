/** Attacks through webhooks: unsigned, tampered or nonsensical. */
import fc from 'fast-check'
import type { WebhookRequest } from '../../providers/provider'
import type { InvokeReply } from '../../playground/botpress'
import { hostile, mutate, mutateText, mutations, type Mutation } from './hostile'
import { defineAttack, unexpected, isClear, nth } from './requests'
import type { Target } from './target'

const _webhook = (target: Target, request: Partial<WebhookRequest> & { path: string }): Promise<InvokeReply> =>
  target.send(() =>
    target.stage.world.botpress.runtime.gateway.webhook({
      method: 'POST',
      query: '',
      headers: {},
      body: '',
      ...request,
    })
  )

/** Requests without a valid signature. */
export const unsigned = defineAttack({
  name: 'unsigned webhooks',
  isHarmless: true,
  request: fc.record({
    method: fc.constantFrom('POST', 'POST', 'POST', 'GET', 'HEAD', 'PUT', 'DELETE', 'post', 'OPTIONS', 'X'),
    path: fc.oneof(
      fc.constantFrom(
        '/zendesk',
        '/intercom',
        '/slack',
        '/slack/',
        '//zendesk',
        '/',
        '',
        '/zendesk/x/../slack',
        '/__proto__',
        '/constructor',
        '/toString'
      ),
      fc.webPath()
    ),
    query: fc.webQueryParameters(),
    headers: fc.dictionary(
      fc.constantFrom(
        'content-type',
        'Content-Type',
        'x-slack-signature',
        'x-slack-request-timestamp',
        'x-hub-signature',
        'x-zendesk-webhook-signature',
        'x-zendesk-webhook-signature-timestamp',
        '__proto__'
      ),
      fc.oneof(
        fc.constantFrom(
          'application/json',
          'text/plain',
          'application/x-www-form-urlencoded',
          'v0=',
          'sha1=',
          'v0=00',
          '0'
        ),
        fc.string({ maxLength: 80 })
      )
    ),
    body: fc.oneof(
      hostile.map((value) => JSON.stringify(value)),
      fc.string({ unit: 'binary', maxLength: 200 })
    ),
  }),
  run: async (target, request) => {
    const reply = await _webhook(target, request)
    const isHandshake = reply.status === 200 && request.method.toUpperCase() === 'HEAD'
    return isHandshake ? undefined : unexpected(reply, (status) => [401, 404, 405, 413, 415].includes(status))
  },
})

interface Tampered {
  which: number
  part: 'body' | 'signature' | 'timestamp'
  mutation: Mutation
}

const SIGNATURES = ['x-slack-signature', 'x-hub-signature', 'x-zendesk-webhook-signature']
const TIMESTAMPS = ['x-slack-request-timestamp', 'x-zendesk-webhook-signature-timestamp']

/** Genuine deliveries, changed in transit. Their signatures no longer match. */
export const tampered = defineAttack({
  name: 'tampered deliveries',
  isHarmless: true,
  request: fc.record<Tampered>({
    which: fc.nat(1_000),
    part: fc.constantFrom('body', 'body', 'signature', 'timestamp'),
    mutation: mutations.map(([first]) => first ?? { place: 0, how: 'remove', value: '' }),
  }),
  run: async (target, { which, part, mutation }) => {
    const { request } = nth(target.genuine, which)
    const names = part === 'signature' ? SIGNATURES : TIMESTAMPS
    const name = part === 'body' ? undefined : names.find((candidate) => request.headers[candidate] !== undefined)
    const before = name === undefined ? request.body : (request.headers[name] ?? '')
    const after = mutateText(before, mutation)
    // An unchanged delivery is still genuine. Intercom has no timestamp to change.
    if (after === before || (part !== 'body' && name === undefined)) return undefined
    const headers = name === undefined ? request.headers : { ...request.headers, [name]: after }
    const reply = await _webhook(target, { ...request, headers, body: name === undefined ? after : request.body })
    return unexpected(reply, (status) => status === 401 || status === 413)
  },
})

/** Mutated bodies with a valid signature: the desk itself sends nonsense. */
export const signedNonsense = defineAttack({
  name: 'signed nonsense',
  request: fc.record({ which: fc.nat(1_000), changes: mutations }),
  run: async (target, { which, changes }) => {
    const { desk, request } = nth(target.genuine, which)
    const sandbox = target.stage.world.sandbox(desk)
    const isForm = request.body.startsWith('payload=')
    const original: unknown = JSON.parse(
      (isForm ? new URLSearchParams(request.body).get('payload') : request.body) ?? ''
    )
    const json = JSON.stringify(mutate(original, changes)) ?? ''
    const body = isForm ? new URLSearchParams({ payload: json }).toString() : json
    const signed = sandbox.signed(body)
    const before = target.stage.world.botpress.runtime.store.conversations.size
    const reply = await _webhook(target, {
      ...signed,
      headers: { ...signed.headers, 'content-type': request.headers['content-type'] },
    })
    const created = target.stage.world.botpress.runtime.store.conversations.withTags({}).length - before
    const newest = target.stage.world.botpress.runtime.store.conversations
      .withTags({})
      .slice(-created || Number.MAX_SAFE_INTEGER)
    if (created > 0 && newest.some(({ tags }) => tags['desk:claim'] === undefined)) return 'a conversation was created'
    return unexpected(reply, (status) => isClear(status) || status === 503)
  },
})
