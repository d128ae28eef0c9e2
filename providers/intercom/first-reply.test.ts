/** Intercom's first answer to an unassigned conversation: one part that assigns and has the words. */
import { describe, expect, it } from 'vitest'
import type { SessionEvent } from '../provider'
import { openOne, parsed, part, setUp, typesOf } from './testing'

const texts = (events: SessionEvent[]): string[] =>
  events.flatMap((event) =>
    event.type === 'message-posted' && event.parts[0]?.type === 'text' ? [event.parts[0].text] : []
  )

describe('intercom: the first answer', () => {
  it('is one part, announced as assigned and as replied', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    setup.sandbox.deliveries.waiting.splice(0)
    const id = setup.sandbox.agentReplies(ticket.id, 'FIRST')
    const topics = setup.sandbox.deliveries.waiting.map(({ request }) => {
      const { topic } = JSON.parse(request.body) as { topic: string }
      return [topic, ...typesOf(setup.driver.parseWebhook(request).events)]
    })
    expect(topics).toEqual([
      ['conversation.admin.assigned', 'agent-assigned', 'message-posted'],
      ['conversation.admin.open.assigned', 'agent-assigned', 'message-posted'],
      ['conversation.admin.replied', 'message-posted'],
    ])
    const read = await setup.driver.catchUp?.(ticket, undefined)
    expect(typesOf(read?.events ?? [])).toEqual(['agent-assigned', 'message-posted'])
    expect(read?.events.at(-1)).toMatchObject({ id })
  })

  it('comes before the second one and the end, in every reading', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    setup.sandbox.agentReplies(ticket.id, 'FIRST')
    setup.sandbox.agentReplies(ticket.id, 'SECOND')
    setup.sandbox.solve(ticket.id, { text: 'BYE' })
    const { events = [] } = (await setup.driver.catchUp?.(ticket, undefined)) ?? {}
    expect(texts(events)).toEqual(['FIRST', 'SECOND', 'BYE'])
    expect(events.at(-1)?.type).toBe('ticket-closed')
  })

  it('comes before an end that is sent with it', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    setup.sandbox.solve(ticket.id, { text: 'FIRST AND LAST' })
    const { events = [] } = (await setup.driver.catchUp?.(ticket, undefined)) ?? {}
    expect(typesOf(events)).toEqual(['agent-assigned', 'message-posted', 'ticket-closed'])
  })

  it.each(['assignment', 'assign_and_reopen', 'assign_and_unsnooze'])(
    'is read from a part of type %s to its author, not to others',
    async (type) => {
      const setup = await setUp()
      const to = (id: string) => part({ part_type: type, assigned_to: { type: 'admin', id } })
      const own = parsed(setup, 'conversation.admin.assigned', [to('1')]).events
      expect(texts(own)).toEqual(['Hello'])
      // Words to a colleague may be about the customer.
      expect(texts(parsed(setup, 'conversation.admin.assigned', [to('2')]).events)).toEqual([])
      expect(texts(parsed(setup, 'conversation.admin.replied', [to('2')]).events)).toEqual(['Hello'])
    }
  )

  it('is nobody’s when a bot or a workflow assigns with words', async () => {
    const setup = await setUp()
    const author = { type: 'bot', id: '5', name: 'Fin' }
    const assignment = part({ part_type: 'assignment', author, assigned_to: { type: 'bot', id: '5' } })
    expect(parsed(setup, 'conversation.admin.replied', [assignment]).events).toEqual([])
  })
})
