import { describe, expect, it } from 'vitest'
import { setUp, openOne, textOf, parsed, part, types } from './testing'

describe('intercom: webhooks', () => {
  it('answers the validation of the address before there is anything to verify', async () => {
    const { driver } = await setUp()
    expect(driver.answerUnsigned?.({ method: 'HEAD', path: '/intercom' })).toEqual({ status: 200 })
    expect(driver.answerUnsigned?.({ method: 'GET', path: '/intercom' })).toBeUndefined()
  })

  it('takes a ping for what it is', async () => {
    const setting = await setUp()
    const ping = setting.sandbox.signed('{"type":"notification_event","topic":"ping","data":{"item":{"type":"ping"}}}')
    expect(setting.driver.verifyWebhook(ping, undefined)).toBe(true)
    expect(setting.driver.parseWebhook(ping)).toEqual({ events: [], ignored: 'a ping' })
  })

  it('refuses what was recorded long ago', async () => {
    const setting = await setUp()
    const at = (days: number) =>
      setting.sandbox.signed(
        JSON.stringify({ topic: 'ping', created_at: Math.floor(setting.clock.now() / 1_000) - days * 86_400 })
      )
    expect(setting.driver.verifyWebhook(at(6), undefined)).toBe(true)
    expect(setting.driver.verifyWebhook(at(8), undefined)).toBe(false)
  })

  it.each(['bot', 'user', 'lead', 'team', undefined])('hears only teammates, not authors of type %s', async (type) => {
    const setting = await setUp()
    const { events, ignored } = parsed(setting, 'conversation.admin.replied', [
      part({ author: { type, id: '1', name: 'Fin' } }),
    ])
    expect(events).toEqual([])
    expect(ignored).toBeTruthy()
  })

  it.each(['note', 'note_and_reopen', 'quick_reply', 'away_mode_assignment'])(
    'keeps %s from the customer',
    async (type) => {
      const setting = await setUp()
      expect(parsed(setting, 'conversation.admin.replied', [part({ part_type: type })]).events).toEqual([])
    }
  )

  it('reads every part, in the order of time and id, whatever the order in the payload', async () => {
    const setting = await setUp()
    const { events } = parsed(setting, 'conversation.admin.replied', [
      part({ id: '10000', created_at: 20, body: '<p>third</p>' }),
      part({ id: '9999', created_at: 20, body: '<p>second</p>' }),
      part({ id: '70000', created_at: 10, body: '<p>first</p>' }),
      part({ id: '70001', created_at: 10, part_type: 'note', body: '<p>internal</p>' }),
      'broken',
    ])
    expect(events.flatMap((event) => (event.type === 'message-posted' ? event.parts : []))).toEqual(
      ['first', 'second', 'third'].map((text) => ({ type: 'text', text }))
    )
  })

  it('gives the last words before the end, and the part’s id to the words', async () => {
    const setting = await setUp()
    const { events } = parsed(setting, 'conversation.admin.closed', [part({ part_type: 'close', body: '<p>Bye</p>' })])
    expect(events).toEqual([
      {
        type: 'message-posted',
        ticket: { ticketId: '77' },
        id: '9001',
        agent: { id: '1', name: 'Ada' },
        parts: [{ type: 'text', text: 'Bye' }],
      },
      { type: 'ticket-closed', ticket: { ticketId: '77' }, reason: 'solved' },
    ])
  })

  it('understands the published sample of an end', async () => {
    const setting = await setUp()
    const sample = part({
      id: '6073838784',
      part_type: 'close',
      body: null,
      author: { type: 'admin', id: '3330619', name: 'Andy' },
      external_id: null,
    })
    expect(
      types(parsed(setting, 'conversation.admin.closed', [sample], { open: false, state: 'closed' }).events)
    ).toEqual(['ticket-closed'])
    expect(types(parsed(setting, 'conversation.admin.closed', []).events)).toEqual(['ticket-closed'])
  })

  it('ends with a workflow’s end, and keeps a bot’s last words to itself', async () => {
    const setting = await setUp()
    const closing = part({ part_type: 'close', author: { type: 'bot', id: '6827949', name: 'Fin Bot' } })
    expect(types(parsed(setting, 'conversation.admin.closed', [closing]).events)).toEqual(['ticket-closed'])
  })

  it('is not ended or reassigned by older parts that come along', async () => {
    const setting = await setUp()
    const older = [
      part({ id: '1', part_type: 'close', body: null, created_at: 10 }),
      part({ id: '2', part_type: 'open', body: null, created_at: 11 }),
      part({ id: '3', part_type: 'assignment', body: null, created_at: 12, assigned_to: { type: 'admin', id: '5' } }),
    ]
    const { events } = parsed(setting, 'conversation.admin.replied', [...older, part({ id: '4', created_at: 13 })])
    expect(types(events)).toEqual(['message-posted'])
    const assigned = parsed(setting, 'conversation.admin.assigned', [
      ...older,
      part({ id: '4', part_type: 'assignment', body: null, created_at: 13, assigned_to: { type: 'admin', id: '6' } }),
    ])
    expect(assigned.events.filter((event) => event.type === 'agent-assigned')).toMatchObject([{ agent: { id: '6' } }])
  })

  it.each([
    ['a team', { type: 'team', id: '5017691' }],
    ['nobody', null],
    ['nobody, as an id', { type: 'admin', id: '0' }],
    ['nobody, as a type', { type: 'nobody_admin', id: null }],
  ])('does not announce %s', async (_title, assigned) => {
    const setting = await setUp()
    const handed = part({ part_type: 'assignment', body: null, assigned_to: assigned })
    expect(parsed(setting, 'conversation.admin.assigned', [handed]).events).toEqual([])
  })

  it('announces the teammate, also where the conversation is opened again by it', async () => {
    const setting = await setUp()
    const assignedTo = { type: 'admin', id: 5 }
    const byPerson = part({ part_type: 'assign_and_reopen', body: null, assigned_to: assignedTo })
    expect(types(parsed(setting, 'conversation.admin.assigned', [byPerson]).events)).toEqual([
      'ticket-reopened',
      'agent-assigned',
    ])
  })

  it('delivers an assignment’s text only where it is announced as a reply', async () => {
    const setting = await setUp()
    const handed = part({ part_type: 'assignment', assigned_to: { type: 'admin', id: '5' } })
    expect(types(parsed(setting, 'conversation.admin.assigned', [handed]).events)).toEqual(['agent-assigned'])
    expect(types(parsed(setting, 'conversation.admin.replied', [handed]).events)).toEqual(['message-posted'])
  })

  it('hears that a conversation is opened again or deleted', async () => {
    const setting = await setUp()
    expect(
      types(parsed(setting, 'conversation.admin.opened', [part({ part_type: 'open', body: null })]).events)
    ).toEqual(['ticket-reopened'])
    expect(parsed(setting, 'conversation.deleted', []).events).toMatchObject([
      { type: 'ticket-closed', reason: 'deleted' },
    ])
    expect(parsed(setting, 'conversation.deleted', [], { id: undefined, conversation_id: 77 }).events).toMatchObject([
      { ticket: { ticketId: '77' } },
    ])
  })

  it('asks for reading when an answer is announced and not sent along', async () => {
    const setting = await setUp()
    expect(types(parsed(setting, 'conversation.admin.replied', []).events)).toEqual(['ticket-changed'])
  })

  it('turns formatting, images and attachments into parts', async () => {
    const setting = await setUp()
    const url = 'https://downloads.intercomcdn.com/i/o/1/a?expires=1&signature=2'
    const { events } = parsed(setting, 'conversation.admin.replied', [
      part({
        body: `<p>See <b>this</b>:</p><div class="intercom-container"><img src="${url}&amp;n=1"></div><p>and</p>`,
        attachments: [
          { type: 'upload', name: 'voice.mp3', url: `${url}&n=2`, content_type: 'audio/mpeg' },
          { type: 'upload', name: 'film.MOV', url: `${url}&n=3`, content_type: 'application/force-download' },
          { type: 'upload', name: 'invoice.pdf', url: `${url}&n=4`, content_type: 'application/pdf' },
          { type: 'upload', name: 'lost.zip', url: null, content_type: 'application/zip' },
          { type: 'upload', name: 'same.png', url: `${url}&n=1`, content_type: 'image/png' },
        ],
      }),
    ])
    const file = (kind: string, n: number, title?: string) => ({
      type: 'file',
      kind,
      url: `${url}&n=${n}`,
      ...(title ? { title } : {}),
    })
    expect(events).toMatchObject([
      {
        parts: [
          { type: 'text', text: 'See **this**:' },
          file('image', 1),
          { type: 'text', text: 'and' },
          file('audio', 2, 'voice.mp3'),
          file('video', 3, 'film.MOV'),
          file('file', 4, 'invoice.pdf'),
        ],
        undelivered: expect.stringContaining('“lost.zip”'),
      },
    ])
  })

  it('shows nothing of a redacted part', async () => {
    const setting = await setUp()
    expect(parsed(setting, 'conversation.admin.replied', [part({ redacted: true })]).events).toEqual([])
  })
})

describe('intercom: reading', () => {
  it('reads the same events as the webhooks, after the cursor', async () => {
    const setting = await setUp()
    const ticket = await openOne(setting)
    await setting.driver.postMessage(ticket, textOf('hello?'))
    const first = setting.sandbox.agentReplies(ticket.id, 'one')
    const caught = await setting.driver.catchUp?.(ticket, undefined)
    expect(types(caught?.events ?? [])).toEqual(['agent-assigned', 'message-posted'])
    const second = setting.sandbox.agentReplies(ticket.id, 'two')
    const more = await setting.driver.catchUp?.(ticket, caught?.cursor)
    expect(more?.events.map((event) => (event.type === 'message-posted' ? event.id : ''))).toEqual([second])
    expect(first).not.toBe(second)
    setting.sandbox.agentNotes(ticket.id, 'internal')
    await expect(setting.driver.catchUp?.(ticket, more?.cursor)).resolves.toEqual({ events: [], cursor: more?.cursor })
  })

  it('does not report an end that was taken back', async () => {
    const setting = await setUp()
    const ticket = await openOne(setting)
    setting.sandbox.solve(ticket.id, { text: 'Bye' })
    setting.sandbox.reopen(ticket.id)
    const caught = await setting.driver.catchUp?.(ticket, undefined)
    expect(types(caught?.events ?? [])).toEqual(['agent-assigned', 'message-posted', 'ticket-reopened'])
  })

  it('reports a conversation that is gone', async () => {
    const setting = await setUp()
    const ticket = await openOne(setting)
    setting.sandbox.remove(ticket.id)
    const caught = await setting.driver.catchUp?.(ticket, '1:2')
    expect(caught).toMatchObject({ events: [{ type: 'ticket-closed', reason: 'deleted' }], cursor: '1:2' })
  })

  it('describes an agent, also one who has left', async () => {
    const { driver } = await setUp()
    await expect(driver.describeAgent?.('991267001')).resolves.toEqual({
      id: '991267001',
      name: 'Ada Agent',
      pictureUrl: 'https://static.intercomassets.com/avatars/ada.png',
    })
    await expect(driver.describeAgent?.('1')).resolves.toEqual({ id: '1' })
  })
})
