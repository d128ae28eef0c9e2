import { afterEach, describe, expect, it } from 'vitest'
import type { SessionEvent } from '../provider'
import { asComment } from './sandbox/state'
import { capabilitiesOf, closeAll, errorOf, fault, openSession, setUp, ticketRow } from './testing'

afterEach(closeAll)

const startSession = async () => {
  const setting = await setUp()
  const session = await openSession(setting, { transcript: [] })
  const { sandbox } = setting
  const { catchUp } = capabilitiesOf(setting.driver)
  const read = async (cursor = session.cursor) => (await catchUp(session.ticket, cursor)).events
  const [ada, bob] = sandbox.agents.map(({ id }) => Number(id))
  /** A comment as the API answers it, by Ada unless `answered` says otherwise. */
  const stored = (answered: Record<string, unknown>) => sandbox.addComment(session.ticket.id, answered)
  return { ...session, setting, sandbox, read, catchUp, stored, ada, bob }
}

const textsIn = (events: SessionEvent[]) =>
  events.flatMap((event) => {
    if (event.type !== 'message-posted') return [`(${event.type})`]
    return event.parts.map((part) => (part.type === 'text' ? part.text : `${part.type}`))
  })

const GONE = 4_711

describe('a comment whose author can’t be read', () => {
  it.each([
    ['is gone', { author_id: GONE }],
    ['is absent', { author_id: null }],
    ['is Zendesk itself', { author_id: -1 }],
    ['is no id', { author_id: { id: 5 } }],
  ])('because they %s costs itself only', async (_what, answered) => {
    const { sandbox, ticket, read, stored } = await startSession()
    stored({ html_body: '<p>GONE</p>', ...answered })
    sandbox.agentReplies(ticket.id, 'AFTER')
    sandbox.solve(ticket.id)
    expect(textsIn(await read())).toEqual(['AFTER', '(ticket-closed)'])
  })

  it('is logged, without its text', async () => {
    const { setting, read, stored } = await startSession()
    stored({ html_body: '<p>my secret</p>', author_id: GONE })
    expect(await read()).toEqual([])
    const warnings = setting.log.lines.filter(({ level }) => level === 'warn')
    expect(warnings).toMatchObject([{ message: expect.stringContaining('does not say who wrote it') }])
    expect(JSON.stringify(warnings)).not.toContain('secret')
  })

  it('is shown if the author is known from the ticket', async () => {
    const { sandbox, ticket, catchUp, cursor, stored, bob } = await startSession()
    sandbox.assign(ticket.id, String(bob))
    stored({ html_body: '<p>I leave today</p>', author_id: bob })
    sandbox.erase(String(bob))
    const { events } = await catchUp(ticket, cursor)
    expect(textsIn(events)).toEqual(['(agent-assigned)', 'I leave today'])
    expect(events.at(-1)).toMatchObject({ agent: { id: String(bob) } })
  })

  it.each([
    ['suspended', { suspended: true }],
    ['demoted', { role: 'end-user' as const }],
  ])('is shown if the author was an agent and is %s now', async (_what, change) => {
    const { sandbox, setting, ticket, catchUp, cursor, bob } = await startSession()
    sandbox.assign(ticket.id, String(bob))
    const { cursor: assigned } = await catchUp(ticket, cursor)
    sandbox.agentReplies(ticket.id, 'I leave today', { agentId: String(bob) })
    sandbox.assign(ticket.id, null)
    Object.assign(setting.sandbox.state.user(bob ?? 0) ?? {}, change)
    expect(textsIn((await catchUp(ticket, assigned)).events)).toEqual(['I leave today'])
  })

  it('waits if the author may be readable later', async () => {
    const { setting, ticket, sandbox, read, stored } = await startSession()
    stored({ author_id: GONE })
    sandbox.agentReplies(ticket.id, 'AFTER')
    fault(setting, 'GET', /users\/\d+$/, { status: 503, times: 9 })
    expect(await errorOf(read())).toMatchObject({ code: 'unavailable' })
    setting.sandbox.server.clearFaults()
    fault(setting, 'GET', /users\/\d+$/, { status: 403, times: 9 })
    expect(textsIn(await read())).toEqual(['AFTER'])
  })
})

describe('a malformed record', () => {
  it.each([
    ['attachments that are no list', { attachments: 'none' }],
    ['attachments that are null', { attachments: null }],
    ['an attachment that is null', { attachments: [null] }],
    ['an attachment without an address', { attachments: [{ file_name: 'label.png' }] }],
    ['a channel that is an object', { via: { channel: {} } }],
    ['a via that is a word', { via: 'web' }],
    ['metadata that are a list', { metadata: [] }],
    ['a date that is a number', { created_at: 4 }],
    ['a plain body that is a list', { plain_body: [], body: {} }],
  ])('with %s costs no words', async (_what, answered) => {
    const { read, stored } = await startSession()
    stored({ html_body: '<p>the words</p>', ...answered })
    stored({ html_body: '<p>AFTER</p>' })
    expect(textsIn(await read())).toEqual(['the words', 'AFTER'])
  })

  it('without an id or without any form is skipped', async () => {
    const { sandbox, ticket, read, stored } = await startSession()
    stored({ id: null })
    stored({ id: {} })
    sandbox.agentReplies(ticket.id, 'AFTER')
    expect(textsIn(await read())).toEqual(['AFTER'])
  })

  it('of a user costs their name at most', async () => {
    const { setting, ticket, sandbox, read, ada } = await startSession()
    Object.assign(setting.sandbox.state.user(ada ?? 0) ?? {}, { name: { first: 'Ada' }, alias: 5, photo: 'none' })
    sandbox.agentReplies(ticket.id, 'hello')
    const events = await read()
    expect(events).toMatchObject([{ agent: { id: String(ada) }, parts: [{ text: 'hello' }] }])
  })

  it('in place of the whole list is no empty ticket', async () => {
    const { setting, sandbox, ticket, read } = await startSession()
    sandbox.agentReplies(ticket.id, 'hello')
    fault(setting, 'GET', /comments$/, { status: 200, body: {}, times: 9 })
    expect(await errorOf(read())).toMatchObject({ code: 'unavailable' })
  })

  it('with a file that can’t be read names the file to its agent', async () => {
    const { read, stored } = await startSession()
    stored({ html_body: '<p>your label</p>', attachments: [null, { file_name: 'label.png', content_url: 5 }] })
    expect(await read()).toMatchObject([{ undelivered: expect.stringMatching(/“attachment”.*“label\.png”/) }])
  })
})

describe('a comment that is no agent’s words', () => {
  it.each([
    { type: 'VoiceComment', via: { channel: 'voice', source: { rel: 'outbound' } } },
    { type: 'VoiceComment', via: { channel: 'web' } },
    { type: 'TpeVoiceComment' },
    ...['voice', 'voicemail', 'phone_call_inbound', 'Phone call outbound', 'api_voicemail', 34, '35', 45].map(
      (channel) => ({
        via: { channel },
      })
    ),
    ...['rule', 8, '8', 'system', 'linked_problem', 9, 'merge', 19, 'user_merge', 25, 'Rule'].map((channel) => ({
      via: { channel },
    })),
    ...['chat', 29, 'native_messaging', 'answer_bot', 'automatic_solution_suggestions', 22].map((channel) => ({
      via: { channel },
    })),
    { via: { channel: 'web', source: { rel: 'merge', from: { ticket_ids: [7] } } } },
  ])('isn’t shown: %j', async (answered) => {
    const { sandbox, ticket, read, stored } = await startSession()
    stored({ html_body: '<p>Call from: +1 (555) 010-0199</p>', ...answered })
    sandbox.agentReplies(ticket.id, 'AFTER')
    expect(textsIn(await read())).toEqual(['AFTER'])
  })

  it.each([0, 'web', 4, 'email', 5, 'api', 15, 'mobile', 20, 'batch', 'sms', 'a channel of tomorrow', null])(
    'is told from one through channel %j, which is',
    async (channel) => {
      const { read, stored } = await startSession()
      stored({ html_body: '<p>hello</p>', type: 'Comment', via: { channel } })
      expect(textsIn(await read())).toEqual(['hello'])
    }
  )

  it('isn’t shown in accounts whose channels are numbers either', async () => {
    const { sandbox, ticket, read } = await startSession()
    sandbox.settings.channelsAsNumbers = true
    sandbox.state.update(
      sandbox.state.tickets[0]!,
      { comment: { author_id: Number(sandbox.agents[0]?.id), html: asComment('by a trigger'), public: true } },
      { userId: -1, via: 'rule' }
    )
    sandbox.agentReplies(ticket.id, 'AFTER')
    expect(textsIn(await read())).toEqual(['AFTER'])
  })

  it('is also the mail of somebody in copy', async () => {
    const { sandbox, setting, ticket, read } = await startSession()
    const friend = sandbox.state.addUser({ name: 'Friend', role: 'end-user', email: 'friend@customer.example' })
    const comment = { author_id: friend.id, html: asComment('in copy'), public: true }
    sandbox.state.update(ticketRow(setting, ticket.id), { comment }, { userId: friend.id, via: 'email' })
    expect(await read()).toEqual([])
  })
})

describe('what an agent takes back before it is delivered', () => {
  it.each(['deleteReply', 'makePrivate'] as const)('isn’t delivered (%s)', async (move) => {
    const { sandbox, ticket, read } = await startSession()
    const files = [{ name: 'secret.pdf', contentType: 'application/pdf' }]
    sandbox[move](sandbox.agentReplies(ticket.id, 'the password is 4711, “really”', { attachments: files }))
    sandbox.agentReplies(ticket.id, 'AFTER')
    const events = await read()
    expect(textsIn(events)).toEqual(['AFTER'])
    expect(JSON.stringify(events)).not.toMatch(/secret|redacted|▇/)
  })

  it('in part is delivered without that part', async () => {
    const { read, stored } = await startSession()
    stored({ html_body: '<p>the code is ▇▇▇▇ today</p>' })
    expect(textsIn(await read())).toEqual(['the code is ▇▇▇▇ today'])
  })

  it('as a file is delivered without the file', async () => {
    const { read, stored } = await startSession()
    const file = { content_type: 'text/plain', content_url: 'https://acme.zendesk.com/attachments/token/x/?name=a' }
    stored({
      html_body: '<p>your label</p>',
      attachments: [
        { ...file, file_name: 'redacted.txt', size: 0 },
        { ...file, file_name: 'label.png', size: 9, deleted: true },
      ],
    })
    expect(await read()).toMatchObject([{ parts: [{ type: 'text', text: 'your label' }] }])
  })
})

describe('a picture in the text', () => {
  const HOST = 'https://acme.zendesk.com/attachments/token'
  let attachments = 0
  const attachment = (content_url: string, more = {}) => ({
    id: (attachments += 1),
    file_name: 'photo (1).png',
    content_type: 'image/png',
    size: 9,
    inline: true,
    content_url,
    ...more,
  })

  it.each([
    ['the same', `${HOST}/abc/?name=photo.png`, attachment(`${HOST}/abc/?name=photo.png`)],
    ['brackets', `${HOST}/abc/?name=photo+(1).png`, attachment(`${HOST}/abc/?name=photo+%281%29.png`)],
    [
      'a mapped host',
      'https://help.acme.com/attachments/token/abc/?name=photo.png',
      attachment(`${HOST}/abc/?name=photo.png`),
    ],
    [
      'a mapped address',
      'https://help.acme.com/files/photo.png',
      attachment(`${HOST}/abc/?name=x`, { mapped_content_url: 'https://help.acme.com/files/photo.png' }),
    ],
    ['another name', `${HOST}/abc/?name=a.png`, attachment(`${HOST}/abc/?name=b.png`)],
    [
      'another signature',
      'https://cdn.example.test/f/photo%20%281%29.png?Expires=1&Signature=a',
      attachment('https://cdn.example.test/f/photo (1).png?Expires=2&Signature=b'),
    ],
  ])('that is also attached is one picture: %s', async (_what, url, file) => {
    const { read, stored } = await startSession()
    stored({ html_body: `<p>see</p><img src="${url}">`, attachments: [file] })
    const handle = `attachment/${file.id}`
    expect(await read()).toMatchObject([
      { parts: [{ text: 'see' }, { type: 'desk-file', handle, name: file.file_name }] },
    ])
    expect((await read())[0]).toHaveProperty('parts.length', 2)
  })

  it('and another one that is attached are two', async () => {
    const { read, stored } = await startSession()
    stored({ html_body: `<img src="${HOST}/one/?name=a.png">`, attachments: [attachment(`${HOST}/two/?name=a.png`)] })
    stored({
      html_body: '<img src="https://cdn.example.test/get?id=1">',
      attachments: [attachment('https://cdn.example.test/get?id=2')],
    })
    for (const event of await read()) expect(event).toHaveProperty('parts.length', 2)
  })

  it('keeps its place, and is known by it where Zendesk doesn’t list it', async () => {
    const { ticket, read, stored } = await startSession()
    const id = stored({
      html_body: `<p>see</p><img src="${HOST}/abc/?name=photo.png" alt="the photo"><p>and</p>`,
      attachments: [attachment(`${HOST}/x/?name=b.pdf`, { file_name: 'b.pdf', content_type: 'application/pdf' })],
    })
    const handle = `image/${ticket.id}/${id}/0`
    expect(await read()).toMatchObject([
      {
        parts: [
          { type: 'text', text: 'see' },
          { type: 'desk-file', handle, name: 'the photo' },
          { type: 'text', text: 'and' },
          { type: 'desk-file', name: 'b.pdf', contentType: 'application/pdf', size: 9 },
        ],
      },
    ])
  })

  it('of another host is not Zendesk’s to read', async () => {
    const { read, stored } = await startSession()
    const url = 'https://cdn.example.test/cat.gif'
    stored({ html_body: `<img src="${url}">`, attachments: [] })
    expect(await read()).toMatchObject([{ parts: [{ type: 'file', kind: 'image', url }] }])
  })

  it('or a file in which Zendesk found malware is named, not delivered', async () => {
    const { read, stored } = await startSession()
    const bad = attachment(`${HOST}/x/?name=a.exe`, { file_name: 'a.exe', malware_scan_result: 'malware_found' })
    stored({ html_body: '<p>run</p>', attachments: [bad] })
    stored({ html_body: '<p>again</p>', attachments: [{ ...bad, malware_access_override: true }] })
    const [first, second] = await read()
    expect(first).toMatchObject({ parts: [{ text: 'run' }], undelivered: expect.stringMatching(/“a.exe”.*malware/) })
    expect(second).toMatchObject({ parts: [{ text: 'again' }, { type: 'desk-file', name: 'a.exe' }] })
  })
})

describe('a reply of which nothing can be shown', () => {
  it.each([
    '<svg><text>12</text></svg>',
    '<object data="x.pdf"></object>',
    '<img src="cid:photo">',
    '<p><img src="data:image/png;base64,AAAA"></p>',
  ])('is named in its place: %s', async (html) => {
    const { read, stored } = await startSession()
    stored({ html_body: html })
    expect(await read()).toMatchObject([{ parts: [{ type: 'text', text: expect.stringMatching(/^\[.+\]$/) }] }])
  })

  it.each(['', '<p></p>', '<div><br></div>', '<p>▇▇ ▇▇</p>'])('because it is empty is left out: %s', async (html) => {
    const { read, stored } = await startSession()
    stored({ html_body: html, plain_body: '', body: '' })
    expect(await read()).toEqual([])
  })
})
