import { afterEach, describe, expect, it } from 'vitest'
import { readCursor, writeCursor } from './cursor'
import { asComment, isoTime } from './sandbox/state'
import { capable, closeAll, fault, openSession, requests, rowOf, says, setUp, thrownBy } from './testing'

afterEach(closeAll)

const reading = async () => {
  const setting = await setUp()
  const session = await openSession(setting)
  const { catchUp } = capable(setting.driver)
  const types = async (cursor = session.cursor) =>
    (await catchUp(session.ticket, cursor)).events.map((event) => event.type)
  return { ...setting, ...session, setting, catchUp, types }
}

describe('what happened', () => {
  it('a ticket solved without an answer sends the customer nothing of its opening', async () => {
    const { sandbox, ticket, catchUp } = await reading()
    sandbox.solve(ticket.id)
    for (const cursor of [undefined, 'nonsense']) {
      expect((await catchUp(ticket, cursor)).events).toEqual([
        { type: 'ticket-closed', ticket: { ticketId: ticket.id, conversationId: 'conv_01' }, reason: 'solved' },
      ])
    }
  })

  it('the customer’s own mail, a colleague in copy, notes, automations and our own comments are not answers', async () => {
    const { sandbox, setting, ticket, customer, driver, types } = await reading()
    sandbox.customerReplies?.(ticket.id, 'by mail')
    sandbox.agentNotes(ticket.id, 'internal')
    sandbox.botReplies?.(ticket.id, 'automatic')
    const friend = sandbox.state.addUser({ name: 'Friend', role: 'end-user' })
    const comment = { author_id: friend.id, html: asComment('in copy'), public: true }
    sandbox.state.update(rowOf(setting, ticket.id), { comment }, { userId: friend.id, via: 'email' })
    await driver.postMessage(ticket, says(customer, 'mine'))
    await driver.postMessage(ticket, says(customer, 'a note', { id: 'msg_02', author: { type: 'bot' } }))
    expect(await types()).toEqual([])
  })

  it('an answer through another tool’s API or by the owner of the credentials is an answer', async () => {
    const { sandbox, setting, ticket, catchUp, cursor } = await reading()
    const own = sandbox.state.users[0]?.id ?? 0
    const [ada] = sandbox.agents
    const row = rowOf(setting, ticket.id)
    const from = (id: number, text: string) => ({ author_id: id, html: asComment(text), public: true })
    sandbox.state.update(row, { comment: from(Number(ada?.id), 'tool') }, { userId: Number(ada?.id), via: 'api' })
    sandbox.state.update(row, { comment: from(own, 'in person') }, { userId: own, via: 'web' })
    const { events } = await catchUp(ticket, cursor)
    expect(events.map((event) => event.type === 'message-posted' && [event.agent.name, event.parts])).toEqual([
      ['Ada Agent', [{ type: 'text', text: 'tool' }]],
      ['Botpress Router', [{ type: 'text', text: 'in person' }]],
    ])
  })

  it('is told in the order of the ids, over many pages, with few reads', async () => {
    const { sandbox, setting, ticket, catchUp, cursor } = await reading()
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

  it('who has the ticket is told once, by name and photo, and only while it is open', async () => {
    const { sandbox, ticket, catchUp, cursor } = await reading()
    const [ada, bob] = sandbox.agents
    sandbox.assign(ticket.id, bob?.id ?? '')
    sandbox.assign(ticket.id, ada?.id ?? '')
    const caught = await catchUp(ticket, cursor)
    expect(caught.events).toMatchObject([
      { type: 'agent-assigned', agent: { id: ada?.id, name: 'Ada Agent', pictureUrl: ada?.pictureUrl } },
    ])
    sandbox.assign(ticket.id, null)
    const free = await catchUp(ticket, caught.cursor)
    expect(free).toEqual({ events: [], cursor: caught.cursor })
    sandbox.assign(ticket.id, bob?.id ?? '')
    const again = await catchUp(ticket, free.cursor)
    expect(again.events).toMatchObject([{ type: 'agent-assigned', agent: { id: bob?.id } }])
    sandbox.solve(ticket.id)
    expect((await catchUp(ticket, again.cursor)).events.map((event) => event.type)).toEqual(['ticket-closed'])
  })

  it('comes in an order that can be shown: taken, said, solved', async () => {
    const { sandbox, ticket, types } = await reading()
    const [ada] = sandbox.agents
    sandbox.assign(ticket.id, ada?.id ?? '')
    sandbox.agentReplies(ticket.id, 'hello')
    expect(await types()).toEqual(['agent-assigned', 'message-posted'])
    sandbox.solve(ticket.id, { text: 'bye' })
    expect(await types()).toEqual(['message-posted', 'message-posted', 'ticket-closed'])
  })

  it('words that came while it was read are told before the end', async () => {
    const { sandbox, setting, ticket, cursor } = await reading()
    let commentsRead: () => void = () => undefined
    const afterComments = new Promise<void>((resolve) => {
      commentsRead = resolve
    })
    let said = false
    setting.tools.transport = async (config) => {
      const isTicket = config.method === 'get' && /tickets\/\d+$/.test(config.url ?? '')
      if (isTicket && !said) {
        // The comments have been answered, the ticket not yet: now the agent answers and solves in one move.
        await afterComments
        said = true
        sandbox.solve(ticket.id, { text: 'last words' })
      }
      const answer = await sandbox.server.transport(config)
      if (config.url?.endsWith('/comments')) commentsRead()
      return answer
    }
    const { events } = await capable(setting.connect()).catchUp(ticket, cursor)
    expect(events.map((event) => event.type)).toEqual(['message-posted', 'ticket-closed'])
  })

  it('the end is told once, an automatic closing days later not again, a reopening is', async () => {
    const { sandbox, ticket, catchUp, cursor } = await reading()
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

  it('a deleted ticket has ended, and so has a merged one, without the line about the merge', async () => {
    const { sandbox, setting, ticket, catchUp, cursor } = await reading()
    const other = await openSession(setting, { conversationId: 'conv_02' })
    sandbox.agentReplies(ticket.id, 'let me merge this')
    sandbox.mergeInto(ticket.id, other.ticket.id)
    expect((await catchUp(ticket, cursor)).events).toMatchObject([
      { type: 'message-posted', parts: [{ text: 'let me merge this' }] },
      { type: 'ticket-closed', reason: 'merged' },
    ])
    sandbox.remove(other.ticket.id)
    const gone = await catchUp(other.ticket, other.cursor)
    expect(gone.events).toMatchObject([{ type: 'ticket-closed', reason: 'deleted' }])
    expect((await catchUp(other.ticket, gone.cursor)).events).toEqual([])
  })

  it('is the same for two instances that read from the same cursor', async () => {
    const { sandbox, setting, ticket, cursor } = await reading()
    sandbox.agentReplies(ticket.id, 'once')
    const [one, two] = await Promise.all(
      [setting.connect(), setting.connect()].map((driver) => capable(driver).catchUp(ticket, cursor))
    )
    expect(one).toEqual(two)
  })

  it('is not guessed when it cannot be read', async () => {
    const { setting, ticket, catchUp, cursor } = await reading()
    fault(setting, 'GET', /comments/, { times: 9 })
    expect(await thrownBy(catchUp(ticket, cursor))).toMatchObject({ code: 'unavailable' })
    setting.sandbox.server.clearFaults()
    fault(setting, 'GET', /tickets\/\d+$/, { status: 403, times: 9 })
    expect(await thrownBy(catchUp(ticket, cursor))).toMatchObject({ code: 'unauthorized' })
  })
})

describe('an agent’s answer', () => {
  it('is Markdown', async () => {
    const { sandbox, setting, ticket, catchUp, cursor } = await reading()
    const [ada] = sandbox.agents
    const html =
      '<div class="zd-comment" dir="auto"><p>Press <strong>reset</strong>, see <a href="https://x.test/a">here</a>.</p><ul><li>one</li><li>two</li></ul></div>'
    const author = Number(ada?.id)
    sandbox.state.update(
      rowOf(setting, ticket.id),
      { comment: { author_id: author, html, public: true } },
      { userId: author, via: 'web' }
    )
    const { events } = await catchUp(ticket, cursor)
    const text = events[0]?.type === 'message-posted' && events[0].parts[0]?.type === 'text' && events[0].parts[0].text
    expect(text).toMatch(/Press \*\*reset\*\*, see \[here\]\(https:\/\/x\.test\/a\)\.\n+[-*] one\n[-*] two/)
  })

  const files = [
    { name: 'label.png', contentType: 'image/png' },
    { name: 'return.pdf', contentType: 'application/pdf' },
  ]

  it('brings files that the customer can open', async () => {
    const { sandbox, setting, ticket, catchUp, cursor } = await reading()
    sandbox.agentReplies(ticket.id, 'your label', { attachments: files })
    sandbox.agentReplies(ticket.id, 'again', { attachments: files })
    const { events } = await catchUp(ticket, cursor)
    expect(events[0]).toMatchObject({
      parts: [
        { type: 'text', text: 'your label' },
        {
          type: 'file',
          kind: 'image',
          title: 'label.png',
          url: expect.stringContaining('https://acme.zendesk.com/attachments/'),
        },
        { type: 'file', kind: 'file', title: 'return.pdf' },
      ],
    })
    expect(events[0]).not.toHaveProperty('undelivered')
    expect(requests(setting, 'GET', /settings/)).toHaveLength(1)
  })

  it('names files that the customer could not open', async () => {
    const { sandbox, setting, ticket, catchUp, cursor } = await reading()
    sandbox.settings.privateAttachments = true
    sandbox.agentReplies(ticket.id, 'your label', { attachments: files })
    const closed = await catchUp(ticket, cursor)
    expect(closed.events[0]).toMatchObject({ parts: [{ type: 'text', text: 'your label' }] })
    expect(closed.events[0]).toHaveProperty('undelivered', expect.stringMatching(/label\.png.*return\.pdf/))
    sandbox.settings.privateAttachments = false
    setting.clock.advance(700_000)
    const attachment = rowOf(setting, ticket.id).comments.at(-1)?.attachments[0]
    Object.assign(attachment ?? {}, { malware_scan_result: 'malware_found' })
    const { events } = await catchUp(ticket, cursor)
    expect(events[0]).toMatchObject({ parts: [{ type: 'text' }, { title: 'return.pdf' }] })
    expect(events[0]).toHaveProperty('undelivered', expect.stringContaining('malware'))
  })

  it('with files alone is an answer, and files that cannot be shared are not lost silently', async () => {
    const { sandbox, setting, ticket, catchUp, cursor } = await reading()
    fault(setting, 'GET', /settings/, { status: 403, times: 9 })
    sandbox.agentReplies(ticket.id, '', { attachments: files.slice(0, 1) })
    expect((await catchUp(ticket, cursor)).events).toMatchObject([
      { type: 'message-posted', parts: [], undelivered: expect.stringContaining('label.png') },
    ])
  })
})

describe('the cursor', () => {
  it('is read as it was written, and anything else is the beginning', () => {
    const cursor = { comment: 8_447_388_090_495, agentId: '88', over: true }
    expect(readCursor(writeCursor(cursor))).toEqual(cursor)
    for (const text of [undefined, '', 'x', '1.2', '1.2.closed', '-1.2.open', '1.a.open']) {
      expect(readCursor(text)).toEqual({ comment: 0, agentId: '', over: false })
    }
    expect(isoTime(0)).toBe('1970-01-01T00:00:00Z')
  })
})
