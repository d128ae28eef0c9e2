import { afterEach, describe, expect, it } from 'vitest'
import { readCursor, writeCursor } from './cursor'
import { asComment, isoTime } from './sandbox/state'
import {
  capabilitiesOf,
  closeAll,
  fault,
  openSession,
  requests,
  ticketRow,
  messageFrom,
  setUp,
  errorOf,
} from './testing'

afterEach(closeAll)

const startSession = async () => {
  const setting = await setUp()
  const session = await openSession(setting)
  const { catchUp } = capabilitiesOf(setting.driver)
  const types = async (cursor = session.cursor) =>
    (await catchUp(session.ticket, cursor)).events.map((event) => event.type)
  return { ...setting, ...session, setting, catchUp, types }
}

describe('catching up', () => {
  it('reports only the end of a ticket solved without a reply', async () => {
    const { sandbox, ticket, catchUp } = await startSession()
    sandbox.solve(ticket.id)
    for (const cursor of [undefined, 'nonsense']) {
      expect((await catchUp(ticket, cursor)).events).toEqual([
        { type: 'ticket-closed', ticket: { ticketId: ticket.id, conversationId: 'conv_01' }, reason: 'solved' },
      ])
    }
  })

  it('skips comments by end users, notes, automatic comments and our own', async () => {
    const { sandbox, setting, ticket, customer, driver, types } = await startSession()
    sandbox.customerReplies?.(ticket.id, 'by mail')
    sandbox.agentNotes(ticket.id, 'internal')
    sandbox.botReplies?.(ticket.id, 'automatic')
    const friend = sandbox.state.addUser({ name: 'Friend', role: 'end-user' })
    const comment = { author_id: friend.id, html: asComment('in copy'), public: true }
    sandbox.state.update(ticketRow(setting, ticket.id), { comment }, { userId: friend.id, via: 'email' })
    await driver.postMessage(ticket, messageFrom(customer, 'mine'))
    await driver.postMessage(ticket, messageFrom(customer, 'a note', { id: 'msg_02', author: { type: 'bot' } }))
    expect(await types()).toEqual([])
  })

  it('reports replies by other API clients and by the credentials’ own user in the browser', async () => {
    const { sandbox, setting, ticket, catchUp, cursor } = await startSession()
    const apiUserId = sandbox.state.users[0]?.id ?? 0
    const [ada] = sandbox.agents
    const row = ticketRow(setting, ticket.id)
    const from = (id: number, text: string) => ({ author_id: id, html: asComment(text), public: true })
    sandbox.state.update(row, { comment: from(Number(ada?.id), 'tool') }, { userId: Number(ada?.id), via: 'api' })
    sandbox.state.update(row, { comment: from(apiUserId, 'in person') }, { userId: apiUserId, via: 'web' })
    const { events } = await catchUp(ticket, cursor)
    expect(events.map((event) => event.type === 'message-posted' && [event.agent.name, event.parts])).toEqual([
      ['Ada Agent', [{ type: 'text', text: 'tool' }]],
      ['Botpress Router', [{ type: 'text', text: 'in person' }]],
    ])
  })

  it('reports comments in the order of their ids over many pages, with few reads', async () => {
    const { sandbox, setting, ticket, catchUp, cursor } = await startSession()
    for (let count = 0; count < 250; count += 1) sandbox.agentReplies(ticket.id, `answer ${count}`)
    const caught = await catchUp(ticket, cursor)
    expect(caught.events.map((event) => event.type === 'message-posted' && event.parts[0])).toEqual(
      Array.from({ length: 250 }, (_unused, count) => ({ type: 'text', text: `answer ${count}` }))
    )
    const before = requests(setting, 'GET', /comments/).length
    sandbox.agentReplies(ticket.id, 'one more')
    expect((await catchUp(ticket, caught.cursor)).events).toHaveLength(1)
    expect(requests(setting, 'GET', /comments/).length - before).toBe(1)
  })

  it('reports the assignee once, with name and photo, and only while the ticket is open', async () => {
    const { sandbox, ticket, catchUp, cursor } = await startSession()
    const [ada, bob] = sandbox.agents
    sandbox.assign(ticket.id, bob?.id ?? '')
    sandbox.assign(ticket.id, ada?.id ?? '')
    const caught = await catchUp(ticket, cursor)
    expect(caught.events).toMatchObject([
      { type: 'agent-assigned', agent: { id: ada?.id, name: 'Ada Agent', pictureUrl: ada?.pictureUrl } },
    ])
    sandbox.assign(ticket.id, null)
    const unassigned = await catchUp(ticket, caught.cursor)
    expect(unassigned).toEqual({ events: [], cursor: caught.cursor })
    sandbox.assign(ticket.id, bob?.id ?? '')
    const again = await catchUp(ticket, unassigned.cursor)
    expect(again.events).toMatchObject([{ type: 'agent-assigned', agent: { id: bob?.id } }])
    sandbox.solve(ticket.id)
    expect((await catchUp(ticket, again.cursor)).events.map((event) => event.type)).toEqual(['ticket-closed'])
  })

  it('reports the assignment first and the end last', async () => {
    const { sandbox, ticket, types } = await startSession()
    const [ada] = sandbox.agents
    sandbox.assign(ticket.id, ada?.id ?? '')
    sandbox.agentReplies(ticket.id, 'hello')
    expect(await types()).toEqual(['agent-assigned', 'message-posted'])
    sandbox.solve(ticket.id, { text: 'bye' })
    expect(await types()).toEqual(['message-posted', 'message-posted', 'ticket-closed'])
  })

  it('reports a comment that arrives during the read before the end', async () => {
    const { sandbox, setting, ticket, cursor } = await startSession()
    let commentsRead: () => void = () => undefined
    const afterComments = new Promise<void>((resolve) => {
      commentsRead = resolve
    })
    let isSolved = false
    setting.tools.transport = async (config) => {
      const isTicket = config.method === 'get' && /tickets\/\d+$/.test(config.url ?? '')
      if (isTicket && !isSolved) {
        // The comments are read, the ticket isn't yet: now the agent replies and solves in one submission.
        await afterComments
        isSolved = true
        sandbox.solve(ticket.id, { text: 'last words' })
      }
      const answer = await sandbox.server.transport(config)
      if (config.url?.endsWith('/comments')) commentsRead()
      return answer
    }
    const { events } = await capabilitiesOf(setting.connect()).catchUp(ticket, cursor)
    expect(events.map((event) => event.type)).toEqual(['message-posted', 'ticket-closed'])
  })

  it('reports each end and reopening once, and not the automatic closing that follows', async () => {
    const { sandbox, ticket, catchUp, cursor } = await startSession()
    sandbox.solve(ticket.id)
    const ended = await catchUp(ticket, cursor)
    sandbox.reopen(ticket.id)
    const reopened = await catchUp(ticket, ended.cursor)
    expect(reopened.events.map((event) => event.type)).toEqual(['ticket-reopened', 'agent-assigned'])
    sandbox.solve(ticket.id)
    const again = await catchUp(ticket, reopened.cursor)
    expect(again.events.map((event) => event.type)).toEqual(['ticket-closed'])
    sandbox.closeForGood(ticket.id)
    expect(await catchUp(ticket, again.cursor)).toEqual({ events: [], cursor: again.cursor })
  })

  it('reports the end of deleted and merged tickets, without Zendesk’s comment about the merge', async () => {
    const { sandbox, setting, ticket, catchUp, cursor } = await startSession()
    const other = await openSession(setting, { conversationId: 'conv_02' })
    sandbox.agentReplies(ticket.id, 'let me merge this')
    sandbox.mergeTicket(ticket.id, other.ticket.id)
    expect((await catchUp(ticket, cursor)).events).toMatchObject([
      { type: 'message-posted', parts: [{ text: 'let me merge this' }] },
      { type: 'ticket-closed', reason: 'merged' },
    ])
    sandbox.remove(other.ticket.id)
    const gone = await catchUp(other.ticket, other.cursor)
    expect(gone.events).toMatchObject([{ type: 'ticket-closed', reason: 'deleted' }])
    expect((await catchUp(other.ticket, gone.cursor)).events).toEqual([])
  })

  it('returns the same to two instances that read from the same cursor', async () => {
    const { sandbox, setting, ticket, cursor } = await startSession()
    sandbox.agentReplies(ticket.id, 'once')
    const [one, two] = await Promise.all(
      [setting.connect(), setting.connect()].map((driver) => capabilitiesOf(driver).catchUp(ticket, cursor))
    )
    expect(one).toEqual(two)
  })

  it('fails when the ticket or its comments can’t be read', async () => {
    const { setting, ticket, catchUp, cursor } = await startSession()
    fault(setting, 'GET', /comments/, { times: 9 })
    expect(await errorOf(catchUp(ticket, cursor))).toMatchObject({ code: 'unavailable' })
    setting.sandbox.server.clearFaults()
    fault(setting, 'GET', /tickets\/\d+$/, { status: 403, times: 9 })
    expect(await errorOf(catchUp(ticket, cursor))).toMatchObject({ code: 'unauthorized' })
  })
})

describe('an agent’s reply', () => {
  it('is converted to Markdown', async () => {
    const { sandbox, setting, ticket, catchUp, cursor } = await startSession()
    const [ada] = sandbox.agents
    const html =
      '<div class="zd-comment" dir="auto"><p>Press <strong>reset</strong>, see <a href="https://x.test/a">here</a>.</p><ul><li>one</li><li>two</li></ul></div>'
    const author = Number(ada?.id)
    sandbox.state.update(
      ticketRow(setting, ticket.id),
      { comment: { author_id: author, html, public: true } },
      { userId: author, via: 'web' }
    )
    const { events } = await catchUp(ticket, cursor)
    const text = events[0]?.type === 'message-posted' && events[0].parts[0]?.type === 'text' && events[0].parts[0].text
    expect(text).toMatch(/Press \*\*reset\*\*, see \[here\]\(https:\/\/x\.test\/a\)\.\n+[-*] one\n[-*] two/)
  })

  it('is delivered without the quotation and the signature of a mail', async () => {
    const { sandbox, setting, ticket, catchUp, cursor } = await startSession()
    const [ada] = sandbox.agents
    const author = Number(ada?.id)
    const html =
      '<div class="zd-comment"><div dir="ltr">It is on its way.</div><br><div class="gmail_signature">Ada, Acme</div>' +
      '<div class="gmail_quote"><div class="gmail_attr">On 3 May Eve wrote:</div><blockquote>Where is it?</blockquote></div></div>'
    for (const via of ['email', 'web'] as const) {
      const comment = { author_id: author, html, public: true }
      sandbox.state.update(ticketRow(setting, ticket.id), { comment }, { userId: author, via })
    }
    const texts = (await catchUp(ticket, cursor)).events.flatMap((event) =>
      event.type === 'message-posted' ? [JSON.stringify(event.parts)] : []
    )
    expect(texts[0]).toContain('It is on its way.')
    expect(texts[0]).not.toMatch(/Acme|Where is it/)
    expect(texts[1]).toContain('Where is it')
  })
})

describe('the cursor', () => {
  it('round-trips, and an invalid one reads from the beginning', () => {
    const cursor = { comment: 8_447_388_090_495, agentId: '88', over: true, redacted: new Map<string, string>() }
    expect(readCursor(writeCursor(cursor))).toEqual(cursor)
    const redacted = new Map(Array.from({ length: 8 }, (_, index) => [`844738809000${index}`, 'a1b2c3d4'] as const))
    expect(readCursor(writeCursor({ ...cursor, redacted }))).toEqual({ ...cursor, redacted })
    expect(writeCursor({ ...cursor, redacted }).length).toBeLessThan(300)
    for (const text of [undefined, '', 'x', '1.2', '1.2.closed', '-1.2.open', '1.a.open']) {
      expect(readCursor(text)).toEqual({ comment: 0, agentId: '', over: false, redacted: new Map() })
    }
    expect(isoTime(0)).toBe('1970-01-01T00:00:00Z')
  })
})
