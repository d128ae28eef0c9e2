/**
 * Invalid input of actions, messages and the configuration: each is answered clearly, loses nothing and creates
 * nothing.
 */
import { describe, expect, it } from 'vitest'
import { providers } from '../src/definition/registry'
import { action, startStage } from './support/actions'
import { handOver, ticketsOf } from './support/handoffs'
import { createStage, type Stage } from './support/simulated'

const DESKS = Object.keys(providers)

describe('startHitl', () => {
  it.each([
    ['no input', undefined],
    ['no user id', { title: 'x', messageHistory: [] }],
    ['an empty user id', { userId: '', messageHistory: [] }],
    ['a number as user id', { userId: 17, messageHistory: [] }],
    ['a list', []],
  ])('with %s fails with the missing fields', async (_title, input) => {
    const stage = await startStage()
    const { status, message } = await action(stage, 'startHitl', input)
    expect(status).toBe(400)
    expect(message).toContain('Start HITL needs')
    expect(ticketsOf(stage)).toEqual([])
  })

  it('fails for a user that does not exist', async () => {
    const stage = await startStage()
    const { status, message } = await action(stage, 'startHitl', { userId: 'user_nobody', messageHistory: [] })
    expect(status).toBe(400)
    expect(message).toContain('does not exist any more')
    expect(ticketsOf(stage)).toEqual([])
  })

  it.each(DESKS)('accepts a title of 10,000 characters and 500 messages of every type at %s', async (desk) => {
    const stage = await startStage()
    const { output } = await action(stage, 'createUser', { name: 'Eve', email: 'eve@customer.example' })
    const userId = output?.userId ?? ''
    const { status, message } = await action(stage, 'startHitl', {
      userId,
      title: 'T'.repeat(10_000),
      description: 'D'.repeat(50_000),
      hitlSession: { provider: desk },
      messageHistory: Array.from({ length: 500 }, (_unused, index) => history(userId)[index % history(userId).length]),
    })
    expect(message ?? status).toBe(200)
    const [ticket] = ticketsOf(stage)
    const transcript = ticket?.entries.map(({ text }) => text).join('\n') ?? ''
    for (const words of [
      'a text',
      'pick one',
      'Red',
      'A card',
      'https://files.example/card.png',
      'in a bloc',
      '**bold**'.slice(2, 6),
    ]) {
      expect(transcript).toContain(words)
    }
  })

  it('ignores invalid options and invalid messages in the history', async () => {
    const stage = await startStage()
    const { output } = await action(stage, 'createUser', { name: 'Eve' })
    const { status } = await action(stage, 'startHitl', {
      userId: output?.userId,
      hitlSession: { provider: 17, priority: 'extreme', tags: 'vip', language: 'xx-nonsense', unknown: { a: 1 } },
      messageHistory: [
        null,
        17,
        'text',
        {},
        { type: 'text' },
        { type: 'text', payload: { text: 5 } },
        { source: 1, type: 'x', payload: 2 },
      ],
    })
    expect(status).toBe(200)
    expect(ticketsOf(stage)).toHaveLength(1)
  })
})

const history = (userId: string) => [
  { source: { type: 'user', userId }, type: 'text', payload: { text: 'a text' } },
  { source: { type: 'bot' }, type: 'image', payload: { imageUrl: 'https://files.example/i.png', title: 'i' } },
  { source: { type: 'bot' }, type: 'audio', payload: { audioUrl: 'https://files.example/a.mp3' } },
  { source: { type: 'bot' }, type: 'video', payload: { videoUrl: 'https://files.example/v.mp4' } },
  { source: { type: 'user', userId }, type: 'file', payload: { fileUrl: 'https://files.example/f.pdf' } },
  { source: { type: 'user', userId }, type: 'location', payload: { latitude: 1, longitude: 2 } },
  {
    source: { type: 'bot' },
    type: 'card',
    payload: {
      title: 'A card',
      subtitle: 'below',
      imageUrl: 'https://files.example/card.png',
      actions: [{ action: 'url', label: 'Open', value: 'https://shop.example' }],
    },
  },
  {
    source: { type: 'bot' },
    type: 'carousel',
    payload: {
      items: [
        { title: 'First', actions: [] },
        { title: 'Second', actions: [] },
      ],
    },
  },
  { source: { type: 'bot' }, type: 'choice', payload: { text: 'pick one', options: [{ label: 'Red', value: 'r' }] } },
  { source: { type: 'bot' }, type: 'dropdown', payload: { text: 'choose', options: [{ label: 'Blue', value: 'b' }] } },
  { source: { type: 'bot' }, type: 'bloc', payload: { items: [{ type: 'text', payload: { text: 'in a bloc' } }] } },
  { source: { type: 'bot' }, type: 'markdown', payload: { markdown: '**bold**' } },
]

describe('a message from the bot', () => {
  const deliver = async (stage: Stage, tags: Record<string, string>, payload: unknown = { text: 'hello' }) => {
    const { gateway } = stage.botpress.runtime
    const { runtime } = stage.botpress
    const conversation = { ...runtime.store.row('conv', tags), owner: 'desk', channel: 'hitl' }
    runtime.store.conversations.insert(conversation)
    const user = { ...runtime.store.row('user', {}), owner: 'desk' }
    runtime.store.users.insert(user)
    const message = {
      ...runtime.store.row('msg', {}),
      type: 'text',
      payload: payload as Record<string, unknown>,
      conversationId: conversation.id,
      userId: user.id,
      direction: 'outgoing' as const,
    }
    return stage.finish(gateway.messageCreated(runtime as never, { by: 'bot' }, message as never))
  }

  it('in a conversation without tags is rejected with the reason', async () => {
    const stage = await startStage()
    const reply = await deliver(stage, {})
    expect(reply.status).toBe(400)
    expect(reply.body).toContain('has no ticket')
  })

  it('for a desk that is no longer configured is rejected with its name', async () => {
    const stage = await startStage()
    const reply = await deliver(stage, { provider: 'vanished', ticketId: '1', status: 'open' })
    expect(reply.status).toBe(400)
    expect(reply.body).toContain('vanished')
  })

  it('after the end is rejected with the reason', async () => {
    const stage = await startStage()
    const reply = await deliver(
      stage,
      { provider: DESKS[0] ?? '', ticketId: '1', status: 'closed', customerId: 'user_x' },
      { text: 'hello', userId: 'user_x' }
    )
    expect(reply.status).toBe(400)
    expect(reply.body).toContain('has ended')
  })
})

describe('stopHitl', () => {
  it.each(['conv_nobody', ''])('succeeds for %j, which isn’t a session', async (conversationId) => {
    const stage = await startStage()
    expect((await action(stage, 'stopHitl', { conversationId })).status).toBe(200)
  })

  it.each(DESKS)('succeeds each time when %s fails', async (desk) => {
    const stage = await startStage()
    const { conversationId, sandbox } = await handOver(stage, { hitlSession: { provider: desk } })
    sandbox.server.addFault({ kind: 'status', status: 500, times: 50 })
    const reply = await action(stage, 'stopHitl', { conversationId: stage.botpress.bot.downstreamOf(conversationId) })
    expect(reply.status).toBe(200)
    const again = await action(stage, 'stopHitl', { conversationId: stage.botpress.bot.downstreamOf(conversationId) })
    expect(again.status).toBe(200)
  })
})

describe('a configuration', () => {
  const refusal = async (stage: Stage, configuration: Record<string, unknown>): Promise<string> =>
    stage.save(configuration).then(
      () => '',
      (error: unknown) => (error instanceof Error ? error.message : '')
    )

  it('without desks is rejected', async () => {
    const stage = await createStage()
    expect(await refusal(stage, {})).toContain('no desk is set up')
  })

  it('is rejected with every problem under the field’s name in Studio', async () => {
    const stage = await createStage()
    const configuration = stage.configuration({ order: [DESKS[0], DESKS[0]] })
    const broken = Object.fromEntries(DESKS.map((name) => [name, { enabled: true, hours: 'Mon-Fri 25-26' }]))
    const text = await refusal(stage, { ...configuration, ...broken })
    for (const name of DESKS) expect(text).toContain(`${providers[name]?.title} → `)
    expect(text).toContain('Routing → Order')
    expect(text.split('\n').length).toBeGreaterThan(DESKS.length + 1)
  })

  it('is rejected with the error of every desk', async () => {
    const stage = await createStage()
    for (const name of DESKS) stage.sandbox(name).server.addFault({ kind: 'status', status: 401, times: 20 })
    const text = await refusal(stage, stage.configuration())
    for (const name of DESKS) expect(text).toContain(`${providers[name]?.title}: `)
  })

  it('changes nothing at any desk when it is saved again', async () => {
    const stage = await startStage()
    const writes = () =>
      DESKS.map(
        (name) =>
          stage
            .sandbox(name)
            .server.requests.filter(
              ({ method, path }) => method !== 'GET' && !/oauth|auth\.test|conversations\.info/.test(path)
            ).length
      )
    const before = writes()
    await stage.save(stage.configuration({ order: DESKS }))
    expect(writes()).toEqual(before)
  })

  it('can be uninstalled when no desk answers', async () => {
    const stage = await startStage()
    for (const name of DESKS) stage.sandbox(name).server.addFault({ kind: 'status', status: 500, times: 50 })
    const reply = await stage.finish(
      stage.botpress.runtime.gateway.unregister('https://webhook.botpress.cloud/wh-local')
    )
    expect(reply.status).toBe(200)
  })
})
