/** A desk was down or has changed something: what waits goes out at its first sign of life, and nobody waits for it. */
import { describe, expect, it } from 'vitest'
import { ProviderError } from '../../providers/errors'
import type { Driver, Ticket } from '../../providers/provider'
import type { Desk } from '../../src/botpress/desk'
import { closeAbandoned } from '../../src/from-desk/orphans'
import { tellAgent, tellNotDelivered } from '../../src/session/notes'
import { rememberChange } from '../../src/session/ticket-changes'
import { createAuthors } from '../../src/to-desk/authors'
import { emptyOutbox } from '../../src/to-desk/outbox'
import { action } from '../support/actions'
import { handOver } from '../support/handoffs'
import { connectInstances } from '../support/instances'
import { asRouter, DESKS, linesOf, open, type Session } from '../support/outbox'
import { bodiesTo } from './helpers'

const down = ({ sandbox }: Session): void => {
  sandbox.server.addFault({ kind: 'status', status: 503, times: Number.POSITIVE_INFINITY })
}

const tagsOf = ({ stage, sessionId }: Session) =>
  stage.botpress.runtime.store.conversations.get(sessionId())?.tags ?? {}

/** Ada takes the ticket, and every instance meets the session. */
const meet = async (session: Session): Promise<string> => {
  const { sandbox, ticket, stage, instances } = session
  const agentId = sandbox.agents[0]?.id ?? ''
  for (const text of instances.all.map((_instance, index) => `hello ${index}`)) {
    sandbox.agentReplies(ticket().id, text, { agentId })
    await stage.pass(12_000)
  }
  return agentId
}

/** The desk, with some members of its driver replaced. */
const withDriver = (desk: Desk, members: Partial<Driver>): Desk => ({ ...desk, driver: { ...desk.driver, ...members } })

describe.each(DESKS)('%s after an outage', (desk) => {
  it('gets what waits when an agent writes, on an instance that has met the session', async () => {
    const session = await open(desk, 2)
    const agentId = await meet(session)
    down(session)
    await session.says('are you there?')
    await session.stage.pass(120_000)
    expect(tagsOf(session)['desk:waiting']).toBe('yes')
    session.sandbox.server.clearFaults()
    session.sandbox.agentReplies(session.ticket().id, 'yes', { agentId })
    await session.stage.pass(30_000)
    expect(linesOf(session.posted())).toContain('are you there?')
    expect(tagsOf(session)['desk:waiting']).toBeUndefined()
  })

  it('keeps no bot waiting: stopHitl answers within three seconds, and another session’s event solves the ticket', async () => {
    const session = await open(desk, 1)
    const agentId = await meet(session)
    const { stage, sandbox, sessionId } = session
    const other = await openAnother(session)
    down(session)
    await session.says('my last words')
    const before = stage.clock.now()
    expect((await action(stage, 'stopHitl', { conversationId: sessionId() })).status).toBe(200)
    expect(stage.clock.now() - before).toBeLessThanOrEqual(3_000)
    await stage.pass(180_000)
    sandbox.server.clearFaults()
    expect(session.ticket().status).toBe('open')
    expect(tagsOf(session)['desk:unsolved']).toBe('yes')
    sandbox.agentReplies(other, 'hello, other customer', { agentId })
    await stage.pass(60_000)
    expect(linesOf(session.posted())).toContain('my last words')
    expect(session.ticket().status).not.toBe('open')
    expect(tagsOf(session)['desk:unsolved']).toBeUndefined()
  })

  it.each(['the same', 'a new'])(
    'is paid what ended sessions owe when the next handoff starts on %s instance',
    async (which) => {
      const session = await open(desk, 1)
      await meet(session)
      const { stage, sandbox, sessionId } = session
      down(session)
      await session.says('my last words')
      expect((await action(stage, 'stopHitl', { conversationId: sessionId() })).status).toBe(200)
      await stage.pass(180_000)
      sandbox.server.clearFaults()
      expect(session.ticket().status).toBe('open')
      if (which === 'a new') connectInstances(stage, 1)
      await handOver(stage, { hitlSession: { provider: desk } })
      await stage.pass(60_000)
      expect(linesOf(session.posted())).toContain('my last words')
      expect(session.ticket().status).not.toBe('open')
    }
  )

  it('gets a message under the contact that it has now', async () => {
    const session = await open(desk, 1)
    await meet(session)
    const contacts: (string | undefined)[] = []
    down(session)
    await session.says('a question')
    await session.stage.pass(120_000)
    session.sandbox.server.clearFaults()
    await asRouter(session, async (call, ofSession, connected) => {
      const limited = withDriver(connected, {
        ensureContact: () => Promise.resolve('contact-now'),
        postMessage: (ticket: Ticket) => {
          contacts.push(ticket.contactId)
          return ticket.contactId === 'contact-now'
            ? Promise.resolve({ messageIds: ['posted'] })
            : Promise.reject(new ProviderError(desk, 'not-found', 'No such contact', { about: 'contact' }))
        },
      })
      const until = call.environment.now() + 5_000
      const limits = { deadline: until, timeoutMs: 1_000 }
      const authors = createAuthors(call, limited, ofSession)
      const { problem } = await emptyOutbox(call, { session: ofSession, desk: limited, limits, authors, until })
      expect(problem).toBeUndefined()
    })
    expect(contacts.at(-1)).toBe('contact-now')
    expect(tagsOf(session)['desk:contactId']).toBe('contact-now')
  })

  it('is followed to a ticket that has moved', async () => {
    const session = await open(desk, 1)
    await asRouter(session, async (call, ofSession, connected) => {
      const moved = await rememberChange(call, connected, ofSession, { movedTo: { id: 'elsewhere', cursor: '7' } })
      expect(moved.ticket.id).toBe('elsewhere')
    })
    expect(tagsOf(session)).toMatchObject({ 'desk:ticketId': 'elsewhere', 'desk:cursor': '7' })
  })

  it('gets a note once a minute, at any instance, though the desk shows no marks', async () => {
    const session = await open(desk, 1)
    let posts = 0
    const tell = (id: string) =>
      // Each time in an instance of its own.
      asRouter(session, (call, { ticket }, connected) => {
        const { driver } = connected
        const postMessage: typeof driver.postMessage = (at, message) => {
          posts += 1
          return driver.postMessage(at, { ...message, id: `${message.id} ${posts}`, mayExist: false })
        }
        return tellAgent(call, { ...connected, driver: { ...driver, postMessage } }, ticket, id, `About ${id}`)
      })
    const notes = () => session.ticket().entries.filter(({ text }) => /About (?:one|two)/.test(text)).length
    await tell('one')
    await tell('one')
    await tell('two')
    await tell('one')
    expect(notes()).toBe(2)
    await session.stage.pass(61_000)
    await tell('one')
    expect(notes()).toBe(3)
  })

  it('gets no note in answer to a note', async () => {
    const session = await open(desk, 1)
    await asRouter(session, async (call, { ticket }, connected) => {
      const tell = (id: string, text: string) =>
        tellNotDelivered(call, connected, ticket, { id, parts: [{ type: 'text', text }], why: 'ended by an agent' })
      await tell('1', 'are you there?')
      const before = bodiesTo(session.sandbox).length
      const note = session.ticket().entries.at(-1)?.text ?? ''
      expect(note).toContain('are you there?')
      expect(note).not.toContain('customer has left')
      await tell('2', note)
      const parts = [{ type: 'text' as const, text: 'Replies here are not delivered. This ticket is now closed.' }]
      const event = {
        type: 'message-posted' as const,
        ticket: { ticketId: ticket.id },
        id: '3',
        agent: { id: '1' },
        parts,
      }
      const orphan = { kind: 'elsewhere' as const, conversationId: ticket.conversationId, isSolved: true }
      await closeAbandoned(call, connected, ticket.id, orphan, [event])
      expect(bodiesTo(session.sandbox)).toHaveLength(before)
    })
  })
})

/** Another customer's ticket at the same desk. */
const openAnother = async ({ stage, sandbox }: Session): Promise<string> => {
  const { bot } = stage.botpress
  const known = new Set(sandbox.tickets().map(({ id }) => id))
  const { conversationId } = bot.newCustomer({ name: 'Bob Other' })
  await stage.finish(bot.customerSays(conversationId, 'another question'))
  await stage.finish(bot.startHitl(conversationId, { title: 'Other', description: 'Something else' }))
  await stage.pass(12_000)
  return sandbox.tickets().find(({ id }) => !known.has(id))?.id ?? ''
}
