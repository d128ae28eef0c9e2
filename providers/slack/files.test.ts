import { afterEach, describe, expect, it } from 'vitest'
import type { MessagePart, SessionEvent } from '../provider'
import { closeAll, fromCustomer, setUp } from './testing'

afterEach(closeAll)

const PNG = Buffer.concat([
  Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex'),
  Buffer.alloc(64),
])

type Posted = Extract<SessionEvent, { type: 'message-posted' }>
const messages = (events: SessionEvent[]): Posted[] =>
  events.filter((event): event is Posted => event.type === 'message-posted')

const set = async () => {
  const stage = await setUp()
  const ticket = await stage.openTicket()
  const photo = stage.web.publish('/photo', { bytes: PNG, contentType: 'image/png' })
  const post = (parts: MessagePart[], more: Parameters<typeof fromCustomer>[1] = {}) =>
    stage.driver.postMessage(ticket, fromCustomer('', { parts, ...more }))
  const entries = () =>
    stage.sandbox
      .tickets()
      .find(({ id }) => id === ticket.id)
      ?.entries.slice(1) ?? []
  return { ...stage, ticket, photo, post, entries }
}

const file = (url: string, title?: string): MessagePart => ({
  type: 'file',
  kind: 'image',
  url,
  ...(title ? { title } : {}),
})
const text = (words: string): MessagePart => ({ type: 'text', text: words, format: 'plain' })

describe('a customer’s file', () => {
  it('arrives as a file, with its true name and type, under the customer’s name', async () => {
    const { sandbox, photo, post, entries } = await set()
    await post([file(photo, 'My *dog*')])
    const [stored] = [...sandbox.switches.files.files.values()]
    expect(stored?.bytes).toEqual(PNG)
    expect(stored?.file).toMatchObject({ mimetype: 'image/png', name: expect.stringMatching(/\.png$/) as string })
    expect(entries().at(-1)).toMatchObject({ kind: 'customer', author: 'Eve Customer' })
  })

  it('is one message with its caption and other files', async () => {
    const { photo, post, entries, calls } = await set()
    const before = entries().length
    const { messageIds } = await post([text('*look* <!here>'), file(photo, 'a.png'), file(photo, 'b.png')])
    expect(entries().length).toBe(before + 1)
    expect(entries().at(-1)?.text).toBe('*look* <!here>\n📎 a.png\n📎 b.png')
    expect(messageIds).toEqual([entries().at(-1)?.id])
    const [{ initial_comment: comment } = {}] = calls('files.completeUploadExternal')
    expect(comment).not.toContain('<!here>')
  })

  it.each([
    ['that cannot be opened', { failure: 'refused' as const }, 'may not be opened'],
    ['that is gone', { status: 404 }, 'could not be opened'],
    ['without a byte', { bytes: '', contentType: 'image/png' }, 'is empty'],
    ['that is too large', { bytes: PNG, length: 3e9 }, 'is larger than'],
  ])('%s is a link that says why', async (_name, published, why) => {
    const { web, post, entries, sandbox } = await set()
    const url = web.publish('/broken', published)
    await post([text('see'), file(url, 'photo.png')])
    expect(entries().at(-1)?.text).toContain(url)
    expect(entries().at(-1)?.text).toContain(why)
    expect(entries().at(-1)).toMatchObject({ author: 'Eve Customer' })
    expect(sandbox.switches.files.files.size).toBe(0)
  })

  it('is a link where the app may not write files', async () => {
    const { sandbox, photo, post, entries } = await set()
    sandbox.switches.scopes.delete('files:write')
    await post([file(photo, 'photo.png')])
    expect(entries().at(-1)?.text).toContain(photo)
    expect(entries().at(-1)?.text).toContain('the Slack app may not write files')
  })

  it.each([
    ['the answer to the upload is lost', '/upload/'],
    ['the answer to the address is lost', 'getUploadURLExternal'],
    ['the answer to the post is lost', 'completeUploadExternal'],
  ])('arrives once when %s', async (_name, path) => {
    const { sandbox, photo, post, entries } = await set()
    const before = entries().length
    const isIt = (request: { path: string }) => request.path.includes(path)
    sandbox.server.addFault({ kind: 'disconnect', effect: 'after', times: 1, matches: isIt })
    await post([text('here'), file(photo, 'a.png')])
    expect(entries().slice(before)).toHaveLength(1)
  })

  it('of an attempt that died arrives once', async () => {
    const { sandbox, photo, post, entries, calls } = await set()
    sandbox.switches.files.isSlow = true
    const before = entries().length
    const first = await post([text('here'), file(photo, 'a.png')])
    const again = await post([text('here'), file(photo, 'a.png')], { mayExist: true })
    expect(entries().slice(before)).toHaveLength(1)
    expect(calls('files.completeUploadExternal')).toHaveLength(1)
    // Another message with the same words isn't taken for it.
    await post([text('here'), file(photo, 'a.png')], {
      id: 'msg_02',
      mayExist: true,
      others: [...first.messageIds, ...again.messageIds],
    })
    expect(entries().slice(before)).toHaveLength(2)
  })

  it('that became a link in an attempt that died stays one message', async () => {
    const { web, photo, post, entries } = await set()
    const before = entries().length
    const url = web.publish('/late', { status: 503 })
    await post([text('here'), file(url, 'a.png')])
    web.publish('/late', { bytes: PNG })
    await post([text('here'), file(url, 'a.png')], { mayExist: true })
    expect(entries().slice(before)).toHaveLength(1)
    expect(photo).toContain('/photo')
  })

  it('comes after words that are too long to stand above it', async () => {
    const { photo, post, entries } = await set()
    const before = entries().length
    await post([text('long '.repeat(1_500)), file(photo, 'a.png')])
    const posted = entries().slice(before)
    expect(posted.length).toBeGreaterThan(1)
    expect(posted.at(-1)?.text).toBe('📎 a.png')
  })

  it('has no credential on its way', async () => {
    const { sandbox, photo, post } = await set()
    await post([file(photo, 'a.png')])
    const uploads = sandbox.server.requests.filter(({ path }) => path.startsWith('/upload/'))
    expect(uploads).toHaveLength(1)
    expect(uploads[0]?.headers['authorization']).toBeUndefined()
  })
})

const bytesOf = async (bytes: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of bytes) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('an agent’s file', () => {
  it('has one handle in the webhook and in the reading, which opens it', async () => {
    const { sandbox, driver, ticket, deliver } = await set()
    sandbox.agentReplies(ticket.id, 'see', { attachments: [{ name: 'a.png', contentType: 'image/png', bytes: PNG }] })
    const [pushed] = messages((await deliver()).events)
    const read = messages((await driver.catchUp?.(ticket, undefined))?.events ?? []).at(-1)
    expect(read).toMatchObject({ id: pushed?.id, parts: pushed?.parts })
    const part = pushed?.parts.find((one) => one.type === 'desk-file')
    const opened = await driver.readFile?.(part?.handle ?? '')
    expect(opened).toMatchObject({ name: 'a.png', contentType: 'image/png', size: PNG.length })
    expect(opened && (await bytesOf(opened.bytes))).toEqual(PNG)
  })

  it('without the scope says which one is missing, and is no sign-in page', async () => {
    const { sandbox, driver, ticket, deliver } = await set()
    sandbox.agentReplies(ticket.id, '', { attachments: [{ name: 'a.png', contentType: 'image/png' }] })
    const [pushed] = messages((await deliver()).events)
    const part = pushed?.parts.find((one) => one.type === 'desk-file')
    sandbox.switches.scopes.delete('files:read')
    await expect(driver.readFile?.(part?.handle ?? '')).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('missing_scope') as string,
    })
  })

  it('that is gone can’t be had, whatever its handle', async () => {
    const { driver } = await set()
    for (const handle of ['F000000404', 'https://evil.example/f', '../../etc'])
      await expect(driver.readFile?.(handle)).rejects.toMatchObject({ name: 'ProviderError', about: 'message' })
  })
})

describe('afterwards', () => {
  it('an edited reply has its id, its new words and a version', async () => {
    const { sandbox, ticket, deliver } = await set()
    const id = sandbox.agentReplies(ticket.id, 'At 5')
    await deliver()
    sandbox.agentEdits(id, 'At 6')
    const { events } = await deliver()
    expect(events).toMatchObject([{ type: 'message-edited', id, agent: { id: sandbox.agents[0]?.id } }])
    expect(events[0]).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+$/) as string,
      parts: [{ text: 'At 6' }],
    })
  })

  it('a reply that becomes a note is taken back, and a note that becomes a reply is one', async () => {
    const { sandbox, ticket, deliver } = await set()
    const id = sandbox.agentReplies(ticket.id, 'for you')
    const note = sandbox.agentReplies(ticket.id, '// for us')
    await deliver()
    sandbox.agentEdits(id, '// for us')
    sandbox.agentEdits(note, 'for you after all')
    const { events } = await deliver()
    expect(events.map(({ type }) => type)).toEqual(['message-removed', 'agent-assigned', 'message-posted'])
    expect(messages(events)[0]?.id).toBe(note)
  })

  it('an edited note, a preview and the app’s own changes say nothing', async () => {
    const { sandbox, ticket, deliver, driver } = await set()
    const note = sandbox.agentReplies(ticket.id, '// one')
    await deliver()
    sandbox.agentEdits(note, '// two')
    await driver.reflect?.(ticket, { type: 'assigned', agent: { id: sandbox.agents[0]?.id ?? '' } })
    expect((await deliver()).events).toEqual([])
  })
})

describe('an internal note with the phrase', () => {
  it.each(['// /bot', '//bot', '//  /BOT ', '/​/ /bot'])('%j gives the conversation back', async (words) => {
    const { sandbox, ticket, deliver, driver } = await set()
    const id = sandbox.agentReplies(ticket.id, words)
    const { events } = await deliver()
    expect(events).toMatchObject([{ type: 'handed-back', id, agent: { id: sandbox.agents[0]?.id } }])
    const reading = await driver.catchUp?.(ticket, undefined)
    expect(reading?.events).toMatchObject([{ type: 'handed-back', id }])
  })

  it.each(['// ask the bot', '// /bottle', '/bot', 'the /bot'])('%j does not', async (words) => {
    const { sandbox, ticket, deliver } = await set()
    sandbox.agentReplies(ticket.id, words)
    expect((await deliver()).events.some(({ type }) => type === 'handed-back')).toBe(false)
  })
})

describe('mentions', () => {
  it('of colleagues and channels are names, in the webhook and in the reading', async () => {
    const { sandbox, ticket, deliver, driver } = await set()
    const [ada, ben] = sandbox.agents
    const blocks = [
      {
        type: 'rich_text',
        elements: [
          {
            type: 'rich_text_section',
            elements: [
              { type: 'text', text: 'Ask ' },
              { type: 'user', user_id: ben?.id },
              { type: 'text', text: ' in ' },
              { type: 'channel', channel_id: 'C0BILLING01' },
            ],
          },
        ],
      },
    ]
    sandbox.postAsPerson(ticket.id, `Ask <@${ben?.id}> in <#C0BILLING01>`, { user: ada?.id ?? '', blocks })
    // Names that aren't known yet are read first.
    expect((await deliver()).events).toMatchObject([{ type: 'ticket-changed' }])
    const [read] = messages((await driver.catchUp?.(ticket, undefined))?.events ?? [])
    expect(read?.parts).toMatchObject([{ text: `Ask @${ben?.name} in #billing` }])
  })
})

describe('the header', () => {
  it('shows what the session says, and nothing of it can mention anybody', async () => {
    const { sandbox, openTicket } = await setUp()
    const ticket = await openTicket({
      conversationId: 'conv_02',
      summary: 'Wants a **refund** <!channel>',
      channel: 'WhatsApp',
      conversationUrl: 'https://app.example/c/1',
      customer: { id: 'u', name: 'Eve', phone: '+33 1', language: 'fr', attributes: { plan: 'gold <!here>' } },
      options: { subjectPrefix: '[VIP]', assignee: sandbox.agents[1]?.id ?? '', fields: { 'Order <@U1>': '4711' } },
    })
    const found = sandbox.tickets().find(({ id }) => id === ticket.id)
    expect(found?.title).toBe('[VIP] Late parcel')
    const shown = found?.entries[0]?.text ?? ''
    for (const words of ['+33 1', 'fr', 'WhatsApp', 'plan', 'gold', '4711', 'https://app.example/c/1', 'refund'])
      expect(shown).toContain(words)
    expect(sandbox.switches.notifications).toEqual([`<@${sandbox.agents[1]?.id}>`])
  })

  it('names an assignee that is no id, and opens all the same', async () => {
    const { driver } = await setUp()
    const request = {
      conversationId: 'c3',
      botId: 'b',
      title: 't',
      customer: { id: 'u', name: 'Eve' },
      transcript: [],
      mayExist: false,
    }
    const opened = await driver.openTicket({ ...request, options: { assignee: 'ann@acme.example' } })
    expect(opened.leftOut).toEqual([expect.stringContaining('assignee')])
  })
})

it('a reply’s fate is a reaction, and without the scope nothing happens', async () => {
  const { sandbox, ticket, driver } = await set()
  const id = sandbox.agentReplies(ticket.id, 'hello')
  await driver.reportFate?.(ticket, id, { type: 'failed', why: 'over' })
  expect([...sandbox.switches.reactions]).toEqual([`${id.split(':')[1]}:warning`])
  sandbox.switches.scopes.delete('reactions:write')
  await driver.reportFate?.(ticket, id, { type: 'delivered' })
  await driver.reportFate?.(ticket, 'nonsense', { type: 'delivered' })
  expect(sandbox.switches.reactions.size).toBe(1)
})
