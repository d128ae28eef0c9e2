/** Requests of every kind to every endpoint, and what has to be true of the answers. */
import fc from 'fast-check'
import type { WebhookRequest } from '../../providers/provider'
import type { InvokeReply } from '../runtime'
import { hostile, mutate, mutateText, mutations, type Mutation } from './hostile'
import type { Target } from './target'

export interface Attack {
  name: string
  /** One request, described so that it can be made again. */
  shot: fc.Arbitrary<unknown>
  /** Sends it. Returns what is wrong with the outcome, or nothing. */
  fire(target: Target, shot: unknown): Promise<string | undefined>
  /** Whether nothing at all may have changed afterwards. */
  isHarmless: boolean
}

const _attack = <Shot>(attack: {
  name: string
  shot: fc.Arbitrary<Shot>
  fire(target: Target, shot: Shot): Promise<string | undefined>
  isHarmless?: boolean
}): Attack => ({ isHarmless: false, ...attack }) as Attack

const _bad = (reply: InvokeReply, allowed: (status: number) => boolean): string | undefined =>
  allowed(reply.status) ? undefined : `answered ${reply.status}: ${(reply.body ?? '').slice(0, 300)}`

/** What a handler may answer: it worked, or a mistake that the caller made and can read about. */
const _isClear = (status: number): boolean => status >= 200 && status < 500

const _nth = <T>(items: T[], number: number): T => {
  const item = items[number % items.length]
  if (item === undefined) throw new Error('There is nothing to choose from')
  return item
}

// -------------------------------------------------------------------------------------------------------------- webhooks

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
const strangers = _attack({
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
    return isHandshake ? undefined : _bad(reply, (status) => [401, 404, 405, 413, 415].includes(status))
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
const altered = _attack({
  name: 'altered deliveries',
  isHarmless: true,
  shot: fc.record<Altered>({
    which: fc.nat(1_000),
    part: fc.constantFrom('body', 'body', 'signature', 'timestamp'),
    mutation: mutations.map(([first]) => first ?? { place: 0, how: 'remove', value: '' }),
  }),
  fire: async (target, { which, part, mutation }) => {
    const { request } = _nth(target.genuine, which)
    const names = part === 'signature' ? SIGNATURES : TIMESTAMPS
    const name = part === 'body' ? undefined : names.find((candidate) => request.headers[candidate] !== undefined)
    const before = name === undefined ? request.body : (request.headers[name] ?? '')
    const after = mutateText(before, mutation)
    // Intercom signs no time; and what has not changed is still genuine.
    if (after === before || (part !== 'body' && name === undefined)) return undefined
    const headers = name === undefined ? request.headers : { ...request.headers, [name]: after }
    const reply = await _webhook(target, { ...request, headers, body: name === undefined ? after : request.body })
    return _bad(reply, (status) => status === 401 || status === 413)
  },
})

/** The desk itself sends nonsense: changed bodies with a right signature. */
const signed = _attack({
  name: 'signed nonsense',
  shot: fc.record({ which: fc.nat(1_000), changes: mutations }),
  fire: async (target, { which, changes }) => {
    const { desk, request } = _nth(target.genuine, which)
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
    return _bad(reply, (status) => _isClear(status) || status === 503)
  },
})

// --------------------------------------------------------------------------------------------------------------- actions

const _inputs = (target: Target): Record<string, unknown> => {
  const [first] = target.played
  const sessionId = target.stage.world.botpress.bot.downstreamOf(first?.conversationId ?? '')
  const customer = target.stage.world.botpress.runtime.store.users.withTags({}).find(({ tags }) => tags['desk:email'])
  return {
    createUser: { name: 'Eve', pictureUrl: 'https://pictures.example/eve.png', email: 'eve@customer.example' },
    startHitl: {
      title: 'Printer',
      description: 'It burns',
      userId: customer?.id,
      hitlSession: { provider: 'slack', strict: false, language: 'fr', priority: 'high', tags: ['vip'], queue: '1' },
      messageHistory: [
        { source: { type: 'user', userId: customer?.id }, type: 'text', payload: { text: 'hello' } },
        {
          source: { type: 'bot' },
          type: 'card',
          payload: { title: 'a', actions: [{ action: 'url', label: 'b', value: 'c' }] },
        },
      ],
    },
    stopHitl: { conversationId: sessionId },
    checkAvailability: {
      language: 'de',
      priority: 'low',
      tags: ['a'],
      provider: 'zendesk',
      strict: true,
      text: 'hallo',
    },
    explainRouting: { at: '2026-12-24T09:00:00+01:00', provider: 'zendesk' },
  }
}

const actions = _attack({
  name: 'actions',
  shot: fc.record({
    type: fc.constantFrom(
      'createUser',
      'startHitl',
      'stopHitl',
      'checkAvailability',
      'explainRouting',
      'nothing',
      '__proto__'
    ),
    changes: mutations,
    whole: fc.option(hostile, { freq: 6 }),
  }),
  fire: async (target, { type, changes, whole }) => {
    const inputs = _inputs(target)
    const input = whole ?? mutate(Object.hasOwn(inputs, type) ? inputs[type] : {}, changes)
    const { gateway } = target.stage.world.botpress.runtime
    return _bad(await target.send(() => gateway.action(type, input)), _isClear)
  },
})

// -------------------------------------------------------------------------------------------------------------- messages

const PAYLOADS: { type: string; payload: unknown }[] = [
  { type: 'text', payload: { type: 'text', text: 'hello', userId: 'user' } },
  { type: 'image', payload: { imageUrl: 'https://files.example/a.png', title: 'a' } },
  { type: 'file', payload: { fileUrl: 'https://files.example/a.pdf', title: 'a', userId: 'user' } },
  {
    type: 'bloc',
    payload: {
      items: [
        { type: 'text', payload: { text: 'a' } },
        { type: 'location', payload: { latitude: 1, longitude: 2 } },
      ],
    },
  },
]

const messages = _attack({
  name: 'messages',
  shot: fc.record({
    which: fc.nat(100),
    session: fc.nat(100),
    about: fc.constantFrom('payload', 'payload', 'conversation', 'message', 'user'),
    changes: mutations,
  }),
  fire: async (target, { which, session, about, changes }) => {
    const { bot, runtime } = target.stage.world.botpress
    const { type, payload } = _nth(PAYLOADS, which)
    const conversationId = bot.downstreamOf(_nth(target.played, session).conversationId) ?? ''
    const row = runtime.store.messagesOf(conversationId).find(({ direction }) => direction === 'outgoing')
    if (!row) return 'the session has no message'
    const conversation = runtime.store.conversations.get(conversationId)
    const own = Object.fromEntries(
      Object.entries(conversation?.tags ?? {}).map(([name, value]) => [name.replace('desk:', ''), value])
    )
    const times = { createdAt: new Date(row.createdAt).toISOString(), updatedAt: new Date(row.updatedAt).toISOString() }
    const body: Record<string, unknown> = {
      type,
      payload,
      conversation: { id: conversationId, channel: 'hitl', integration: 'desk', tags: own, ...times },
      message: {
        id: row.id,
        userId: row.userId,
        conversationId,
        direction: 'outgoing',
        tags: {},
        type,
        payload,
        ...times,
      },
      user: { id: row.userId, tags: {}, ...times },
    }
    // The payload is the customer's; of the rest the Cloud is sure, so only its smaller pieces are changed.
    body[about] = mutate(body[about], changes)
    return _bad(await target.send(() => runtime.gateway.deliver('message_created', body)), _isClear)
  },
})

// ---------------------------------------------------------------------------------------------------------- configuration

const configurations = _attack({
  name: 'configurations',
  shot: fc.record({
    changes: mutations,
    whole: fc.option(hostile, { freq: 6 }),
    url: fc.constantFrom('https://webhooks.example/wh', 'https://webhooks.example/wh/'),
  }),
  fire: async (target, { changes, whole, url }) => {
    const { runtime } = target.stage.world.botpress
    const good = runtime.gateway.configuration
    const before = target.state()
    runtime.gateway.configuration = whole ?? mutate(good, changes) ?? {}
    try {
      const reply = await target.send(() => runtime.gateway.register(url))
      const wrong = _bad(reply, _isClear)
      if (wrong) return wrong
      return JSON.parse(before).length === JSON.parse(target.state()).length ? undefined : 'the state has changed'
    } finally {
      runtime.gateway.configuration = good
    }
  },
})

export const ATTACKS: Attack[] = [strangers, altered, signed, actions, messages, configurations]
