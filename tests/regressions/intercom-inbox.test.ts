/** What agents do in Intercom's inbox, as the customer sees it. */
import { describe, expect, it } from 'vitest'
import type { IntercomSandbox } from '../../providers/intercom/sandbox'
import { handOver, seenBy, SETTLED_MS } from '../support/handoffs'
import type { Stage } from '../support/simulated'
import { send, startAt, takeDeliveries } from './helpers'

const START = async () => {
  const stage = await startAt('intercom')
  const handoff = await handOver(stage)
  const sandbox = handoff.sandbox as IntercomSandbox
  sandbox.deliveries.mode = 'held'
  takeDeliveries(sandbox)
  /** Delivers the webhooks with these topics in this order, each with the message's mark, and drops the others. */
  const deliver = async (...wanted: [topic: string, mark?: string][]): Promise<void> => {
    const requests = takeDeliveries(sandbox).map(({ request }) => request)
    for (const [topic, mark = ''] of wanted) {
      const found = requests.find(({ body }) => body.includes(`"topic":"${topic}"`) && body.includes(mark))
      if (!found) throw new Error(`Intercom sent no ${topic} ${mark}`)
      const { status } = await send(stage, found)
      expect(status).toBe(200)
      await stage.pass(5_000)
    }
    await stage.pass(SETTLED_MS)
  }
  return { stage, ...handoff, sandbox, deliver }
}

const wordsOf = (stage: Stage, conversationId: string): string[] =>
  seenBy(stage, conversationId).flatMap((line) => /FIRST|SECOND|BYE|TICKET ANSWER|closed the conv/.exec(line) ?? [])

const END = 'closed the conv'

describe('the first answer in an unassigned conversation', () => {
  it('is shown when its own webhook of a reply is lost', async () => {
    const { stage, sandbox, ticket, conversationId, deliver } = await START()
    sandbox.agentReplies(ticket().id, 'FIRST')
    sandbox.agentReplies(ticket().id, 'SECOND')
    await deliver(['conversation.admin.assigned', 'FIRST'], ['conversation.admin.replied', 'SECOND'])
    expect(wordsOf(stage, conversationId)).toEqual(['FIRST', 'SECOND'])
  })

  it.each([
    ['its webhook', [['conversation.admin.replied', 'SECOND']]],
    [
      'both webhooks, in reverse',
      [
        ['conversation.admin.replied', 'SECOND'],
        ['conversation.admin.replied', 'FIRST'],
      ],
    ],
    [
      'both webhooks',
      [
        ['conversation.admin.replied', 'FIRST'],
        ['conversation.admin.replied', 'SECOND'],
      ],
    ],
    [
      'the webhook of the open conversation',
      [
        ['conversation.admin.open.assigned', 'FIRST'],
        ['conversation.admin.replied', 'SECOND'],
      ],
    ],
  ] as [string, [string, string][]][])('comes before the second one with %s', async (_title, wanted) => {
    const { stage, sandbox, ticket, conversationId, deliver } = await START()
    sandbox.agentReplies(ticket().id, 'FIRST')
    sandbox.agentReplies(ticket().id, 'SECOND')
    await deliver(...wanted)
    expect(wordsOf(stage, conversationId)).toEqual(['FIRST', 'SECOND'])
  })

  it.each([
    [[['conversation.admin.closed'], ['conversation.admin.replied', 'FIRST']]],
    [[['conversation.admin.replied', 'FIRST'], ['conversation.admin.closed']]],
    [[['conversation.admin.closed']]],
  ] as [[string, string?][]][])('reaches the customer before an end that is sent with it: %j', async (wanted) => {
    const { stage, sandbox, ticket, conversationId, deliver } = await START()
    sandbox.solve(ticket().id, { text: 'FIRST' })
    await deliver(...wanted)
    expect(wordsOf(stage, conversationId)).toEqual(['FIRST', END])
    // The agent is not told that something was not delivered.
    expect(ticket().entries.filter(({ text }) => text.includes('was not delivered'))).toEqual([])
  })
})

describe('a conversation that an agent converts to a ticket', () => {
  it('keeps its session: the answer and the end reach the customer', async () => {
    const { stage, sandbox, ticket, conversationId, deliver } = await START()
    sandbox.convertTicket?.(ticket().id)
    sandbox.agentReplies(ticket().id, 'TICKET ANSWER')
    await deliver(['ticket.admin.replied'])
    sandbox.solve(ticket().id)
    await deliver(['ticket.closed'])
    expect(wordsOf(stage, conversationId)).toEqual(['TICKET ANSWER', END])
  })

  it('ends when the ticket is resolved', async () => {
    const { stage, sandbox, ticket, conversationId, deliver } = await START()
    sandbox.convertTicket?.(ticket().id)
    sandbox.agentReplies(ticket().id, 'TICKET ANSWER')
    sandbox.resolveTicket(ticket().id)
    await deliver(['ticket.resolved'])
    expect(wordsOf(stage, conversationId)).toEqual(['TICKET ANSWER', END])
  })

  it('is read from the ticket alone when the payload is a recorded one', async () => {
    const { stage, sandbox, ticket, conversationId } = await START()
    sandbox.convertTicket?.(ticket().id)
    const id = sandbox.addPart(ticket().id, { body: '<p>TICKET ANSWER</p>' })
    const notification = (topic: string, item: unknown) =>
      sandbox.signed(JSON.stringify({ type: 'notification_event', app_id: 'sbx1nter', topic, data: { item } }))
    const ofTicket = { type: 'ticket', id: ticket().id, ticket_id: '66' }
    const author = { type: 'admin', id: sandbox.agents[0]?.id, name: 'Ada Agent' }
    const ticketPart = { type: 'ticket_part', id, part_type: 'comment', body: '<p>TICKET ANSWER</p>', author }
    await send(
      stage,
      notification('ticket.admin.replied', { type: 'ticket_ticket_part', ticket: ofTicket, ticket_part: ticketPart })
    )
    await stage.pass(SETTLED_MS)
    await send(stage, notification('ticket.closed', { ...ofTicket, open: false }))
    await stage.pass(SETTLED_MS)
    expect(wordsOf(stage, conversationId)).toEqual(['TICKET ANSWER', END])
  })
})

describe('a contact that agents merge', () => {
  it('keeps the session: the customer’s words arrive, and the agent’s too', async () => {
    const { stage, sandbox, ticket, conversationId, deliver } = await START()
    sandbox.mergeContact?.(ticket().id)
    await stage.finish(stage.botpress.bot.customerSays(conversationId, 'are you there?'))
    await stage.pass(SETTLED_MS)
    expect(ticket().entries.map(({ text }) => text)).toContain('are you there?')
    takeDeliveries(sandbox)
    sandbox.agentReplies(ticket().id, 'FIRST')
    await deliver(['conversation.admin.replied'])
    expect(wordsOf(stage, conversationId)).toEqual(['FIRST'])
  })
})

describe('the acting teammate leaves', () => {
  it('and notes and the end go on', async () => {
    const { stage, sandbox, ticket, conversationId } = await START()
    sandbox.removeAgent?.('991267000')
    await stage.finish(stage.botpress.bot.endByCustomer(conversationId))
    await stage.pass(SETTLED_MS)
    expect(ticket().status).toBe('solved')
  })
})

describe('a file of an agent', () => {
  it('reaches the customer once, at an address that lasts', async () => {
    const { stage, sandbox, ticket, conversationId, deliver } = await START()
    const attachments = [{ name: 'invoice.pdf', contentType: 'application/pdf' }]
    sandbox.agentReplies(ticket().id, 'FIRST', { attachments })
    await deliver(['conversation.admin.replied'], ['conversation.admin.replied'])
    const seen = JSON.stringify(stage.botpress.bot.seen(conversationId))
    expect(seen.match(/invoice\.pdf/g)?.length).toBeGreaterThan(0)
    expect(seen).not.toContain('intercomcdn')
    expect(ticket().entries.filter(({ kind, text }) => kind === 'note' && text.includes('invoice.pdf'))).toEqual([])
  })
})

describe('a reply that an agent deletes', () => {
  it('does not reach the customer with a webhook that is older', async () => {
    const { stage, sandbox, ticket, conversationId, deliver } = await START()
    const id = sandbox.agentReplies(ticket().id, 'FIRST')
    sandbox.deleteReply?.(id)
    sandbox.agentReplies(ticket().id, 'SECOND')
    await deliver(['conversation.admin.replied', 'FIRST'], ['conversation.admin.replied', 'SECOND'])
    expect(wordsOf(stage, conversationId)).toEqual(['SECOND'])
  })
})

describe('the router’s answers to Intercom', () => {
  it('never disable the subscription or throttle it', async () => {
    const { stage, sandbox } = await START()
    const bodies = [
      '',
      '{',
      '{}',
      'null',
      JSON.stringify({ topic: 'ping' }),
      JSON.stringify({ topic: 'gone', data: 1 }),
    ]
    for (const path of ['/intercom', '/intercom/', '/intercom/x', '/gone', '/']) {
      for (const method of ['POST', 'HEAD', 'GET', 'PUT']) {
        for (const body of bodies) {
          const signed = sandbox.signed(body)
          for (const request of [signed, { ...signed, headers: {} }]) {
            const { status } = await send(stage, { ...request, path, method })
            expect([410, 429]).not.toContain(status)
          }
        }
      }
    }
  })
})
