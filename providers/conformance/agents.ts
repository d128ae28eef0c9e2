/** Conformance: from the desk to the bot – what agents do. */
import { describe, expect, it } from 'vitest'
import type { Suite } from './setting'

export const describeAgents = ({ provider, setUp, openTicket, eventsOf, post }: Suite): void => {
  describe(`${provider.name}: agents`, () => {
    it('hears nothing of what it said itself', async () => {
      const setting = await setUp()
      const { ticket, customer, cursor } = await openTicket(setting)
      await post(setting, ticket, customer, [{ type: 'text', text: 'an echo?' }])
      await setting.driver.postMessage(ticket, {
        id: 'msg_02',
        author: { type: 'bot' },
        parts: [{ type: 'text', text: 'an echo of the bot?' }],
        mayExist: false,
      })
      expect((await eventsOf(setting, ticket, cursor)).events).toEqual([])
    })

    it('hears the agent: the message, its author, once, under the id of the ticket', async () => {
      const setting = await setUp()
      const { ticket, cursor } = await openTicket(setting)
      const [agent] = setting.sandbox.agents
      setting.sandbox.agentReplies(ticket.id, 'Ada here, I look into it.', { agentId: agent?.id })
      const { events, cursor: next } = await eventsOf(setting, ticket, cursor)
      const messages = events.filter((event) => event.type === 'message-posted')
      expect(messages).toHaveLength(1)
      expect(messages[0]).toMatchObject({
        ticket: { ticketId: ticket.id },
        agent: { id: agent?.id },
        parts: [{ type: 'text', text: 'Ada here, I look into it.' }],
      })
      const described = messages[0]?.agent.name
        ? messages[0].agent
        : await setting.driver.describeAgent?.(agent?.id ?? '')
      expect(described?.name).toBe(agent?.name)
      if (setting.driver.catchUp) {
        // A webhook that tells everything moves no cursor: reading goes past it first.
        const read = next === cursor ? await setting.driver.catchUp(ticket, next) : { cursor: next }
        expect((await setting.driver.catchUp(ticket, read.cursor)).events).toEqual([])
      }
    })

    it('keeps the order of several answers', async () => {
      const setting = await setUp()
      const { ticket, cursor } = await openTicket(setting)
      const texts = ['one', 'two', 'three', 'four', 'five']
      for (const text of texts) {
        setting.clock.advance(1_000)
        setting.sandbox.agentReplies(ticket.id, text)
      }
      const { events } = await eventsOf(setting, ticket, cursor)
      const said = events.flatMap((event) => (event.type === 'message-posted' ? event.parts : []))
      expect(said.map((part) => (part.type === 'text' ? part.text : ''))).toEqual(texts)
    })

    it('hears who took the ticket, and nothing when it is given back', async () => {
      const setting = await setUp()
      const { ticket, cursor } = await openTicket(setting)
      const [agent] = setting.sandbox.agents
      setting.sandbox.assign(ticket.id, agent?.id ?? '')
      const taken = await eventsOf(setting, ticket, cursor)
      expect(taken.events.map((event) => event.type)).toEqual(['agent-assigned'])
      expect(taken.events[0]).toMatchObject({ ticket: { ticketId: ticket.id }, agent: { id: agent?.id } })
      setting.sandbox.assign(ticket.id, null)
      const { events } = await eventsOf(setting, ticket, taken.cursor)
      expect(events.filter((event) => event.type === 'agent-assigned')).toEqual([])
    })

    it('hears the last words before the end', async () => {
      const setting = await setUp()
      const { ticket, cursor } = await openTicket(setting)
      setting.sandbox.solve(ticket.id, { text: 'All done, bye.' })
      const { events } = await eventsOf(setting, ticket, cursor)
      const types = events.map((event) => event.type).filter((type) => type !== 'agent-assigned')
      expect(types).toEqual(['message-posted', 'ticket-closed'])
    })

    it('hears nothing of notes, bots and the customer’s own replies', async () => {
      const setting = await setUp()
      const { ticket, cursor } = await openTicket(setting)
      setting.sandbox.agentNotes(ticket.id, 'not for the customer')
      setting.sandbox.customerReplies?.(ticket.id, 'by mail')
      setting.sandbox.botReplies?.(ticket.id, 'I am an automation')
      const { events } = await eventsOf(setting, ticket, cursor)
      expect(events.filter((event) => event.type === 'message-posted')).toEqual([])
    })

    it('reads the same again after a redelivery', async () => {
      const setting = await setUp()
      const { ticket, cursor } = await openTicket(setting)
      setting.sandbox.agentReplies(ticket.id, 'once')
      setting.sandbox.deliveries.waiting.push(
        ...setting.sandbox.deliveries.waiting.map((delivery) => ({ ...delivery }))
      )
      const { events } = await eventsOf(setting, ticket, cursor)
      const ids = events.flatMap((event) => (event.type === 'message-posted' ? [event.id] : []))
      expect(new Set(ids).size).toBe(1)
    })
  })
}
