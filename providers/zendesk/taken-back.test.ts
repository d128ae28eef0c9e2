import { afterEach, describe, expect, it } from 'vitest'
import { isHandBack } from '../kit/hand-back'
import type { SessionEvent } from '../provider'
import { asComment } from './sandbox/state'
import { capabilitiesOf, closeAll, messageFrom, openSession, setUp, TARGET, ticketRow } from './testing'

afterEach(closeAll)

const startSession = async () => {
  const setting = await setUp()
  await capabilitiesOf(setting.driver).subscribe(TARGET)
  const session = await openSession(setting)
  return { ...session, setting, sandbox: setting.sandbox, catchUp: capabilitiesOf(setting.driver).catchUp }
}

describe('a reply that an agent redacts after it was read', () => {
  it('is reported as removed, once', async () => {
    const { sandbox, ticket, catchUp, cursor } = await startSession()
    const [ada] = sandbox.agents
    const id = sandbox.agentReplies(ticket.id, 'the wrong customer’s address')
    sandbox.agentReplies(ticket.id, 'sorry')
    const read = await catchUp(ticket, cursor)
    sandbox.deleteReply(id)
    const again = await catchUp(ticket, read.cursor)
    expect(again.events).toMatchObject([{ type: 'message-removed', id, agent: { id: ada?.id, name: 'Ada Agent' } }])
    expect(await catchUp(ticket, read.cursor)).toEqual(again)
    expect(await catchUp(ticket, again.cursor)).toEqual({ events: [], cursor: again.cursor })
    sandbox.agentReplies(ticket.id, 'one more')
    const types = (await catchUp(ticket, again.cursor)).events.map(({ type }) => type)
    expect(types).toEqual(['message-posted'])
  })

  it('in part is reported as edited, with a version of its own each time', async () => {
    const { sandbox, setting, ticket, catchUp, cursor } = await startSession()
    const id = sandbox.agentReplies(ticket.id, 'call 555-0100 or 555-0199')
    let position = (await catchUp(ticket, cursor)).cursor
    const events: SessionEvent[] = []
    for (const text of ['call ▇▇▇▇▇▇▇▇ or 555-0199', 'call ▇▇▇▇▇▇▇▇ or ▇▇▇▇▇▇▇▇']) {
      const comment = ticketRow(setting, ticket.id).comments.find((row) => String(row.id) === id)
      Object.assign(comment ?? {}, { plain: text, html: asComment(text) })
      const read = await catchUp(ticket, position)
      events.push(...read.events)
      position = read.cursor
    }
    expect(events).toMatchObject([
      { type: 'message-edited', id, parts: [{ text: 'call ▇▇▇▇▇▇▇▇ or 555-0199' }] },
      { type: 'message-edited', id, parts: [{ text: 'call ▇▇▇▇▇▇▇▇ or ▇▇▇▇▇▇▇▇' }] },
    ])
    expect(new Set(events.map((event) => event.type === 'message-edited' && event.version)).size).toBe(2)
  })

  it('without one of its files is reported as edited', async () => {
    const { sandbox, setting, ticket, catchUp, cursor } = await startSession()
    const attachments = [{ name: 'wrong.pdf', contentType: 'application/pdf' }]
    const id = sandbox.agentReplies(ticket.id, 'as asked', { attachments })
    const read = await catchUp(ticket, cursor)
    const comment = ticketRow(setting, ticket.id).comments.find((row) => String(row.id) === id)
    Object.assign(comment?.attachments[0] ?? {}, { file_name: 'redacted.txt', size: 0 })
    expect((await catchUp(ticket, read.cursor)).events).toMatchObject([
      { type: 'message-edited', id, parts: [{ type: 'text', text: 'as asked' }] },
    ])
  })

  it('before it was read is neither delivered nor reported', async () => {
    const { sandbox, ticket, catchUp, cursor } = await startSession()
    sandbox.deleteReply(sandbox.agentReplies(ticket.id, 'never mind'))
    const later = sandbox.agentReplies(ticket.id, 'hello')
    const read = await catchUp(ticket, cursor)
    expect(read.events).toMatchObject([{ type: 'message-posted', id: later }])
    expect((await catchUp(ticket, read.cursor)).events).toEqual([])
  })

  it('is not reported of notes and of the customer’s own messages', async () => {
    const { sandbox, setting, ticket, customer, catchUp, cursor } = await startSession()
    await setting.driver.postMessage(ticket, messageFrom(customer, 'my card is 4111'))
    sandbox.agentNotes(ticket.id, 'careful')
    sandbox.agentReplies(ticket.id, 'hello')
    const read = await catchUp(ticket, cursor)
    for (const { id, html } of ticketRow(setting, ticket.id).comments.slice(0, -1)) {
      if (html) sandbox.deleteReply(String(id))
    }
    expect((await catchUp(ticket, read.cursor)).events).toEqual([])
  })
})

describe('an internal note that is the hand-back phrase', () => {
  it('gives the conversation back, and its trigger tells so', async () => {
    const { sandbox, setting, ticket, catchUp, cursor } = await startSession()
    const [ada] = sandbox.agents
    sandbox.agentNotes(ticket.id, 'shall we use /bot now?')
    sandbox.agentNotes(ticket.id, ' /BOT\u200b')
    sandbox.agentNotes(ticket.id, '/bot')
    await sandbox.deliveries.flush()
    expect(setting.received.map(({ body }) => JSON.parse(body) as unknown)).toContainEqual(
      expect.objectContaining({ hitl: 'noted', ticketId: ticket.id })
    )
    const read = await catchUp(ticket, cursor)
    const handBack = { type: 'handed-back', ticket: { ticketId: ticket.id }, agent: { id: ada?.id, name: 'Ada Agent' } }
    expect(read.events).toMatchObject([handBack, handBack])
    expect((await catchUp(ticket, read.cursor)).events).toEqual([])
  })

  it('is another phrase where the configuration says so', async () => {
    const { sandbox, setting, ticket, cursor } = await startSession()
    sandbox.agentNotes(ticket.id, '/bot')
    sandbox.agentNotes(ticket.id, 'Back to you')
    const { catchUp } = capabilitiesOf(setting.connect({}, { handBack: 'back to you' }))
    expect((await catchUp(ticket, cursor)).events).toMatchObject([{ type: 'handed-back' }])
  })

  it('is nothing in a public reply, in the bot’s note, or from anybody but an agent', async () => {
    const { sandbox, setting, ticket, customer, catchUp, cursor } = await startSession()
    const row = ticketRow(setting, ticket.id)
    sandbox.agentReplies(ticket.id, '/bot')
    await setting.driver.postMessage(ticket, messageFrom(customer, '/bot', { author: { type: 'bot' } }))
    for (const comment of row.comments) Object.assign(comment, { custom: undefined })
    const friend = sandbox.state.addUser({ name: 'Friend', role: 'end-user' })
    const comment = { author_id: friend.id, html: asComment('/bot'), public: false }
    sandbox.state.update(row, { comment }, { userId: friend.id, via: 'email' })
    expect((await catchUp(ticket, cursor)).events.map(({ type }) => type)).toEqual(['message-posted'])
  })

  it('is recognised by what people see', () => {
    for (const text of ['/bot', ' /Bot \n', '／bot', '/\u200bbot']) expect(isHandBack(text, '/bot')).toBe(true)
    for (const text of ['', '/bots', '/bot please', 'see /bot', '/ bot']) expect(isHandBack(text, '/bot')).toBe(false)
    expect(isHandBack('/bot', ' ')).toBe(true)
    expect(isHandBack('', '')).toBe(false)
  })
})
