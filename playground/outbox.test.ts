/** From the customer to the desk: once and in order, on several instances, wherever one dies and whatever the desk limits. */
import { describe, expect, it } from 'vitest'
import type { Ticket } from '../providers/provider'
import { connectDesk, type Call, type Desk } from '../src/call'
import { flushOutbox } from '../src/outbox'
import { providers } from '../src/registry'
import { getSession, type Session as RouterSession } from '../src/sessions'
import { tellAgent } from '../src/undelivered'
import type { Switches } from './runtime'
import { countSeen, handOver, type Handoff } from './testing/handoffs'
import { connectInstances, type Asked, type Instances } from './testing/instances'
import { createStage, type Stage } from './testing/simulated'

const DESKS = Object.keys(providers)
/** Longer than a message is offered to a desk. */
const GIVEN_UP_MS = 60_000

interface Session extends Handoff {
  stage: Stage
  instances: Instances
  says(...texts: string[]): Promise<void>
  /** The session's conversation, and the customer as a user in it. */
  sessionId(): string
  customerId(): string
  /** What the customer has said as the ticket has it. */
  heard(): string[]
  /** Status of each delivery of a message that has ended, by its words. */
  answers(words: string): (number | undefined)[]
}

const open = async (desk: string, count: number, switches: Partial<Switches> = {}): Promise<Session> => {
  const stage = await createStage({ sockets: false, switches })
  const instances = connectInstances(stage, count)
  await stage.save(stage.configuration({ order: [desk, ...DESKS.filter((name) => name !== desk)] }))
  const handoff = await handOver(stage)
  const before = handoff.ticket().entries.length
  const { bot, runtime } = stage.botpress
  const sessionId = () => bot.downstreamOf(handoff.conversationId) ?? ''
  return {
    ...handoff,
    stage,
    sessionId,
    customerId: () => runtime.store.conversations.get(sessionId())?.tags['desk:customerId'] ?? '',
    instances,
    says: async (...texts) => {
      for (const text of texts) await bot.customerSays(handoff.conversationId, text)
    },
    heard: () =>
      handoff
        .ticket()
        .entries.slice(before)
        .map(({ text }) => text),
    answers: (words) =>
      runtime.deliveries
        .filter(({ id, to }) => to === 'integration' && _words(stage, id) === words)
        .map((d) => d.status),
  }
}

const _words = (stage: Stage, id: string): unknown => stage.botpress.runtime.store.messages.get(id)?.payload['text']

/** The words of these lines, whether or not they came as one. */
const _lines = (heard: string[]): string[] => heard.flatMap((text) => text.split(/\s*\n+/))

const posts =
  (words: string) =>
  ({ side, method, body }: Asked): boolean =>
    side === 'desk' && method !== 'GET' && decodeURIComponent(body.replaceAll('+', ' ')).includes(words)

const acknowledges = ({ side, method, path, body }: Asked): boolean =>
  side === 'api' && method === 'PUT' && path.includes('/messages/') && body.includes('deskMessageIds')

/** Every call to this desk is limited while `isOn`. */
const limited = ({ sandbox }: Session, seconds: number) => {
  const limit = { isOn: true, hits: 0 }
  sandbox.server.addFault({
    kind: 'status',
    status: 429,
    headers: { 'retry-after': String(seconds) },
    times: Number.POSITIVE_INFINITY,
    matches: () => {
      if (limit.isOn) limit.hits += 1
      return limit.isOn
    },
  })
  return limit
}

describe.each(DESKS)('messages of a customer at %s', (desk) => {
  it('come once when Botpress delivers each twice, at once, to two instances', async () => {
    const session = await open(desk, 2, { redeliver: true })
    await session.says('first', 'second')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.heard()).toEqual(['first', 'second'])
    expect([...session.answers('first'), ...session.answers('second')]).toEqual([200, 200, 200, 200])
  })

  it('keep their order when a later one is handled first, on another instance', async () => {
    const late: { stage?: Stage } = {}
    const session = await open(desk, 2, {
      deliveryDelayMs: ({ id, to }) =>
        to === 'integration' && late.stage && _words(late.stage, id) === 'first' ? 8_000 : 0,
    })
    late.stage = session.stage
    await session.says('first', 'second')
    await session.stage.pass(5_000)
    expect(session.heard()).toEqual(['first', 'second'])
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.heard()).toEqual(['first', 'second'])
    expect(session.answers('first')).toEqual([200])
  })

  it('come once and in their order when ten are delivered at once, to three instances, each twice', async () => {
    const session = await open(desk, 3, {
      redeliver: ({ id }) => id.length > 0 && id.charCodeAt(id.length - 1) % 2 === 0,
    })
    const texts = Array.from({ length: 10 }, (_, index) => `message ${index}`)
    await session.says(...texts)
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.heard()).toEqual(texts)
    for (const text of texts) for (const status of session.answers(text)) expect(status).toBe(200)
  })

  it.each(['before', 'after'] as const)('come when the instance dies %s it posts one: with the next', async (when) => {
    const session = await open(desk, 2)
    const [first] = session.instances.all
    session.instances.choose('first', 0)
    session.instances.choose('second', 1)
    first?.dieAt(when, posts('first'))
    await session.says('first')
    await session.stage.pass(10_000)
    expect(session.heard()).toEqual(when === 'after' ? ['first'] : [])
    await session.says('second')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.heard()).toEqual(['first', 'second'])
  })

  it('come once when the instance dies before it has written down that one is there', async () => {
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
    expect(session.heard()).toEqual(['yes', 'yes', 'second'])
  })

  it('come once when a note is written between an instance that died and the next message', async () => {
    const session = await open(desk, 2)
    session.instances.choose('first', 0)
    session.instances.choose('second', 1)
    session.instances.all[0]?.dieAt('before', acknowledges)
    await session.says('first')
    await session.stage.pass(25_000)
    await _asRouter(session, (call, { ticket }, ofDesk) => tellAgent(call, ofDesk, ticket, 'note-1', 'a note'))
    await session.says('second')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.heard()).toEqual(['first', 'a note', 'second'])
  })

  it('are not posted again when one comes again after many others, as it was before it was delivered', async () => {
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
    expect(session.heard()).toEqual(texts)
  })

  it('come once when Botpress does not take the ids of one for a while', async () => {
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
    expect(session.heard()).toEqual(['first', 'second'])
    expect([...session.answers('first'), ...session.answers('second')]).toEqual([200, 200])
  })

  it('wait for a limit that passes in time, and what came meanwhile goes with them as one', async () => {
    const session = await open(desk, 2)
    const limit = limited(session, 12)
    await session.says('first')
    await session.stage.pass(5_000)
    await session.says('second', 'third')
    await session.stage.pass(2_000)
    limit.isOn = false
    await session.stage.pass(GIVEN_UP_MS)
    expect(_lines(session.heard())).toEqual(['first', 'second', 'third'])
    expect(session.heard()).toHaveLength(1)
    for (const words of ['first', 'second', 'third']) expect(session.answers(words)).toEqual([200])
  })

  it('stay when a limit outlasts patience, and go with the next one, as one', async () => {
    const session = await open(desk, 2)
    const limit = limited(session, 600)
    await session.says('first')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.heard()).toEqual([])
    expect(session.answers('first')).toEqual([400])
    limit.isOn = false
    await session.says('second')
    await session.stage.pass(GIVEN_UP_MS)
    expect(_lines(session.heard())).toEqual(['first', 'second'])
    expect(session.heard()).toHaveLength(1)
    expect(session.answers('second')).toEqual([200])
    await session.says('third')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.heard()).toHaveLength(2)
  })

  it('are few at the desk, however many a limit has held back', async () => {
    const session = await open(desk, 2)
    const limit = limited(session, 600)
    const texts = Array.from({ length: 8 }, (_, index) => `message ${index}`)
    for (const text of texts) {
      await session.says(text)
      await session.stage.pass(15_000)
    }
    for (const text of texts) expect(session.answers(text)).toEqual([400])
    limit.isOn = false
    await session.says('the last')
    await session.stage.pass(GIVEN_UP_MS)
    expect(_lines(session.heard())).toEqual([...texts, 'the last'])
    // What was offered as one stays one; the rest is another.
    expect(session.heard()).toHaveLength(2)
  })

  it.each(['before', 'after'] as const)(
    'that went out as one come once when the instance dies %s that',
    async (when) => {
      const session = await open(desk, 3)
      const limit = limited(session, 600)
      await session.says('first', 'second', 'third')
      await session.stage.pass(15_000)
      limit.isOn = false
      session.instances.choose('fourth', 0)
      session.instances.choose('fifth', 1)
      session.instances.all[0]?.dieAt(when, posts('third'))
      await session.says('fourth')
      await session.stage.pass(5_000)
      await session.says('fifth')
      await session.stage.pass(GIVEN_UP_MS)
      expect(_lines(session.heard())).toEqual(['first', 'second', 'third', 'fourth', 'fifth'])
    }
  )

  it('that went out as one come once when only some of them could be marked', async () => {
    const session = await open(desk, 3)
    const limit = limited(session, 600)
    await session.says('first', 'second', 'third')
    await session.stage.pass(15_000)
    limit.isOn = false
    session.instances.choose('fourth', 0)
    let marks = 0
    session.instances.all[0]?.dieAt('after', (asked) => acknowledges(asked) && (marks += 1) === 2)
    await session.says('fourth')
    await session.stage.pass(5_000)
    session.instances.choose('fifth', 1)
    await session.says('fifth')
    await session.stage.pass(GIVEN_UP_MS)
    expect(_lines(session.heard())).toEqual(['first', 'second', 'third', 'fourth', 'fifth'])
  })

  it('that the desk refuses are told to the bot, and do not keep back what follows', async () => {
    const session = await open(desk, 2)
    const refusal = { isOn: true }
    session.sandbox.server.addFault({
      kind: 'status',
      status: 422,
      times: Number.POSITIVE_INFINITY,
      matches: ({ method, body }) =>
        refusal.isOn &&
        method !== 'GET' &&
        decodeURIComponent(body.toString('utf8').replaceAll('+', ' ')).includes('poison'),
    })
    await session.says('first', 'poison', 'second')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.heard()).toEqual(['first', 'second'])
    expect([session.answers('first'), session.answers('poison'), session.answers('second')]).toEqual([
      [200],
      [400],
      [200],
    ])
    refusal.isOn = false
    await session.says('third')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.heard()).toEqual(['first', 'second', 'third'])
  })

  it('of which one is refused come all the others when a limit has made them one', async () => {
    const session = await open(desk, 2)
    const limit = limited(session, 600)
    await session.says('first', 'poison', 'second')
    await session.stage.pass(15_000)
    limit.isOn = false
    session.sandbox.server.clearFaults()
    session.sandbox.server.addFault({
      kind: 'status',
      status: 422,
      times: Number.POSITIVE_INFINITY,
      matches: ({ method, body }) =>
        method !== 'GET' && decodeURIComponent(body.toString('utf8').replaceAll('+', ' ')).includes('poison'),
    })
    await session.says('third')
    await session.stage.pass(GIVEN_UP_MS)
    expect(_lines(session.heard())).toEqual(['first', 'second', 'third'])
  })

  it('come in their order after an outage with no clear answer, on another instance', async () => {
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
    expect(_lines(session.heard())).toEqual(['first', 'second', 'third'])
  })

  it('come once when the instance dies while it waits for a limit', async () => {
    const session = await open(desk, 2)
    const limit = limited(session, 30)
    session.instances.choose('first', 0)
    session.instances.choose('second', 1)
    await session.says('first')
    await session.stage.pass(5_000)
    session.instances.all[0]?.dieAt('after', ({ side, path }) => side === 'api' && path.endsWith('/toDesk'))
    await session.stage.pass(5_000)
    limit.isOn = false
    await session.says('second')
    await session.stage.pass(GIVEN_UP_MS)
    expect(_lines(session.heard())).toEqual(['first', 'second'])
    expect(session.answers('second')).toEqual([200])
  })

  it('said before the end are in the ticket, however late they are handled; those said after it are refused', async () => {
    const late: { stage?: Stage } = {}
    const session = await open(desk, 2, {
      deliveryDelayMs: ({ id, to }) =>
        to === 'integration' && late.stage && _words(late.stage, id) === 'just before' ? 20_000 : 0,
    })
    late.stage = session.stage
    await session.says('just before')
    session.sandbox.solve(session.ticket().id)
    await session.stage.pass(15_000)
    expect(session.stage.botpress.bot.isActive(session.conversationId)).toBe(false)
    await session.stage.pass(10_000)
    expect(session.heard()).toContain('just before')
    expect(session.answers('just before')).toEqual([200])
    await _says(session, 'much later', session.customerId())
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.heard()).not.toContain('much later')
    expect(session.answers('much later')).toEqual([400])
  })

  it('end the session when the ticket is gone, once', async () => {
    const session = await open(desk, 2)
    session.sandbox.deliveries.mode = 'held'
    session.sandbox.remove(session.ticket().id)
    await session.says('first', 'second')
    await session.stage.pass(GIVEN_UP_MS)
    expect([...session.answers('first'), ...session.answers('second')]).toEqual([400, 400])
    expect(countSeen(session.stage, session.conversationId, 'The human agent closed')).toBe(1)
    expect(session.stage.botpress.bot.isActive(session.conversationId)).toBe(false)
  })

  it('of somebody who does not exist any more are refused, and do not keep back what follows', async () => {
    const session = await open(desk, 2)
    await _says(session, 'nobody said this', 'user_nobody')
    await session.says('second')
    await session.stage.pass(GIVEN_UP_MS)
    expect(session.heard()).toEqual(['second'])
    expect(session.answers('nobody said this')).toEqual([400])
  })

  it('and of the bot stay apart when a limit holds them back together', async () => {
    const session = await open(desk, 2)
    const limit = limited(session, 600)
    await session.says('first', 'second')
    await _says(session, 'the bot speaks')
    await session.says('third')
    await session.stage.pass(15_000)
    limit.isOn = false
    await session.says('fourth')
    await session.stage.pass(GIVEN_UP_MS)
    expect(_lines(session.heard())).toEqual(['first', 'second', 'the bot speaks', 'third', 'fourth'])
    const spoken = session.ticket().entries.filter(({ text }) => text.includes('the bot speaks'))
    expect(spoken).toMatchObject([{ kind: 'note' }])
  })

  it('cost one call to the desk and four to Botpress', async () => {
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

  it('that were left behind are posted by whoever comes by, and those under way are not waited for', async () => {
    const session = await open(desk, 2)
    const limit = limited(session, 600)
    await session.says('first', 'second')
    await session.stage.pass(30_000)
    expect(await _flushed(session, { patienceMs: 5_000, olderThanMs: 60_000 })).toBe(true)
    expect(session.heard()).toEqual([])
    expect(await _flushed(session, { patienceMs: 5_000, olderThanMs: 15_000 })).toBe(false)
    limit.isOn = false
    expect(await _flushed(session, { patienceMs: 5_000 })).toBe(true)
    expect(_lines(session.heard())).toEqual(['first', 'second'])
    const asked = session.sandbox.server.requests.length
    expect(await _flushed(session, { patienceMs: 5_000 })).toBe(true)
    expect(session.sandbox.server.requests.length).toBe(asked)
  })
})

/** The plugin passes on what somebody, or the bot itself, says in the session. */
const _says = async ({ stage, sessionId }: Session, text: string, userId?: string): Promise<void> => {
  const { runtime } = stage.botpress
  const payload = userId === undefined ? { text } : { text, userId }
  const message = { conversationId: sessionId(), userId: runtime.identity.botId, type: 'text', payload, tags: {} }
  await stage.finish(runtime.botCall('POST', '/v1/chat/messages', message))
}

/** What a webhook or the end of the session does about the outbox. */
const _flushed = async (session: Session, options: Parameters<typeof flushOutbox>[3]): Promise<boolean | undefined> => {
  let result: boolean | undefined
  await _asRouter(session, async (call, ofSession, desk) => {
    result = (await flushOutbox(call, ofSession, desk, options)) !== 'waits'
  })
  return result
}

type Work = (call: Call, session: RouterSession & { ticket: Ticket }, desk: Desk) => Promise<void>

const _asRouter = ({ stage, sessionId, sandbox, instances }: Session, work: Work): Promise<void> =>
  stage.finish(
    instances.run(async (call) => {
      const session = await getSession(call, sessionId())
      const desk = connectDesk(call, sandbox.name)
      if (!session?.ticket || !desk) throw new Error('There is no session')
      await work(call, { ...session, ticket: session.ticket }, desk)
    })
  )
