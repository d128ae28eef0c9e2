/** Two instances do at the same moment what must happen one after the other, and what an instance that died had begun. Found by chaos. */
import { afterEach, describe, expect, it } from 'vitest'
import { countSeen, seenBy } from '../support/handoffs'
import type { Asked } from '../support/instances'
import { DESKS, GIVEN_UP_MS, open, posts, type Session } from '../support/outbox'

const END = 'The human agent closed'
const NOT_DELIVERED = 'was not delivered'
/** Longer than a lane is held for an instance that died, and than any vendor waits before it delivers again. */
const REPAIRED_MS = 10 * 60_000

/** Until the plugin listens, and the router knows. */
const LISTENS_MS = 6_000

const notesOf = ({ ticket }: Session): string[] =>
  ticket()
    .entries.filter(({ kind, text }) => kind === 'note' && text.includes(NOT_DELIVERED))
    .map(({ text }) => text)

const created =
  (words: string) =>
  ({ side, method, path, body }: Asked): boolean =>
    side === 'api' && method === 'POST' && path.endsWith('/messages/get-or-create') && body.includes(words)

const looks = ({ side, method, path }: Asked): boolean =>
  side === 'api' && method === 'GET' && path.endsWith('/messages')

const tagsAs =
  (words: string) =>
  ({ side, method, path, body }: Asked): boolean =>
    side === 'api' && method === 'PUT' && path.includes('/conversations/') && body.includes(words)

const emits =
  (type: string) =>
  ({ side, path, body }: Asked): boolean =>
    side === 'api' && path.endsWith('/events') && body.includes(type)

const takesLockTo =
  (kind: 'announce' | 'end') =>
  ({ side, path, body }: Asked): boolean =>
    side === 'api' && path.endsWith('/toBot/get-or-set') && body.includes(`"operation":{"kind":"${kind}"`)

const awaited = new Set<string>()

/** Fits one call, whoever makes it first. A test in which nobody makes it has tested nothing, and fails; without a name it may be missing. */
const once = (fits: (asked: Asked) => boolean, name?: string): ((asked: Asked) => boolean) => {
  let isDone = false
  if (name !== undefined) awaited.add(name)
  return (asked) => {
    if (isDone || !fits(asked)) return false
    isDone = true
    if (name !== undefined) awaited.delete(name)
    return true
  }
}

afterEach(() => {
  const missed = [...awaited]
  awaited.clear()
  if (missed.length > 0) throw new Error(`Nobody made what was to go wrong: ${missed.join(', ')}`)
})

/** The desk waits for no answer before it sends the next, and sends each a second time after a while. */
const sendAtOnce = ({ sandbox, stage }: Session, againAfterMs?: number): void => {
  const { setTimer } = stage.clock
  sandbox.deliveries.schedule((delivery, send) => {
    const first = delivery.attempt === 1 ? 10 : 30_000
    setTimer(() => void send(), first)
    if (againAfterMs !== undefined) setTimer(() => void send(), first + againAfterMs)
  })
}

const agents = ({ sandbox }: Session): [string, string] => [sandbox.agents[0]?.id ?? '', sandbox.agents[1]?.id ?? '']

/** Ada has answered, and everybody has heard of it. */
const withAda = async (desk: string, instances: number): Promise<Session> => {
  const session = await open(desk, instances)
  sendAtOnce(session)
  await session.stage.pass(LISTENS_MS)
  session.sandbox.agentReplies(session.ticket().id, 'Ada is here', { agentId: agents(session)[0] })
  await session.stage.pass(GIVEN_UP_MS)
  expect(countSeen(session.stage, session.conversationId, 'Ada is here')).toBe(1)
  return session
}

describe.each(DESKS)('a message of an agent at %s', (desk) => {
  // A message that the plugin is handling when it hears of the end is shown after it: in one of these moments, when the two instances do not wait for each other.
  it.each(Array.from({ length: 10 }, (_, index) => 560 + 20 * index))(
    'that comes while another instance ends the session is shown before the end, or its agent is told (%i ms)',
    async (ms) => {
      const session = await open(desk, 2, { latencyMs: ({ by }) => (by === 'bot' ? 20 : 0) })
      sendAtOnce(session)
      const { stage, sandbox, conversationId, ticket, instances } = session
      const [ada] = agents(session)
      sandbox.assign(ticket().id, ada)
      await stage.pass(600)
      const tags = stage.botpress.runtime.store.conversations.get(session.sessionId())?.tags ?? {}
      const announcedAt = Number.parseInt(tags['desk:agents']?.split('@')[1] ?? '', 36)
      await stage.pass(announcedAt - stage.clock.now() - 300)
      // Whoever ends it has read the ticket before the message; whoever has the message has read the session before the end.
      const ending = once(takesLockTo('end'), 'the lane for the end')
      const giving = once(created('One more thing'))
      for (const instance of instances.all) {
        instance.delayAt(ms, ending)
        instance.delayAt(500, giving)
      }
      sandbox.solve(ticket().id, { agentId: ada })
      await stage.pass(400)
      sandbox.agentReplies(ticket().id, 'One more thing', { agentId: ada })
      await stage.pass(REPAIRED_MS)
      const seen = seenBy(stage, conversationId)
      const shownAt = seen.findIndex((line) => line.includes('One more thing'))
      const told = notesOf(session).filter((note) => note.includes('One more thing'))
      expect(countSeen(stage, conversationId, END)).toBe(1)
      expect(shownAt).toBeLessThan(seen.findIndex((line) => line.includes(END)))
      expect(told).toHaveLength(shownAt === -1 ? 1 : 0)
    }
  )

  it('keeps its moment when two instances give it at once', async () => {
    const session = await open(desk, 2)
    sendAtOnce(session, 50)
    const { stage, sandbox, conversationId, ticket, instances } = session
    const [ada] = agents(session)
    sandbox.agentReplies(ticket().id, 'Ada is here', { agentId: ada })
    await stage.pass(800)
    // One is slow to look, the other one hears of it later and is slow to write.
    sendAtOnce(session, 900)
    const [slow, later] = instances.all
    slow?.delayAt(1_000, once(looks, 'a look at the messages'))
    later?.delayAt(300, created('One more thing'))
    instances.takeTurns(0)
    sandbox.agentReplies(ticket().id, 'One more thing', { agentId: ada })
    await stage.pass(2_000)
    instances.takeTurns(1)
    sandbox.agentReplies(ticket().id, 'And the last one', { agentId: ada })
    await stage.pass(GIVEN_UP_MS)
    const order = seenBy(stage, conversationId).flatMap(
      (line) => line.match(/Ada is here|One more thing|And the last one/)?.[0] ?? []
    )
    expect(order).toEqual(['Ada is here', 'One more thing', 'And the last one'])
  })
})

describe.each(DESKS)('an end by the agent at %s', (desk) => {
  it('stays one when it comes before a slow start has written down that the session is open', async () => {
    const opening = once(tagsAs('"status":"open"'), 'the opening')
    const session = await open(desk, 2, {}, (instance) => instance.delayAt(8_000, opening))
    const { stage, sandbox, conversationId, ticket } = session
    // Delivered once more when the slow one has come.
    sendAtOnce(session, 6_000)
    sandbox.solve(ticket().id, { agentId: agents(session)[0] })
    await stage.pass(REPAIRED_MS)
    expect(countSeen(stage, conversationId, END)).toBe(1)
    const stops = stage.botpress.runtime.store.events.withTags({}).filter(({ type }) => type.endsWith('hitlStopped'))
    expect(stops).toHaveLength(1)
  })
})

describe.each(DESKS)('an end by the agent at %s whose writing down is in doubt', (desk) => {
  it('is one end, and it is looked for what came too late for it', async () => {
    const session = await open(desk, 2)
    const { stage, sandbox, conversationId, ticket, instances } = session
    const { runtime } = stage.botpress
    await stage.pass(LISTENS_MS)
    // As often as the client repeats it.
    runtime.addFault({
      times: 4,
      kind: 'status',
      status: 500,
      effect: 'after',
      by: 'integration',
      method: 'PUT',
      matches: ({ method, path }, body) =>
        tagsAs('"agentEndedAt"')({ side: 'api', method, path, body: JSON.stringify(body) }),
    })
    sandbox.solve(ticket().id, { agentId: agents(session)[0] })
    await stage.pass(REPAIRED_MS)
    expect(countSeen(stage, conversationId, END)).toBe(1)
    const asked = instances.all.flatMap((instance) => instance.asked)
    // Once when the end begins, and once more because it may have been written down too late.
    expect(asked.filter(tagsAs('"endingAt":"2026'))).toHaveLength(2)
    expect(runtime.store.conversations.get(session.sessionId())?.tags['desk:endingAt'] ?? '').toBe('')
  })
})

describe.each(DESKS)('what agents write after an end at %s', (desk) => {
  it('is told to each of them, also when the instances die that end the session and tell it', async () => {
    const session = await open(desk, 4)
    sendAtOnce(session)
    const { stage, sandbox, conversationId, ticket, instances } = session
    const [ada, ben] = agents(session)
    await stage.pass(LISTENS_MS)
    const ending = once(emits('hitlStopped'), 'the end')
    for (const instance of instances.all) instance.dieAt('before', ending)
    sandbox.solve(ticket().id, { agentId: ada })
    await stage.pass(5_000)
    const telling = once(posts('second words'), 'a note')
    for (const instance of instances.all) instance.dieAt('before', telling)
    sandbox.agentReplies(ticket().id, 'first words', { agentId: ada })
    sandbox.agentReplies(ticket().id, 'second words', { agentId: ben })
    await stage.pass(REPAIRED_MS)
    // Not every desk goes on trying for so long.
    sandbox.agentReplies(ticket().id, 'third words', { agentId: ada })
    await stage.pass(REPAIRED_MS)
    expect(countSeen(stage, conversationId, END)).toBe(1)
    for (const words of ['first words', 'second words', 'third words']) {
      const shown = countSeen(stage, conversationId, words)
      expect(notesOf(session).filter((note) => note.includes(words))).toHaveLength(1 - shown)
    }
  })
})

describe.each(DESKS)('an end by the bot at %s', (desk) => {
  it('needs nobody’s turn: what agents write after it is told to them', async () => {
    const session = await withAda(desk, 2)
    const { stage, sandbox, conversationId, ticket } = session
    const { runtime, bot } = stage.botpress
    const [ada] = agents(session)
    runtime.addFault({ kind: 'status', status: 500, by: 'integration', path: /toBot/, times: 10_000 })
    await stage.finish(bot.endByCustomer(conversationId))
    runtime.clearFaults()
    await stage.pass(60_000)
    expect(ticket().status).not.toBe('open')
    sandbox.agentReplies(ticket().id, 'Are you still there?', { agentId: ada })
    await stage.pass(REPAIRED_MS)
    expect(notesOf(session).filter((note) => note.includes('Are you still there?'))).toHaveLength(1)
    expect(countSeen(stage, conversationId, 'You have ended')).toBe(1)
    expect(countSeen(stage, conversationId, END)).toBe(0)
  })

  it('a moment after an agent’s tells what neither let through with the next event, when the desk could not be reached for it', async () => {
    const session = await open(desk, 1)
    sendAtOnce(session)
    const { stage, sandbox, conversationId, ticket } = session
    const [ada] = agents(session)
    // Held back until the plugin listens, and the end behind it.
    sandbox.agentReplies(ticket().id, 'Too early', { agentId: ada })
    await stage.pass(600)
    sandbox.solve(ticket().id, { agentId: ada })
    await stage.pass(600)
    sandbox.server.addFault({ kind: 'status', status: 500, times: 10_000 })
    await stage.finish(stage.botpress.bot.endByCustomer(conversationId))
    await stage.pass(60_000)
    sandbox.server.clearFaults()
    expect(countSeen(stage, conversationId, 'Too early')).toBe(0)
    expect(notesOf(session)).toEqual([])
    sandbox.agentReplies(ticket().id, 'Hello?', { agentId: ada })
    await stage.pass(REPAIRED_MS)
    expect(notesOf(session).filter((note) => note.includes('Too early'))).toHaveLength(1)
    expect(notesOf(session).filter((note) => note.includes('Hello?'))).toHaveLength(1)
  })
})
