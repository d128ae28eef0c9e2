import { describe, expect, it } from 'vitest'
import { setUp, openOne, textOf, parsed, part, typesOf } from './testing'

describe('intercom: webhooks', () => {
  it('answers the unsigned validation of the endpoint', async () => {
    const { driver } = await setUp()
    expect(driver.answerUnsigned?.({ method: 'HEAD', path: '/intercom' })).toEqual({ status: 200 })
    expect(driver.answerUnsigned?.({ method: 'GET', path: '/intercom' })).toBeUndefined()
  })

  it('ignores a ping', async () => {
    const setup = await setUp()
    const ping = setup.sandbox.signed('{"type":"notification_event","topic":"ping","data":{"item":{"type":"ping"}}}')
    expect(setup.driver.verifyWebhook(ping, undefined)).toBe(true)
    expect(setup.driver.parseWebhook(ping)).toEqual({ events: [], ignored: 'ping' })
  })

  it('refuses a notification older than seven days', async () => {
    const setup = await setUp()
    const daysOld = (days: number) =>
      setup.sandbox.signed(
        JSON.stringify({ topic: 'ping', created_at: Math.floor(setup.clock.now() / 1_000) - days * 86_400 })
      )
    expect(setup.driver.verifyWebhook(daysOld(6), undefined)).toBe(true)
    expect(setup.driver.verifyWebhook(daysOld(8), undefined)).toBe(false)
  })

  it.each(['bot', 'user', 'lead', 'team', undefined])('ignores messages by authors of type %s', async (type) => {
    const setup = await setUp()
    const { events, ignored } = parsed(setup, 'conversation.admin.replied', [
      part({ author: { type, id: '1', name: 'Fin' } }),
    ])
    expect(events).toEqual([])
    expect(ignored).toBeTruthy()
  })

  it.each(['note', 'note_and_reopen', 'note_and_unsnooze', 'away_mode_assignment', 'participant_added'])(
    'does not deliver a %s part to the customer',
    async (type) => {
      const setup = await setUp()
      expect(parsed(setup, 'conversation.admin.replied', [part({ part_type: type })]).events).toEqual([])
    }
  )

  it('orders parts by time and id, whatever their order in the payload', async () => {
    const setup = await setUp()
    const { events } = parsed(setup, 'conversation.admin.replied', [
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

  it('delivers the text of a closing part before the end, under the part’s id', async () => {
    const setup = await setUp()
    const { events } = parsed(setup, 'conversation.admin.closed', [part({ part_type: 'close', body: '<p>Bye</p>' })])
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

  it('parses the published sample of a close', async () => {
    const setup = await setUp()
    const sample = part({
      id: '6073838784',
      part_type: 'close',
      body: null,
      author: { type: 'admin', id: '3330619', name: 'Andy' },
      external_id: null,
    })
    expect(
      typesOf(parsed(setup, 'conversation.admin.closed', [sample], { open: false, state: 'closed' }).events)
    ).toEqual(['ticket-closed'])
    expect(typesOf(parsed(setup, 'conversation.admin.closed', []).events)).toEqual(['ticket-closed'])
  })

  it('ends the session when a workflow closes, without delivering the bot’s text', async () => {
    const setup = await setUp()
    const closing = part({ part_type: 'close', author: { type: 'bot', id: '6827949', name: 'Fin Bot' } })
    expect(typesOf(parsed(setup, 'conversation.admin.closed', [closing]).events)).toEqual(['ticket-closed'])
  })

  it('ignores closes and assignments among the older parts of a notification', async () => {
    const setup = await setUp()
    const older = [
      part({ id: '1', part_type: 'close', body: null, created_at: 10 }),
      part({ id: '2', part_type: 'open', body: null, created_at: 11 }),
      part({ id: '3', part_type: 'assignment', body: null, created_at: 12, assigned_to: { type: 'admin', id: '5' } }),
    ]
    const { events } = parsed(setup, 'conversation.admin.replied', [...older, part({ id: '4', created_at: 13 })])
    expect(typesOf(events)).toEqual(['message-posted'])
    const assigned = parsed(setup, 'conversation.admin.assigned', [
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
  ])('does not report an assignment to %s', async (_title, assigned) => {
    const setup = await setUp()
    const assignment = part({ part_type: 'assignment', body: null, assigned_to: assigned })
    expect(parsed(setup, 'conversation.admin.assigned', [assignment]).events).toEqual([])
  })

  it('reports the assigned teammate when the assignment also reopens the conversation', async () => {
    const setup = await setUp()
    const assignedTo = { type: 'admin', id: 5 }
    const reassignment = part({ part_type: 'assign_and_reopen', body: null, assigned_to: assignedTo })
    expect(typesOf(parsed(setup, 'conversation.admin.assigned', [reassignment]).events)).toEqual([
      'ticket-reopened',
      'agent-assigned',
    ])
  })

  it('delivers the text of an assignment only when it is announced as a reply', async () => {
    const setup = await setUp()
    const assignment = part({ part_type: 'assignment', assigned_to: { type: 'admin', id: '5' } })
    expect(typesOf(parsed(setup, 'conversation.admin.assigned', [assignment]).events)).toEqual(['agent-assigned'])
    expect(typesOf(parsed(setup, 'conversation.admin.replied', [assignment]).events)).toEqual(['message-posted'])
  })

  it('reports that a conversation is reopened or deleted', async () => {
    const setup = await setUp()
    expect(
      typesOf(parsed(setup, 'conversation.admin.opened', [part({ part_type: 'open', body: null })]).events)
    ).toEqual(['ticket-reopened'])
    expect(parsed(setup, 'conversation.deleted', []).events).toMatchObject([
      { type: 'ticket-closed', reason: 'deleted' },
    ])
    expect(parsed(setup, 'conversation.deleted', [], { id: undefined, conversation_id: 77 }).events).toMatchObject([
      { ticket: { ticketId: '77' } },
    ])
  })

  it('asks the core to catch up when a reply is announced without its part', async () => {
    const setup = await setUp()
    expect(typesOf(parsed(setup, 'conversation.admin.replied', []).events)).toEqual(['ticket-changed'])
  })

  it('delivers nothing of a redacted part', async () => {
    const setup = await setUp()
    expect(parsed(setup, 'conversation.admin.replied', [part({ redacted: true })]).events).toEqual([])
  })
})

describe('intercom: reading', () => {
  it('returns the same events as the webhooks, after the cursor', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    await setup.driver.postMessage(ticket, textOf('hello?'))
    const first = setup.sandbox.agentReplies(ticket.id, 'one')
    const caught = await setup.driver.catchUp?.(ticket, undefined)
    expect(typesOf(caught?.events ?? [])).toEqual(['agent-assigned', 'message-posted'])
    const second = setup.sandbox.agentReplies(ticket.id, 'two')
    const more = await setup.driver.catchUp?.(ticket, caught?.cursor)
    expect(more?.events.map((event) => (event.type === 'message-posted' ? event.id : ''))).toEqual([second])
    expect(first).not.toBe(second)
    setup.sandbox.agentNotes(ticket.id, 'internal')
    await expect(setup.driver.catchUp?.(ticket, more?.cursor)).resolves.toEqual({ events: [], cursor: more?.cursor })
  })

  it('does not report a close that was undone by a reopening', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    setup.sandbox.solve(ticket.id, { text: 'Bye' })
    setup.sandbox.reopen(ticket.id)
    const caught = await setup.driver.catchUp?.(ticket, undefined)
    expect(typesOf(caught?.events ?? [])).toEqual(['agent-assigned', 'message-posted', 'ticket-reopened'])
  })

  it('reports a deleted conversation as closed', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup)
    setup.sandbox.remove(ticket.id)
    const caught = await setup.driver.catchUp?.(ticket, '1:2')
    expect(caught).toMatchObject({ events: [{ type: 'ticket-closed', reason: 'deleted' }], cursor: '1:2' })
  })

  it('describes an agent, and returns the bare id of one who has left', async () => {
    const { driver } = await setUp()
    await expect(driver.describeAgent?.('991267001')).resolves.toEqual({
      id: '991267001',
      name: 'Ada Agent',
      pictureUrl: 'https://static.intercomassets.com/avatars/ada.png',
    })
    await expect(driver.describeAgent?.('1')).resolves.toEqual({ id: '1' })
  })
})
