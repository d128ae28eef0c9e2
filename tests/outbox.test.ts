/** From the customer to the desk: exactly once and in order, across instances and crashes. */
import { describe, expect, it } from 'vitest'
import type { AgentPart } from '../providers/provider'
import { inPlaceOfFile, toParts } from '../src/botpress/messages'
import { tellAgent, tellNotDelivered } from '../src/session/notes'
import { acknowledges, asRouter, DESKS, GIVEN_UP_MS, linesOf, open, posts, textOf } from './support/outbox'
import type { Stage } from './support/simulated'

describe.each(DESKS)('messages of a customer at %s', (desk) => {
  it('arrive once when Botpress delivers each of them to two instances at the same time', async () => {
    const session = await open(desk, 2, { redeliver: true })
    await session.says('first', 'second')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.posted()).toEqual(['first', 'second'])
    expect([...session.answers('first'), ...session.answers('second')]).toEqual([200, 200, 200, 200])
  })

  it('keep their order when another instance handles a later one first', async () => {
    const late: { stage?: Stage } = {}
    const session = await open(desk, 2, {
      deliveryDelayMs: ({ id, to }) =>
        to === 'integration' && late.stage && textOf(late.stage, id) === 'first' ? 8_000 : 0,
    })
    late.stage = session.stage
    await session.says('first', 'second')
    await session.stage.pass(5_000)
    expect(session.posted()).toEqual(['first', 'second'])
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.posted()).toEqual(['first', 'second'])
    expect(session.answers('first')).toEqual([200])
  })

  it('arrive once and in order when ten are delivered at once to three instances, some of them twice', async () => {
    const session = await open(desk, 3, {
      redeliver: ({ id }) => id.length > 0 && id.charCodeAt(id.length - 1) % 2 === 0,
    })
    const texts = Array.from({ length: 10 }, (_, index) => `message ${index}`)
    await session.says(...texts)
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.posted()).toEqual(texts)
    for (const text of texts) for (const status of session.answers(text)) expect(status).toBe(200)
  })

  it.each(['before', 'after'] as const)('arrive with the next one when the instance dies %s it posts', async (when) => {
    const session = await open(desk, 2)
    const [first] = session.instances.all
    session.instances.choose('first', 0)
    session.instances.choose('second', 1)
    first?.dieAt(when, posts('first'))
    await session.says('first')
    await session.stage.pass(10_000)
    expect(session.posted()).toEqual(when === 'after' ? ['first'] : [])
    await session.says('second')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.posted()).toEqual(['first', 'second'])
  })

  it('arrive with the agent’s next message when the instance dies before it writes anything down', async () => {
    const session = await open(desk, 2)
    const { stage, sandbox, ticket, instances } = session
    const agentSays = async (text: string): Promise<void> => {
      instances.choose(text, 1)
      instances.takeTurns(1)
      sandbox.agentReplies(ticket().id, text)
      await stage.pass(10_000)
    }
    // The other instance knows the session.
    await agentSays('hello')
    await agentSays('how can I help?')
    instances.choose('first', 0)
    instances.all[0]?.dieAt(
      'before',
      ({ side, method, path }) => side === 'api' && method === 'POST' && /toDesk/.test(path)
    )
    await session.says('first')
    await stage.pass(60_000)
    expect(linesOf(session.posted())).not.toContain('first')
    await agentSays('are you there?')
    expect(linesOf(session.posted()).filter((line) => line === 'first')).toHaveLength(1)
  })

  it('arrive once when the instance dies before it marks one as delivered', async () => {
    const session = await open(desk, 2)
    session.instances.choose('yes', 0)
    session.instances.choose('second', 1)
    await session.says('yes')
    await session.stage.pass(5_000)
    session.instances.all[0]?.dieAt('before', acknowledges)
    await session.says('yes')
    await session.stage.pass(5_000)
    await session.says('second')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.posted()).toEqual(['yes', 'yes', 'second'])
  })

  it('arrive once when Botpress lists an older one only after an instance has died with a later one', async () => {
    const session = await open(desk, 3)
    const { stage, instances } = session
    const { store } = stage.botpress.runtime
    for (const text of ['older', 'later']) instances.choose(text, 0)
    const [first] = instances.all
    first?.dieAt('before', posts('older'))
    await session.says('older')
    await stage.pass(GIVEN_UP_MS)
    const older = store.messagesOf(session.sessionId()).find(({ id }) => textOf(stage, id) === 'older')
    if (!older) throw new Error('The older message is missing')
    older.hidden = true
    instances.choose('later', 1)
    instances.all[1]?.dieAt('after', posts('later'))
    await session.says('later')
    await stage.pass(GIVEN_UP_MS)
    expect(session.posted()).toEqual(['later'])
    older.hidden = false
    instances.choose('last', 2)
    await session.says('last')
    await stage.pass(GIVEN_UP_MS)
    expect(session.posted()).toEqual(['later', 'older', 'last'])
  })

  it('arrive once when a note is posted between a crash and the next message', async () => {
    const session = await open(desk, 2)
    session.instances.choose('first', 0)
    session.instances.choose('second', 1)
    session.instances.all[0]?.dieAt('before', acknowledges)
    await session.says('first')
    await session.stage.pass(25_000)
    await asRouter(session, (call, { ticket }, ofDesk) => tellAgent(call, ofDesk, ticket, 'note-1', 'a note'))
    await session.says('second')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.posted()).toEqual(['first', 'a note', 'second'])
  })

  it('are followed by one note about an agent’s message, whether it is read at the desk or at Botpress', async () => {
    const session = await open(desk, 1)
    const { stage, posted } = session
    const name = 'photo.png'
    const atDesk: AgentPart[] = [
      { type: 'text', text: 'Look', format: 'plain' },
      { type: 'desk-file', handle: 'gone', name },
    ]
    const payload = { items: ['Look', inPlaceOfFile(name)].map((text) => ({ type: 'text', payload: { text } })) }
    for (const parts of [atDesk, toParts('bloc', payload)]) {
      await asRouter(session, (call, { ticket }, ofDesk) =>
        tellNotDelivered(call, ofDesk, ticket, { id: 'm1', parts, why: 'ended by the bot' })
      )
      // By then only the desk knows of the note.
      await stage.pass(120_000)
    }
    expect(posted().filter((text) => text.includes('was not delivered'))).toHaveLength(1)
  })

  it('are not posted again when an old delivery without marks is repeated after many others', async () => {
    const session = await open(desk, 2)
    const texts = Array.from({ length: 25 }, (_, index) => `message ${index}`)
    await session.says(...texts)
    await session.stage.pass(GIVEN_UP_MS)
    const { runtime } = session.stage.botpress
    const [first] = runtime.store.messagesOf(session.sessionId()).filter(({ direction }) => direction === 'outgoing')
    const { tags } = runtime.store.conversations.get(session.sessionId()) ?? { tags: {} }
    const own = Object.entries(tags).map(([name, value]) => [name.replace('desk:', ''), value])
    const reply = await session.stage.finish(
      runtime.gateway.deliver('message_created', {
        type: 'text',
        payload: first?.payload,
        conversation: { id: session.sessionId(), channel: 'hitl', tags: Object.fromEntries(own) },
        message: { id: first?.id, tags: {}, createdAt: new Date(first?.createdAt ?? 0).toISOString() },
        user: { id: runtime.identity.botUserId, tags: {} },
      })
    )
    expect(reply.status).toBe(200)
    expect(session.posted()).toEqual(texts)
  })

  it('with the same text arrive as two when the instance dies before it posts the second one', async () => {
    const session = await open(desk, 2)
    session.instances.choose('yes', 0)
    session.instances.choose('second', 1)
    await session.says('yes')
    await session.stage.pass(2_000)
    session.instances.all[0]?.dieAt('before', posts('yes'))
    await session.says('yes')
    await session.stage.pass(2_000)
    await session.says('second')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.posted()).toEqual(['yes', 'yes', 'second'])
  })

  it('arrive once when Botpress rejects the delivery mark for a while', async () => {
    const session = await open(desk, 2)
    session.stage.botpress.runtime.addFault({
      kind: 'status',
      status: 400,
      method: 'PUT',
      path: /messages/,
      times: 5,
      matches: (_call, body) => 'deskMessageIds' in ((body as { tags?: object }).tags ?? {}),
    })
    await session.says('first', 'second')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.posted()).toEqual(['first', 'second'])
    expect([...session.answers('first'), ...session.answers('second')]).toEqual([200, 200])
  })

  it('arrive in order from another instance after an outage with unknown outcomes', async () => {
    const session = await open(desk, 2)
    const outage = { isOn: true }
    session.sandbox.server.addFault({
      kind: 'timeout',
      effect: 'after',
      times: 2,
      matches: ({ method }) => method !== 'GET',
    })
    session.sandbox.server.addFault({
      kind: 'status',
      status: 500,
      times: Number.POSITIVE_INFINITY,
      matches: () => outage.isOn,
    })
    await session.says('first', 'second')
    await session.stage.pass(GIVEN_UP_MS)
    outage.isOn = false
    await session.says('third')
    await session.stage.pass(GIVEN_UP_MS)
    expect(linesOf(session.posted())).toEqual(['first', 'second', 'third'])
  })

  it('arrive once when the desk times out and Botpress refuses the lock afterwards', async () => {
    const session = await open(desk, 2)
    const { server } = session.sandbox
    let isPosted = false
    const isFirst = ({ body }: { body: Buffer }): boolean => !isPosted && (isPosted = body.includes('first'))
    server.addFault({ kind: 'timeout', effect: 'after', matches: isFirst })
    server.addFault({ kind: 'status', status: 500, times: 3, matches: () => isPosted })
    session.stage.botpress.runtime.addFault({
      kind: 'status',
      status: 400,
      method: 'POST',
      path: /\/toDesk$/,
      times: 3,
    })
    await session.says('first')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.posted()).toEqual(['first'])
    expect(session.answers('first')).toEqual([200])
  })

  it('take one call to the desk and four to Botpress', async () => {
    const session = await open(desk, 1)
    await session.says('first')
    await session.stage.pass(GIVEN_UP_MS)
    const { runtime } = session.stage.botpress
    const [calls, requests] = [runtime.calls.length, session.sandbox.server.requests.length]
    await session.says('second')
    await session.stage.pass(5_000)
    expect(
      runtime.calls
        .slice(calls)
        .filter(({ invocation }) => invocation?.operation === 'message_created')
        .map(({ operation }) => operation)
    ).toEqual(['getOrSetState', 'listMessages', 'updateMessage', 'setState'])
    expect(session.sandbox.server.requests.length - requests).toBe(1)
  })
})
