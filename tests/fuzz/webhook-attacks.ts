/** Webhooks that a desk never sent, or should not have. */
import fc from 'fast-check'
import type { WebhookRequest } from '../../providers/provider'
import type { InvokeReply } from '../../playground/botpress'
import { hostile, mutate, mutateText, mutations, type Mutation } from './hostile'
import { attack, bad, isClear, nth } from './shots'
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

/** Whatever arrives without a genuine signature. */
export const strangers = attack({
  name: 'webhooks of strangers',
  isHarmless: true,
  shot: fc.record({
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
  fire: async (target, shot) => {
    const reply = await _webhook(target, shot)
    const isHandshake = reply.status === 200 && shot.method.toUpperCase() === 'HEAD'
    return isHandshake ? undefined : bad(reply, (status) => [401, 404, 405, 413, 415].includes(status))
  },
})

interface Altered {
  which: number
  part: 'body' | 'signature' | 'timestamp'
  mutation: Mutation
}

const SIGNATURES = ['x-slack-signature', 'x-hub-signature', 'x-zendesk-webhook-signature']
const TIMESTAMPS = ['x-slack-request-timestamp', 'x-zendesk-webhook-signature-timestamp']

/** Genuine deliveries, changed on their way and not signed again. */
export const altered = attack({
  name: 'altered deliveries',
  isHarmless: true,
  shot: fc.record<Altered>({
    which: fc.nat(1_000),
    part: fc.constantFrom('body', 'body', 'signature', 'timestamp'),
    mutation: mutations.map(([first]) => first ?? { place: 0, how: 'remove', value: '' }),
  }),
  fire: async (target, { which, part, mutation }) => {
    const { request } = nth(target.genuine, which)
    const names = part === 'signature' ? SIGNATURES : TIMESTAMPS
    const name = part === 'body' ? undefined : names.find((candidate) => request.headers[candidate] !== undefined)
    const before = name === undefined ? request.body : (request.headers[name] ?? '')
    const after = mutateText(before, mutation)
    // Intercom signs no time; and what has not changed is still genuine.
    if (after === before || (part !== 'body' && name === undefined)) return undefined
    const headers = name === undefined ? request.headers : { ...request.headers, [name]: after }
    const reply = await _webhook(target, { ...request, headers, body: name === undefined ? after : request.body })
    return bad(reply, (status) => status === 401 || status === 413)
  },
})

/** The desk itself sends nonsense: changed bodies with a right signature. */
export const signed = attack({
  name: 'signed nonsense',
  shot: fc.record({ which: fc.nat(1_000), changes: mutations }),
  fire: async (target, { which, changes }) => {
    const { desk, request } = nth(target.genuine, which)
    const sandbox = target.stage.world.sandbox(desk)
    const isForm = request.body.startsWith('payload=')
    const original: unknown = JSON.parse(
      (isForm ? new URLSearchParams(request.body).get('payload') : request.body) ?? ''
    )
    const json = JSON.stringify(mutate(original, changes)) ?? ''
    const body = isForm ? new URLSearchParams({ payload: json }).toString() : json
    const again = sandbox.signed(body)
    const before = target.stage.world.botpress.runtime.store.conversations.size
    const reply = await _webhook(target, {
      ...again,
      headers: { ...again.headers, 'content-type': request.headers['content-type'] },
    })
    const created = target.stage.world.botpress.runtime.store.conversations.withTags({}).length - before
    const helpers = target.stage.world.botpress.runtime.store.conversations
      .withTags({})
      .slice(-created || Number.MAX_SAFE_INTEGER)
    if (created > 0 && helpers.some(({ tags }) => tags['desk:claim'] === undefined)) return 'a conversation was created'
    return bad(reply, (status) => isClear(status) || status === 503)
  },
})
