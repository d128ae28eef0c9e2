import { afterEach, describe, expect, it } from 'vitest'
import { asComment } from './sandbox/state'
import { capabilitiesOf, closeAll, openSession, ticketRow, messageFrom, setUp, ticketView, TARGET } from './testing'

afterEach(closeAll)

describe('webhooks', () => {
  const subscribed = async () => {
    const setting = await setUp()
    await capabilitiesOf(setting.driver).subscribe(TARGET)
    const hints = async () => {
      await setting.sandbox.deliveries.flush()
      return setting.received.splice(0)
    }
    return { setting, hints }
  }

  it('don’t fire for foreign tickets, for our own comments and for internal notes', async () => {
    const { setting, hints } = await subscribed()
    setting.sandbox.foreignTicket()
    const { ticket, customer } = await openSession(setting)
    await setting.driver.postMessage(ticket, messageFrom(customer, 'mine'))
    await setting.driver.postMessage(ticket, messageFrom(customer, 'note', { id: 'msg_02', author: { type: 'bot' } }))
    setting.sandbox.agentNotes(ticket.id, 'internal')
    expect(await hints()).toEqual([])
  })

  it('carry only ids, so that no text can break their JSON', async () => {
    const { setting, hints } = await subscribed()
    const { ticket } = await openSession(setting, { title: 'He said "no"\n\\ {{ticket.title}}' })
    setting.sandbox.agentReplies(ticket.id, 'Say "yes"\nplease')
    const [hint, ...more] = await hints()
    expect(more).toEqual([])
    expect(JSON.parse(hint?.body ?? '')).toEqual({
      hitl: 'replied',
      ticketId: ticket.id,
      externalId: 'botpress:bot-1:conv_01',
    })
    expect(hint && setting.driver.parseWebhook(hint).events).toEqual([
      {
        type: 'ticket-changed',
        ticket: { ticketId: ticket.id, conversationId: 'conv_01', botId: 'bot-1', origin: 'recent' },
      },
    ])
  })

  it('fire for replies by the credentials’ own user in the browser and by other API clients', async () => {
    const { setting, hints } = await subscribed()
    const { ticket } = await openSession(setting)
    const row = ticketRow(setting, ticket.id)
    const apiUserId = setting.sandbox.state.users[0]?.id ?? 0
    const ada = Number(setting.sandbox.agents[0]?.id)
    const comment = (id: number) => ({ author_id: id, html: asComment('hello'), public: true })
    setting.sandbox.state.update(row, { comment: comment(apiUserId) }, { userId: apiUserId, via: 'web' })
    expect(await hints()).toHaveLength(1)
    setting.sandbox.state.update(row, { comment: comment(ada) }, { userId: ada, via: 'api' })
    expect(await hints()).toHaveLength(1)
  })

  it('fire for assigning, unassigning, solving, closing and reopening', async () => {
    const { setting, hints } = await subscribed()
    const { ticket } = await openSession(setting)
    const row = ticketRow(setting, ticket.id)
    const apiUserId = setting.sandbox.state.users[0]?.id ?? 0
    const ada = Number(setting.sandbox.agents[0]?.id)
    setting.sandbox.state.update(row, { assignee_id: ada }, { userId: apiUserId, via: 'api' })
    expect(await hints()).toHaveLength(1)
    setting.sandbox.assign(ticket.id, null)
    expect(await hints()).toHaveLength(1)
    setting.sandbox.solve(ticket.id)
    expect(await hints()).toHaveLength(1)
    setting.sandbox.reopen(ticket.id)
    expect(await hints()).toHaveLength(1)
    setting.sandbox.solve(ticket.id)
    setting.sandbox.closeForGood(ticket.id)
    expect(await hints()).toHaveLength(2)
    expect(ticketView(setting, ticket.id).status).toBe('closed')
  })

  it('name no conversation for a ticket that inherited our tag through a merge', async () => {
    const { setting, hints } = await subscribed()
    const { ticket } = await openSession(setting)
    const foreign = setting.sandbox.foreignTicket()
    setting.sandbox.mergeTicket(ticket.id, foreign)
    await hints()
    setting.sandbox.agentReplies(foreign, 'to another customer')
    const [hint] = await hints()
    // Without an origin it is nobody's, unless a session says that it was merged into this ticket.
    expect(hint && setting.driver.parseWebhook(hint)).toEqual({
      events: [{ type: 'ticket-changed', ticket: { ticketId: foreign } }],
    })
  })
})
