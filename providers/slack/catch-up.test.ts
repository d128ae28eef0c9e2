import { afterEach, describe, expect, it } from 'vitest'
import type { SessionEvent, TicketKey } from '../provider'
import { addressToId } from './ids'
import { closeAll, fromCustomer, setUp } from './testing'

afterEach(closeAll)

const ADA = 'U0ADA000001'
const BOT_USER = 'U0HITLROUTER'

const openThread = async (config: Record<string, unknown> = {}) => {
  const setting = await setUp(config)
  const ticket = await setting.openTicket()
  const { catchUp } = setting.driver
  if (!catchUp) throw new Error('The driver lacks catchUp')
  return { ...setting, ticket, read: (cursor?: string) => catchUp(ticket, cursor) }
}

const texts = (events: SessionEvent[]): string[] =>
  events.flatMap((event) =>
    event.type === 'message-posted' && event.parts[0]?.type === 'text' ? [event.parts[0].text] : []
  )
const messages = (events: SessionEvent[]) => events.filter((event) => event.type === 'message-posted')
const timestampOf = (id: string) => id.split(':')[1]

describe('reading a thread', () => {
  it('returns the same replies as the webhooks', async () => {
    const { sandbox, deliver, read, ticket } = await openThread({ internalPrefix: '🔒' })
    const pdf = { name: 'invoice.pdf', contentType: 'application/pdf' }
    sandbox.agentReplies(ticket.id, 'plain & <simple>')
    sandbox.agentReplies(ticket.id, `<@${BOT_USER}> to the app, and <@${ADA}>`)
    sandbox.agentReplies(ticket.id, 'with a file', { attachments: [pdf] })
    sandbox.agentReplies(ticket.id, '', { attachments: [pdf] })
    sandbox.postAsPerson(ticket.id, 'without *blocks*', { blocks: undefined })
    sandbox.postAsPerson(ticket.id, 'also to the channel', { subtype: 'thread_broadcast' })
    sandbox.postAsPerson(ticket.id, 'shrugs', { subtype: 'me_message' })
    sandbox.postAsPerson(ticket.id, 'through a tool', { botId: 'B0TOOL00001' })
    sandbox.postAsPerson(ticket.id, 'through an app', { botId: 'B0OTHERAPP1', appId: 'A0OTHERAPP1' })
    const replyCount = 9
    sandbox.agentReplies(ticket.id, '🔒 not for Eve')
    sandbox.postAsPerson(ticket.id, `<@${BOT_USER}> 🔒 nor this`)
    sandbox.botReplies?.(ticket.id, 'a reminder')
    sandbox.postAsPerson(ticket.id, 'by an app', { user: 'U0POLLY0001', botId: 'B0OTHERAPP1', appId: 'A0OTHERAPP1' })
    sandbox.postAsPerson(ticket.id, 'reminded', { user: 'USLACKBOT' })
    sandbox.postAsPerson(ticket.id, 'as ourselves', { user: BOT_USER })
    sandbox.postAsPerson(ticket.id, 'has joined', { subtype: 'channel_join' })
    const key: TicketKey = { ticketId: ticket.id, conversationId: ticket.conversationId }
    const { events } = await read()
    expect(messages(events)).toHaveLength(replyCount)
    // A mention arrives twice, as `message` and as `app_mention`.
    const pushed = new Map(messages((await deliver()).events).map((event) => [event.id, { ...event, ticket: key }]))
    expect(events).toEqual(
      [...pushed.values()].flatMap((event) => [
        { type: 'agent-assigned', ticket: key, agent: event.agent, ifUnassigned: true },
        event,
      ])
    )
  })

  it('takes one call, from the cursor on', async () => {
    const { sandbox, driver, read, ticket, calls } = await openThread()
    sandbox.agentReplies(ticket.id, 'one')
    const second = sandbox.agentReplies(ticket.id, 'two')
    await driver.postMessage(ticket, fromCustomer('mine'))
    const caught = await read()
    expect(texts(caught.events)).toEqual(['one', 'two'])
    expect(caught.cursor).toBe(timestampOf(second))
    sandbox.agentReplies(ticket.id, 'three')
    expect(texts((await read(caught.cursor)).events)).toEqual(['three'])
    const ts = timestampOf(ticket.id)
    expect(calls('conversations.replies')).toMatchObject([{ ts }, { ts, oldest: caught.cursor }])
    expect(calls('conversations.replies')[0]).not.toHaveProperty('oldest')
  })

  it('reads all pages', async () => {
    const { sandbox, read, ticket, calls } = await openThread()
    const lines = Array.from({ length: 450 }, (_unused, index) => `line ${index}`)
    for (const line of lines) sandbox.agentReplies(ticket.id, line)
    expect(texts((await read()).events)).toEqual(lines)
    expect(calls('conversations.replies')).toHaveLength(3)
  })

  it('starts at the beginning if the cursor isn’t a timestamp', async () => {
    const { sandbox, read, ticket } = await openThread()
    sandbox.agentReplies(ticket.id, 'one')
    for (const cursor of ['', 'nonsense', '17', '1.2.3']) expect(texts((await read(cursor)).events)).toEqual(['one'])
  })

  it('returns edited replies as they are now and omits deleted ones', async () => {
    const { sandbox, read, ticket } = await openThread()
    const first = sandbox.agentReplies(ticket.id, 'teh answer')
    sandbox.deleteMessage(sandbox.agentReplies(ticket.id, 'a slip'))
    sandbox.agentReplies(ticket.id, 'another')
    sandbox.agentEdits(first, 'the answer')
    const { events } = await read()
    expect(texts(events)).toEqual(['the answer', 'another'])
    expect(events).toContainEqual(expect.objectContaining({ type: 'message-posted', id: first }))
  })

  it('continues after the root was deleted, by reading and by webhook', async () => {
    const { sandbox, driver, read, ticket, deliver, ticketAt } = await openThread()
    sandbox.agentReplies(ticket.id, 'one')
    const before = await read()
    await deliver()
    sandbox.deleteMessage(ticket.id)
    const id = sandbox.agentReplies(ticket.id, 'two')
    expect(texts((await read(before.cursor)).events)).toEqual(['two'])
    expect(texts((await read()).events)).toEqual(['one', 'two'])
    expect((await deliver()).events).toContainEqual(expect.objectContaining({ type: 'message-posted', id }))
    await driver.postMessage(ticket, fromCustomer('still here'))
    await driver.closeTicket(ticket)
    await driver.closeTicket(ticket)
    const said = ticketAt(ticket).entries.map(({ text }) => text)
    expect(said.slice(-2)).toEqual(['still here', expect.stringContaining('has ended')])
  })

  it('does not take a thread for deleted while the channel still has it', async () => {
    const { sandbox, read, ticket } = await openThread()
    const refusal = { kind: 'status' as const, status: 200, body: { ok: false, error: 'thread_not_found' } }
    sandbox.server.addFault({ ...refusal, matches: ({ path }) => path.endsWith('conversations.replies') })
    await expect(read()).rejects.toMatchObject({ code: 'unavailable', outcome: 'none' })
    await expect(read()).resolves.toEqual({ events: [], cursor: undefined })
    sandbox.remove(ticket.id)
    await expect(read('1.2')).resolves.toMatchObject({
      events: [{ type: 'ticket-closed', reason: 'deleted' }],
      cursor: '1.2',
    })
  })

  it('does not take a thread for deleted when the app lost access to the channel', async () => {
    const { sandbox, driver, ticket, read } = await openThread()
    const elsewhere = { ...ticket, id: addressToId({ channel: 'G0PRIVATE01', ts: '1.000002' }) }
    await expect(driver.catchUp?.(elsewhere, undefined)).rejects.toMatchObject({ code: 'misconfigured' })
    sandbox.switches.scopes.delete('channels:history')
    sandbox.switches.scopes.delete('groups:history')
    await expect(read()).rejects.toMatchObject({ code: 'unauthorized' })
  })
})
