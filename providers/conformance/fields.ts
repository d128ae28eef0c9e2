/** Conformance: what a session asks for in the ticket, the fate of messages, and what agents change afterwards. */
import { describe, expect, it } from 'vitest'
import type { Suite } from './suite'

export const describeFields = (suite: Suite): void => {
  const { descriptor, provider, setUp, customerAt, requestFor, openTicket, eventsOf, ticketOf } = suite

  describe(`${provider.name}: fields`, () => {
    it('that the desk has are filled in, and others are named, whatever the desk says', async () => {
      const fixture = await setUp()
      const customer = await customerAt(fixture)
      const known = descriptor.fields ?? {}
      const fields = { ...known, 'No such field': 'whatever' }
      const opened = await fixture.driver.openTicket(requestFor(customer, { options: { fields } }))
      const ticket = ticketOf(fixture, { id: opened.id, conversationId: 'conv_01' })
      if (descriptor.fields) {
        expect(ticket.fields).toMatchObject(known)
        if (descriptor.takesAnyField) expect(ticket.fields).toMatchObject(fields)
        else expect(opened.leftOut?.join('\n')).toContain('No such field')
      }
      expect(JSON.stringify(opened.leftOut ?? [])).not.toContain('whatever')
      expect(fixture.sandbox.tickets().filter(({ conversationId }) => conversationId === 'conv_01')).toHaveLength(1)
    })

    it('that are too many or too long keep no ticket from being opened: each is there or named', async () => {
      const fixture = await setUp()
      const customer = await customerAt(fixture)
      const fields = Object.fromEntries(
        Array.from({ length: 20 }, (_unused, index) => [`Field ${index} of the bot`, `${index} `.repeat(60).trim()])
      )
      const opened = await fixture.driver.openTicket(requestFor(customer, { options: { fields } }))
      const ticket = ticketOf(fixture, { id: opened.id, conversationId: 'conv_01' })
      const shown = ticket.fields ?? {}
      const named = (opened.leftOut ?? []).join('\n')
      for (const field of Object.keys(fields)) expect(field in shown || named.includes(`${field}`), field).toBe(true)
    })

    it('keep no ticket from being opened: priority, assignee and tags that the desk refuses are left out', async () => {
      const fixture = await setUp()
      const customer = await customerAt(fixture)
      const options = { assignee: 'nobody@nowhere.example', subjectPrefix: '[Shop]', priority: 'urgent' as const }
      const opened = await fixture.driver.openTicket(requestFor(customer, { options }))
      expect(opened.id).not.toBe('')
    })
  })

  if (descriptor.capabilities.includes('reportFate')) {
    describe(`${provider.name}: fate of a message`, () => {
      it('is shown at the message, and never throws', async () => {
        const fixture = await setUp()
        const { ticket } = await openTicket(fixture)
        const { sandbox, driver } = fixture
        const [lost, arrived] = [sandbox.agentReplies(ticket.id, 'lost'), sandbox.agentReplies(ticket.id, 'arrived')]
        expect(sandbox.fateOf, 'the sandbox tells what the desk shows').toBeDefined()
        await driver.reportFate?.(ticket, lost, { type: 'failed', why: 'The conversation has ended' })
        await driver.reportFate?.(ticket, arrived, { type: 'delivered' })
        expect(sandbox.fateOf?.(lost)).toBeTruthy()
        expect(sandbox.fateOf?.(arrived)).toBeTruthy()
        expect(sandbox.fateOf?.(arrived)).not.toBe(sandbox.fateOf?.(lost))
        sandbox.server.addFault({ kind: 'status', status: 500, times: 9 })
        await expect(driver.reportFate?.(ticket, lost, { type: 'delivered' })).resolves.toBeUndefined()
      })
    })
  }

  if (descriptor.reports?.edits) {
    describe(`${provider.name}: edits`, () => {
      it('are events with the message’s id, its new text, and a version of their own', async () => {
        const fixture = await setUp()
        const { ticket, cursor } = await openTicket(fixture)
        const id = fixture.sandbox.agentReplies(ticket.id, 'It costs 10')
        const posted = await eventsOf(fixture, ticket, cursor)
        fixture.clock.advance(60_000)
        fixture.sandbox.agentEdits?.(id, 'It costs 100')
        const first = await eventsOf(fixture, ticket, posted.cursor)
        fixture.clock.advance(60_000)
        fixture.sandbox.agentEdits?.(id, 'It costs 1000')
        const second = await eventsOf(fixture, ticket, first.cursor)
        const edits = [...first.events, ...second.events].filter((event) => event.type === 'message-edited')
        expect(edits).toMatchObject([
          { id, parts: [{ type: 'text', text: 'It costs 100' }] },
          { id, parts: [{ type: 'text', text: 'It costs 1000' }] },
        ])
        expect(new Set(edits.map(({ version }) => version)).size).toBe(2)
        expect([...first.events, ...second.events].some(({ type }) => type === 'message-posted')).toBe(false)
      })
    })
  }

  if (descriptor.reports?.deletions) {
    describe(`${provider.name}: deletions`, () => {
      it('are events with the message’s id', async () => {
        const fixture = await setUp()
        const { ticket, cursor } = await openTicket(fixture)
        const id = fixture.sandbox.agentReplies(ticket.id, 'Not meant for you')
        const posted = await eventsOf(fixture, ticket, cursor)
        fixture.clock.advance(60_000)
        fixture.sandbox.deleteReply?.(id)
        const { events } = await eventsOf(fixture, ticket, posted.cursor)
        expect(events.filter((event) => event.type === 'message-removed')).toMatchObject([{ id }])
      })
    })
  }
}
