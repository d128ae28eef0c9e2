/** Attacks through Botpress: malformed actions, messages and configurations. */
import fc from 'fast-check'
import { hostile, mutate, mutations } from './hostile'
import { defineAttack, unexpected, isClear, nth } from './requests'
import type { Target } from './target'

// Actions

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

export const actions = defineAttack({
  name: 'actions',
  request: fc.record({
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
  run: async (target, { type, changes, whole }) => {
    const inputs = _inputs(target)
    const input = whole ?? mutate(Object.hasOwn(inputs, type) ? inputs[type] : {}, changes)
    const { gateway } = target.stage.world.botpress.runtime
    return unexpected(await target.send(() => gateway.action(type, input)), isClear)
  },
})

// Messages

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

export const messages = defineAttack({
  name: 'messages',
  request: fc.record({
    which: fc.nat(100),
    session: fc.nat(100),
    about: fc.constantFrom('payload', 'payload', 'conversation', 'message', 'user'),
    changes: mutations,
  }),
  run: async (target, { which, session, about, changes }) => {
    const { bot, runtime } = target.stage.world.botpress
    const { type, payload } = nth(PAYLOADS, which)
    const conversationId = bot.downstreamOf(nth(target.played, session).conversationId) ?? ''
    const row = runtime.store.messagesOf(conversationId).find(({ direction }) => direction === 'outgoing')
    if (!row) return 'the session has no message'
    const conversation = runtime.store.conversations.get(conversationId)
    const tags = Object.fromEntries(
      Object.entries(conversation?.tags ?? {}).map(([name, value]) => [name.replace('desk:', ''), value])
    )
    const times = { createdAt: new Date(row.createdAt).toISOString(), updatedAt: new Date(row.updatedAt).toISOString() }
    const body: Record<string, unknown> = {
      type,
      payload,
      conversation: { id: conversationId, channel: 'hitl', integration: 'desk', tags, ...times },
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
    // Customers control the payload. Botpress guarantees the shape of the rest, but its fields are mutated as well.
    body[about] = mutate(body[about], changes)
    return unexpected(await target.send(() => runtime.gateway.deliver('message_created', body)), isClear)
  },
})

// Configuration

/** Studio sends empty strings for fields of a block that were left empty. */
const _blanked = (configuration: unknown, blank: [number, string | null] | null): unknown => {
  if (!blank) return configuration
  const [number, value] = blank
  return Object.fromEntries(
    Object.entries(configuration as Record<string, unknown>).map(([name, block], index) => {
      if (index !== number || typeof block !== 'object' || block === null) return [name, block]
      return [name, Object.fromEntries(Object.keys(block).map((field) => [field, field === 'enabled' ? true : value]))]
    })
  )
}

export const configurations = defineAttack({
  name: 'configurations',
  request: fc.record({
    changes: mutations,
    whole: fc.option(hostile, { freq: 6 }),
    url: fc.constantFrom('https://webhooks.example/wh', 'https://webhooks.example/wh/'),
    blank: fc.option(fc.tuple(fc.nat(2), fc.constantFrom('', ' ', '\u200b', null)), { freq: 3 }),
  }),
  run: async (target, { changes, whole, url, blank }) => {
    const { runtime } = target.stage.world.botpress
    const valid = runtime.gateway.configuration
    const before = target.state()
    runtime.gateway.configuration = whole ?? mutate(_blanked(valid, blank), changes) ?? {}
    try {
      const reply = await target.send(() => runtime.gateway.register(url))
      const failure = unexpected(reply, isClear)
      if (failure) return failure
      return JSON.parse(before).length === JSON.parse(target.state()).length ? undefined : 'the state has changed'
    } finally {
      runtime.gateway.configuration = valid
    }
  },
})
