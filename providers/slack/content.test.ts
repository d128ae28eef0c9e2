/** Everything in an agent's message is delivered, or named in a note for the agent. */
import { afterEach, describe, expect, it } from 'vitest'
import type { SessionEvent } from '../provider'
import type { StoredMessage } from './sandbox/workspace'
import { closeAll, setUp } from './testing'

afterEach(closeAll)

type Posted = Extract<SessionEvent, { type: 'message-posted' }>

/** Posts a message of an agent, and returns its event, which is the same by webhook and by reading. */
const post = async (text: string, message: Partial<StoredMessage>): Promise<Posted | undefined> => {
  const { sandbox, driver, openTicket, deliver } = await setUp()
  const ticket = await openTicket()
  sandbox.postAsPerson(ticket.id, text, message)
  const isMessage = (event: SessionEvent): event is Posted => event.type === 'message-posted'
  const pushed = (await deliver()).events.find(isMessage)
  const read = (await driver.catchUp?.(ticket, undefined))?.events.find(isMessage)
  expect({ ...pushed, ticket: undefined }).toEqual({ ...read, ticket: undefined })
  return read
}
const textOf = (posted: Posted | undefined): string =>
  (posted?.parts ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('\n')

const forwarded = {
  is_share: true,
  is_msg_unfurl: true,
  author_name: 'Grace',
  channel_id: 'C0KNOWLEDGE',
  ts: '1700000000.000100',
  text: 'Hold the button for ten seconds.',
  fallback: '[date] Grace: Hold the button',
}
const cell = (text: string) => ({ type: 'raw_text', text })
const richCell = (text: string) => ({
  type: 'rich_text',
  elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text, style: { bold: true } }] }],
})
const table = {
  type: 'table',
  rows: [
    [richCell('Device'), cell('Works')],
    [cell('a|b'), cell('yes')],
  ],
}
const TABLE = '| **Device** | Works |\n| --- | --- |\n| a\\|b | yes |'
const mrkdwn = (text: string) => ({ type: 'mrkdwn', text })
const words = (text: string) => ({
  type: 'rich_text',
  elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text }] }],
})

describe('what can’t be delivered', () => {
  it.each<[string, string, Partial<StoredMessage>, string]>([
    ['a forwarded message', '', { attachments: [forwarded] }, 'a forwarded message'],
    ['a forwarded message with a comment', 'See this', { attachments: [forwarded] }, 'a forwarded message'],
    [
      'a preview without a link',
      'See this',
      { attachments: [{ from_url: 'https://a.example/x', title: 'X' }] },
      'a preview',
    ],
    [
      'an attachment of a tool',
      '',
      { attachments: [{ title: 'Order [1]', text: 'Paid' }] },
      'attachment “Order \\[1\\]”',
    ],
    ['an attachment without a title', '', { attachments: [{ fallback: 'x', text: 'Paid' }] }, 'an attachment'],
    ['an attachment of any shape', '', { attachments: ['x' as never] }, 'an attachment'],
    [
      'a picture',
      '',
      { blocks: [{ type: 'image', image_url: 'https://a.example/i.png', alt_text: 'A map' }] },
      '“A map”',
    ],
    ['pictures alone', '', { blocks: [{ type: 'image' }, { type: 'image' }] }, 'a picture'],
    [
      'a video',
      'See',
      { blocks: [words('See'), { type: 'video', title: { type: 'plain_text', text: 'How to' } }] },
      'the video “How to”',
    ],
    [
      'a poll',
      '',
      {
        blocks: [
          { type: 'section', text: mrkdwn('Pizza?') },
          { type: 'actions', elements: [] },
        ],
      },
      'buttons',
    ],
    ['a block of tomorrow', 'x', { blocks: [words('x'), { type: 'hologram' }] }, 'doesn’t know'],
    ['a block of any shape', '', { blocks: ['x' as never] }, 'doesn’t know'],
    [
      'an element of tomorrow',
      'x',
      { blocks: [{ type: 'rich_text', elements: [{ type: 'rich_text_hologram' }] }] },
      'doesn’t know',
    ],
    ['a message of tomorrow', 'x', { subtype: 'hologram_share' }, 'unknown to the router'],
    ['a file', '', { subtype: 'file_share', files: [file({ name: 'a.pdf' })] }, 'the file “a.pdf”'],
    ['a file without a name', '', { subtype: 'file_share', files: [file({})] }, 'the file unnamed'],
    ['a canvas', '', { subtype: 'file_share', files: [file({ mode: 'canvas', title: 'Plan' })] }, 'the canvas “Plan”'],
    ['a list', '', { subtype: 'file_share', files: [file({ mode: 'list', title: 'To do' })] }, 'the list “To do”'],
    ['a file of any shape', '', { subtype: 'file_share', files: ['x' as never] }, 'the file unnamed'],
  ])('is named for the agent: %s', async (_title, text, message, name) => {
    const posted = await post(text, message)
    expect(posted?.undelivered).toContain(name)
    expect(JSON.stringify(posted)).not.toMatch(/Hold the button|Grace/)
    if (text !== '' && message.subtype !== 'hologram_share' && !/^x$/.test(text)) expect(textOf(posted)).toBe(text)
  })
})

describe('what can be delivered', () => {
  it.each<[string, string, Partial<StoredMessage>, string]>([
    ['a table', '', { blocks: [table] }, TABLE],
    [
      'a pasted table',
      'These:',
      { attachments: [{ fallback: '[no preview available]', blocks: [table] }] },
      `These:\n\n${TABLE}`,
    ],
    ['words around a table', 'x', { blocks: [words('before'), table, words('after')] }, `before\n\n${TABLE}\n\nafter`],
    [
      'sections of a tool',
      'short',
      {
        blocks: [
          { type: 'header', text: { type: 'plain_text', text: 'A *b*' } },
          { type: 'section', text: mrkdwn('*bold*'), fields: [mrkdwn('one'), mrkdwn('two')] },
        ],
      },
      'A \\*b\\*\n\n**bold**\none\ntwo',
    ],
    ['a Markdown block', 'short', { blocks: [{ type: 'markdown', text: '**bold**' }] }, '**bold**'],
    ['the text where no block has words', 'in short', { blocks: [{ type: 'divider' }] }, 'in short'],
    [
      'a link with its preview',
      'see https://a.example/x',
      { attachments: [{ from_url: 'https://a.example/x', title: 'X', text: 'words' }] },
      'see https://a.example/x',
    ],
    ['a /me message', 'shrugs', { subtype: 'me_message', blocks: undefined }, 'shrugs'],
    ['a reply that is shown in the channel, too', 'x', { subtype: 'thread_broadcast' }, 'x'],
    ['a post through an old tool', 'x', { botId: 'B0TOOL00001' }, 'x'],
    ['a post through an app, as a person', 'x', { botId: 'B0OTHERAPP1', appId: 'A0OTHERAPP1' }, 'x'],
    ['words beside a deleted file', 'x', { subtype: 'file_share', files: [file({ mode: 'tombstone' })] }, 'x'],
    ['words beside fields of another shape', 'x', { files: 'none' as never, attachments: 17 as never }, 'x'],
  ])('has no note: %s', async (_title, text, message, delivered) => {
    const posted = await post(text, message)
    expect(textOf(posted)).toBe(delivered)
    expect(posted?.undelivered).toBeUndefined()
  })

  it('is nothing else: no words of another app, of Slack or of the router', async () => {
    for (const message of [
      { user: 'U0POLLY0001', botId: 'B0OTHERAPP1', appId: 'A0OTHERAPP1' },
      { user: undefined, subtype: 'bot_message', botId: 'B0OTHERAPP1' },
      { user: 'USLACKBOT' },
      { user: 'UREVOKEDU' },
      { user: 'U0HITLROUTER', isUnmarked: true },
    ]) {
      expect(await post('x', message), JSON.stringify(message)).toBeUndefined()
    }
  })
})

describe('a message that can’t be read', () => {
  it('doesn’t hide the others', async () => {
    const { sandbox, driver, openTicket } = await setUp()
    const ticket = await openTicket()
    sandbox.agentReplies(ticket.id, 'one')
    sandbox.postAsPerson(ticket.id, 'x', { ts: 17 as never })
    sandbox.postAsPerson(ticket.id, 'x', { user: 17 as never, text: 17 as never })
    sandbox.postAsPerson(ticket.id, 'x', { user: 'U0STRANGER9', subtype: 'file_share' })
    sandbox.agentReplies(ticket.id, 'two')
    const events = (await driver.catchUp?.(ticket, undefined))?.events ?? []
    const delivered = events.filter((event) => event.type === 'message-posted' && event.parts.length > 0)
    expect(delivered.map((event) => textOf(event as Posted))).toEqual(['one', 'two'])
  })
})

describe('a reply that its author has deleted', () => {
  it('is not read, and a late webhook only says that something has changed', async () => {
    const { sandbox, driver, openTicket, deliver } = await setUp()
    const ticket = await openTicket()
    const id = sandbox.agentReplies(ticket.id, 'a slip')
    const [first] = sandbox.deliveries.waiting.splice(0)
    sandbox.deleteReply?.(id)
    const removed = { type: 'message-removed', id, agent: { id: sandbox.agents[0]?.id } }
    expect(await deliver()).toMatchObject({ events: [removed], ignored: [] })
    expect(await driver.catchUp?.(ticket, undefined)).toMatchObject({ events: [] })
    const again = sandbox.signed(first?.request.body ?? '', { at: Number(ticket.id.split(':')[1]) * 1_000 + 61_000 })
    const key = { ticketId: ticket.id, origin: 'recent' }
    expect(driver.parseWebhook(again).events).toEqual([{ type: 'ticket-changed', ticket: key }])
  })
})

function file(more: Partial<NonNullable<StoredMessage['files']>[number]>) {
  return {
    id: 'F1',
    mimetype: 'application/pdf',
    size: 1,
    url_private: 'https://files.slack.com/f',
    ...more,
  } as NonNullable<StoredMessage['files']>[number]
}
