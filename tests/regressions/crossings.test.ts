/** Races between instances, and work that a crashed instance left unfinished. The chaos runs found these cases. */
import { afterEach, describe, expect, it } from 'vitest'
import { countSeen, seenBy } from '../support/handoffs'
import type { Asked } from '../support/instances'
import { DESKS, GIVEN_UP_MS, open, posts, type Session } from '../support/outbox'

const END = 'The human agent closed'
const NOT_DELIVERED = 'was not delivered'
/** Longer than the lease of a crashed instance, and longer than any vendor waits before a redelivery. */
const REPAIRED_MS = 10 * 60_000

/** Until the plugin is ready and the router knows. */
const READY_MS = 6_000

const notesOf = ({ ticket }: Session): string[] =>
  ticket()
    .entries.filter(({ kind, text }) => kind === 'note' && text.includes(NOT_DELIVERED))
    .map(({ text }) => text)

const createsMessage =
  (words: string) =>
  ({ side, method, path, body }: Asked): boolean =>
    side === 'api' && method === 'POST' && path.endsWith('/messages/get-or-create') && body.includes(words)

const listsMessages = ({ side, method, path }: Asked): boolean =>
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

const pending = new Set<string>()

/** Matches only the first such call. A named call is required: the test fails when no instance makes it. */
const once = (matches: (asked: Asked) => boolean, name?: string): ((asked: Asked) => boolean) => {
  let isDone = false
  if (name !== undefined) pending.add(name)
  return (asked) => {
    if (isDone || !matches(asked)) return false
    isDone = true
    if (name !== undefined) pending.delete(name)
    return true
  }
}

afterEach(() => {
  const missed = [...pending]
  pending.clear()
  if (missed.length > 0) throw new Error(`No instance made these calls: ${missed.join(', ')}`)
})

/** The desk sends its deliveries concurrently, and each a second time after `againAfterMs`. */
const deliverConcurrently = ({ sandbox, stage }: Session, againAfterMs?: number): void => {
  const { setTimer } = stage.clock
  sandbox.deliveries.schedule((delivery, send) => {
    const first = delivery.attempt === 1 ? 10 : 30_000
    setTimer(() => void send(), first)
    if (againAfterMs !== undefined) setTimer(() => void send(), first + againAfterMs)
  })
}

const agents = ({ sandbox }: Session): [string, string] => [sandbox.agents[0]?.id ?? '', sandbox.agents[1]?.id ?? '']

/** A session in which the customer has seen Ada's first message. */
const withAda = async (desk: string, instances: number): Promise<Session> => {
  const session = await open(desk, instances)
  deliverConcurrently(session)
  await session.stage.pass(READY_MS)
  session.sandbox.agentReplies(session.ticket().id, 'Ada is here', { agentId: agents(session)[0] })
  await session.stage.pass(GIVEN_UP_MS)
  expect(countSeen(session.stage, session.conversationId, 'Ada is here')).toBe(1)
  return session
}

describe.each(DESKS)('an agent’s message at %s', (desk) => {
  // The plugin may show a message after the end when both reach it together. Without the lock, one delay hits this.
  it.each(Array.from({ length: 10 }, (_, index) => 560 + 20 * index))(
    'during an end on another instance is shown before the end or reported to its agent (%i ms)',
    async (ms) => {
      const session = await open(desk, 2, { latencyMs: ({ by }) => (by === 'bot' ? 20 : 0) })
      deliverConcurrently(session)
      const { stage, sandbox, conversationId, ticket, instances } = session
      const [ada] = agents(session)
      sandbox.assign(ticket().id, ada)
      await stage.pass(600)
      const tags = stage.botpress.runtime.store.conversations.get(session.sessionId())?.tags ?? {}
      const announcedAt = Number.parseInt(tags['desk:agents']?.split('@')[1] ?? '', 36)
      await stage.pass(announcedAt - stage.clock.now() - 300)
      // The ending instance read the ticket before the message came, the other one the session before the end.
      const ending = once(takesLockTo('end'), 'the lock for the end')
      const creation = once(createsMessage('One more thing'))
      for (const instance of instances.all) {
        instance.delayAt(ms, ending)
        instance.delayAt(500, creation)
      }
      sandbox.solve(ticket().id, { agentId: ada })
      await stage.pass(400)
      sandbox.agentReplies(ticket().id, 'One more thing', { agentId: ada })
      await stage.pass(REPAIRED_MS)
      const seen = seenBy(stage, conversationId)
      const shownAt = seen.findIndex((line) => line.includes('One more thing'))
      const reported = notesOf(session).filter((note) => note.includes('One more thing'))
      expect(countSeen(stage, conversationId, END)).toBe(1)
      expect(shownAt).toBeLessThan(seen.findIndex((line) => line.includes(END)))
      expect(reported).toHaveLength(shownAt === -1 ? 1 : 0)
    }
  )

  it.each(Array.from({ length: 20 }, (_, index) => 40 * index))(
    'that waits behind another one is reported when the customer ends the session meanwhile (%i ms)',
    async (ms) => {
      const session = await open(desk, 2)
      const { stage, sandbox, conversationId, ticket, instances } = session
      // The webhooks of the first two are lost, and that of the end comes late.
      let delayMs = REPAIRED_MS
      sandbox.deliveries.schedule((delivery, send) => {
        stage.clock.setTimer(() => void send(), delivery.attempt === 1 ? delayMs : 30_000)
      })
      await stage.pass(READY_MS)
      const [ada, ben] = agents(session)
      const waiting = once(createsMessage('second words'))
      for (const instance of instances.all) instance.delayAt(300, waiting)
      sandbox.agentReplies(ticket().id, 'first words', { agentId: ada })
      sandbox.agentReplies(ticket().id, 'second words', { agentId: ada })
      delayMs = 200
      sandbox.agentReplies(ticket().id, 'third words', { agentId: ben })
      await stage.pass(200 + ms)
      delayMs = 20_000
      await stage.finish(stage.botpress.bot.stopHitl(conversationId))
      await stage.pass(REPAIRED_MS)
      // The first one may be in a race with the end: then it is also reported though it was shown.
      for (const text of ['first words', 'second words', 'third words']) {
        const reported = notesOf(session).filter((note) => note.includes(text)).length
        const shown = countSeen(stage, conversationId, text)
        expect(shown + reported, text).toBeGreaterThan(0)
        expect(Math.max(shown, reported), text).toBe(1)
      }
    }
  )

  it('keeps its place when two instances write it concurrently', async () => {
    const session = await open(desk, 2)
    deliverConcurrently(session, 50)
    const { stage, sandbox, conversationId, ticket, instances } = session
    const [ada] = agents(session)
    sandbox.agentReplies(ticket().id, 'Ada is here', { agentId: ada })
    await stage.pass(800)
    // One instance is slow to read, the other one gets the delivery later and is slow to write.
    deliverConcurrently(session, 900)
    const [reader, writer] = instances.all
    reader?.delayAt(1_000, once(listsMessages, 'a list of the messages'))
    writer?.delayAt(300, createsMessage('One more thing'))
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
  it('happens once when it arrives before a slow start has marked the session as open', async () => {
    const opening = once(tagsAs('"status":"open"'), 'the opening')
    const session = await open(desk, 2, {}, (instance) => instance.delayAt(8_000, opening))
    const { stage, sandbox, conversationId, ticket } = session
    // The redelivery comes after the slow write.
    deliverConcurrently(session, 6_000)
    sandbox.solve(ticket().id, { agentId: agents(session)[0] })
    await stage.pass(REPAIRED_MS)
    expect(countSeen(stage, conversationId, END)).toBe(1)
    const stops = stage.botpress.runtime.store.events.withTags({}).filter(({ type }) => type.endsWith('hitlStopped'))
    expect(stops).toHaveLength(1)
  })
})

describe.each(DESKS)('an end by the agent at %s whose record is in doubt', (desk) => {
  it('happens once, and messages that came too late are looked for', async () => {
    const session = await open(desk, 2)
    const { stage, sandbox, conversationId, ticket, instances } = session
    const { runtime } = stage.botpress
    await stage.pass(READY_MS)
    // One fault for each attempt of the client.
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

describe.each(DESKS)('agents’ messages after an end at %s', (desk) => {
  it('are reported to their authors when the instances crash while ending and while reporting', async () => {
    const session = await open(desk, 4)
    deliverConcurrently(session)
    const { stage, sandbox, conversationId, ticket, instances } = session
    const [ada, ben] = agents(session)
    await stage.pass(READY_MS)
    const ending = once(emits('hitlStopped'), 'the end')
    for (const instance of instances.all) instance.dieAt('before', ending)
    sandbox.solve(ticket().id, { agentId: ada })
    await stage.pass(5_000)
    const report = once(posts('second words'), 'a note')
    for (const instance of instances.all) instance.dieAt('before', report)
    sandbox.agentReplies(ticket().id, 'first words', { agentId: ada })
    sandbox.agentReplies(ticket().id, 'second words', { agentId: ben })
    await stage.pass(REPAIRED_MS)
    // Not every desk keeps redelivering for so long.
    sandbox.agentReplies(ticket().id, 'third words', { agentId: ada })
    await stage.pass(REPAIRED_MS)
    // Half of the instances are dead, and a desk may deliver an event to them only.
    for (const text of ['more', 'still more', 'even more']) {
      sandbox.agentReplies(ticket().id, text, { agentId: ada })
      await stage.pass(REPAIRED_MS)
    }
    expect(countSeen(stage, conversationId, END)).toBe(1)
    for (const words of ['first words', 'second words', 'third words']) {
      const shown = countSeen(stage, conversationId, words)
      expect(notesOf(session).filter((note) => note.includes(words))).toHaveLength(1 - shown)
    }
  })
})

describe.each(DESKS)('an end by the bot at %s', (desk) => {
  it('needs no lock, and agents’ later messages are reported to them', async () => {
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

  it('right after the agent’s reports undelivered messages later when the desk was unreachable', async () => {
    const session = await open(desk, 1)
    deliverConcurrently(session)
    const { stage, sandbox, conversationId, ticket } = session
    const [ada] = agents(session)
    // This message waits until the plugin is ready, and the end waits behind it.
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
