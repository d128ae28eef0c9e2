import { afterEach, describe, expect, it } from 'vitest'
import { asComment } from './sandbox/state'
import { capable, closeAll, openSession, rowOf, says, setUp, shown, TARGET } from './testing'

afterEach(closeAll)

describe('webhooks', () => {
  const subscribed = async () => {
    const setting = await setUp()
    await capable(setting.driver).subscribe(TARGET)
    const hints = async () => {
      await setting.sandbox.deliveries.flush()
      return setting.received.splice(0)
    }
    return { setting, hints }
  }

  it('do not come for other people’s tickets, follow-ups, our own opening, messages and notes', async () => {
    const { setting, hints } = await subscribed()
    setting.sandbox.foreignTicket()
    const { ticket, customer } = await openSession(setting)
    await setting.driver.postMessage(ticket, says(customer, 'mine'))
    await setting.driver.postMessage(ticket, says(customer, 'note', { id: 'msg_02', author: { type: 'bot' } }))
    setting.sandbox.agentNotes(ticket.id, 'internal')
    expect(await hints()).toEqual([])
  })

  it('carry ids and nothing that anybody typed, so that no quotation mark breaks them', async () => {
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
      { type: 'ticket-changed', ticket: { ticketId: ticket.id, conversationId: 'conv_01', origin: 'recent' } },
    ])
  })

  it('come for the owner of the credentials and for another tool that answers through the API', async () => {
    const { setting, hints } = await subscribed()
    const { ticket } = await openSession(setting)
    const row = rowOf(setting, ticket.id)
    const own = setting.sandbox.state.users[0]?.id ?? 0
    const ada = Number(setting.sandbox.agents[0]?.id)
    const comment = (id: number) => ({ author_id: id, html: asComment('hello'), public: true })
    setting.sandbox.state.update(row, { comment: comment(own) }, { userId: own, via: 'web' })
    expect(await hints()).toHaveLength(1)
    setting.sandbox.state.update(row, { comment: comment(ada) }, { userId: ada, via: 'api' })
    expect(await hints()).toHaveLength(1)
  })

  it('come for an assignment while we open the ticket, for un-assigning, solving, closing and reopening', async () => {
    const { setting, hints } = await subscribed()
    const { ticket } = await openSession(setting)
    const row = rowOf(setting, ticket.id)
    const own = setting.sandbox.state.users[0]?.id ?? 0
    const ada = Number(setting.sandbox.agents[0]?.id)
    setting.sandbox.state.update(row, { assignee_id: ada }, { userId: own, via: 'api' })
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
    expect(shown(setting, ticket.id).status).toBe('closed')
  })

  it('for a foreign ticket that got our tag by a merge are ignored', async () => {
    const { setting, hints } = await subscribed()
    const { ticket } = await openSession(setting)
    const foreign = setting.sandbox.foreignTicket()
    setting.sandbox.mergeInto(ticket.id, foreign)
    await hints()
    setting.sandbox.agentReplies(foreign, 'to somebody else')
    const [hint] = await hints()
    expect(hint && setting.driver.parseWebhook(hint)).toMatchObject({
      events: [],
      ignored: expect.stringContaining(foreign),
    })
  })
})
