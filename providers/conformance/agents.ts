/** Conformance: from the desk to the bot – agents' actions. */
import { describe, expect, it } from 'vitest'
import type { Suite } from './suite'

export const describeAgents = ({ provider, setUp, openTicket, eventsOf, post }: Suite): void => {
  describe(`${provider.name}: agents`, () => {
    it('ignores echoes of its own messages', async () => {
      const fixture = await setUp()
      const { ticket, customer, cursor } = await openTicket(fixture)
      await post(fixture, ticket, customer, [{ type: 'text', text: 'an echo?' }])
      await fixture.driver.postMessage(ticket, {
        id: 'msg_02',
        author: { type: 'bot' },
        parts: [{ type: 'text', text: 'an echo of the bot?' }],
        mayExist: false,
      })
      expect((await eventsOf(fixture, ticket, cursor)).events).toEqual([])
    })

    it('reports an agent’s message once, with its author and ticket', async () => {
      const fixture = await setUp()
      const { ticket, cursor } = await openTicket(fixture)
      const [agent] = fixture.sandbox.agents
      fixture.sandbox.agentReplies(ticket.id, 'Ada here, I look into it.', { agentId: agent?.id })
      const { events, cursor: next } = await eventsOf(fixture, ticket, cursor)
      const messages = events.filter((event) => event.type === 'message-posted')
      expect(messages).toHaveLength(1)
      expect(messages[0]).toMatchObject({
        ticket: { ticketId: ticket.id },
        agent: { id: agent?.id },
        parts: [{ type: 'text', text: 'Ada here, I look into it.' }],
      })
      const described = messages[0]?.agent.name
        ? messages[0].agent
        : await fixture.driver.describeAgent?.(agent?.id ?? '')
      expect(described?.name).toBe(agent?.name)
      if (fixture.driver.catchUp) {
        // A webhook that carries the whole message does not move the cursor, so read past it first.
        const read = next === cursor ? await fixture.driver.catchUp(ticket, next) : { cursor: next }
        expect((await fixture.driver.catchUp(ticket, read.cursor)).events).toEqual([])
      }
    })

    it('keeps the order of several messages', async () => {
      const fixture = await setUp()
      const { ticket, cursor } = await openTicket(fixture)
      const texts = ['one', 'two', 'three', 'four', 'five']
      for (const text of texts) {
        fixture.clock.advance(1_000)
        fixture.sandbox.agentReplies(ticket.id, text)
      }
      const { events } = await eventsOf(fixture, ticket, cursor)
      const parts = events.flatMap((event) => (event.type === 'message-posted' ? event.parts : []))
      expect(parts.map((part) => (part.type === 'text' ? part.text : ''))).toEqual(texts)
    })

    it('reports an assignment, but not an unassignment', async () => {
      const fixture = await setUp()
      const { ticket, cursor } = await openTicket(fixture)
      const [agent] = fixture.sandbox.agents
      fixture.sandbox.assign(ticket.id, agent?.id ?? '')
      const assigned = await eventsOf(fixture, ticket, cursor)
      expect(assigned.events.map((event) => event.type)).toEqual(['agent-assigned'])
      expect(assigned.events[0]).toMatchObject({ ticket: { ticketId: ticket.id }, agent: { id: agent?.id } })
      fixture.sandbox.assign(ticket.id, null)
      const { events } = await eventsOf(fixture, ticket, assigned.cursor)
      expect(events.filter((event) => event.type === 'agent-assigned')).toEqual([])
    })

    it('reports the last message before the end', async () => {
      const fixture = await setUp()
      const { ticket, cursor } = await openTicket(fixture)
      fixture.sandbox.solve(ticket.id, { text: 'All done, bye.' })
      const { events } = await eventsOf(fixture, ticket, cursor)
      const types = events.map((event) => event.type).filter((type) => type !== 'agent-assigned')
      expect(types).toEqual(['message-posted', 'ticket-closed'])
    })

    it('ignores internal notes, bots and the customer’s own replies', async () => {
      const fixture = await setUp()
      const { ticket, cursor } = await openTicket(fixture)
      fixture.sandbox.agentNotes(ticket.id, 'not for the customer')
      fixture.sandbox.customerReplies?.(ticket.id, 'by mail')
      fixture.sandbox.botReplies?.(ticket.id, 'I am an automation')
      const { events } = await eventsOf(fixture, ticket, cursor)
      expect(events.filter((event) => event.type === 'message-posted')).toEqual([])
    })

    it('gives a redelivered message the same id', async () => {
      const fixture = await setUp()
      const { ticket, cursor } = await openTicket(fixture)
      fixture.sandbox.agentReplies(ticket.id, 'once')
      fixture.sandbox.deliveries.waiting.push(
        ...fixture.sandbox.deliveries.waiting.map((delivery) => ({ ...delivery }))
      )
      const { events } = await eventsOf(fixture, ticket, cursor)
      const ids = events.flatMap((event) => (event.type === 'message-posted' ? [event.id] : []))
      expect(new Set(ids).size).toBe(1)
    })
  })
}
