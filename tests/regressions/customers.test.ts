/** Customers' messages reach the agent completely, once and under the customer's name. */
import { describe, expect, it } from 'vitest'
import { countSeen, handOver, JOINED, seenBy, SETTLED_MS } from '../support/handoffs'
import { action, bodiesTo, DESKS, onlyTicket, startAt } from './helpers'

describe.each(DESKS)('a customer at %s', (desk) => {
  it('reaches the ticket before an agent takes it, and gets no automatic answer', async () => {
    const stage = await startAt(desk)
    const { bot } = stage.botpress
    const { conversationId, ticket } = await handOver(stage)
    const before = { seen: seenBy(stage, conversationId), entries: ticket().entries.length }
    await bot.customerSays(conversationId, 'is anybody there?')
    await stage.pass(SETTLED_MS)
    expect(ticket().entries.slice(before.entries)).toMatchObject([{ kind: 'customer', text: 'is anybody there?' }])
    expect(seenBy(stage, conversationId)).toEqual(before.seen)
    expect(countSeen(stage, conversationId, JOINED)).toBe(0)
    expect(bot.errors).toEqual([])
  })

  it('is never the author of system texts', async () => {
    const stage = await startAt(desk)
    const { conversationId, ticket } = await handOver(stage)
    await stage.botpress.bot.endByCustomer(conversationId)
    await stage.pass(SETTLED_MS)
    const [farewell] = ticket().entries.filter(({ text }) => text.includes('The user has ended the session'))
    expect(farewell?.kind).toBe('note')
    expect(farewell?.author).not.toContain('Eve')
  })

  it('stays the author when the stored contact is lost', async () => {
    const stage = await startAt(desk)
    const { bot, runtime } = stage.botpress
    const { conversationId, ticket } = await handOver(stage)
    await bot.customerSays(conversationId, 'before the loss')
    await stage.pass(SETTLED_MS)
    const author = ticket().entries.at(-1)?.author
    const withoutContact = (tags: Record<string, string>) =>
      Object.fromEntries(Object.keys(tags).flatMap((name) => (/contact/i.test(name) ? [[name, '']] : [])))
    const session = runtime.store.conversations.get(bot.downstreamOf(conversationId) ?? '')
    if (session) runtime.store.conversations.retag(session, withoutContact(session.tags))
    for (const user of runtime.store.users.withTags({})) runtime.store.users.retag(user, withoutContact(user.tags))
    stage.restart()
    await bot.customerSays(conversationId, 'after the loss')
    await stage.pass(SETTLED_MS)
    expect(ticket().entries.at(-1)).toMatchObject({ kind: 'customer', text: 'after the loss', author })
  })

  it.each([
    'Ana María de la Cruz y Fernández-Santiago',
    'X Æ A-12',
    '李小龍',
    'O’Neill',
    'Jean-Luc "JL" Picard & Söhne',
  ])('keeps their whole name: %s', async (name) => {
    const stage = await startAt(desk)
    const { ticket, conversationId } = await handOver(stage, {}, { name })
    await stage.botpress.bot.customerSays(conversationId, 'who am I?')
    await stage.pass(SETTLED_MS)
    expect(ticket().customer).toContain(name)
    expect(ticket().entries.at(-1)).toMatchObject({ text: 'who am I?', author: name })
  })

  it.each([
    'None',
    'null',
    'undefined',
    'n/a',
    'eve',
    'eve@',
    '@customer.example',
    'eve@customer',
    'a b@c.example',
    ' ',
  ])('without a valid e-mail address (%j) has none at the desk', async (email) => {
    const stage = await startAt(desk)
    const from = stage.sandbox(desk).server.requests.length
    const { output } = await action(stage, 'createUser', { name: 'Eve', email })
    const started = await action(stage, 'startHitl', {
      userId: output?.userId,
      title: 'Printer',
      hitlSession: { email },
      messageHistory: [],
    })
    expect(started.message ?? started.status).toBe(200)
    const sent = bodiesTo(stage.sandbox(desk), from).join('\n')
    expect(sent).not.toMatch(/"email"/)
    if (email.trim().length > 4) expect(sent).not.toContain(email)
    expect(onlyTicket(stage).customer).toContain('Eve')
  })

  it('with a picture URL too long for the desk is still handed over', async () => {
    const stage = await startAt(desk)
    const pictureUrl = `https://pictures.example/${'a'.repeat(5_000)}.png`
    const { output } = await action(stage, 'createUser', { name: 'Eve', email: 'eve@customer.example', pictureUrl })
    const started = await action(stage, 'startHitl', { userId: output?.userId, title: 'Printer', messageHistory: [] })
    expect(started.message ?? started.status).toBe(200)
    expect(onlyTicket(stage).desk).toBe(desk)
  })
})

describe.each(DESKS)('a customer’s message to %s', (desk) => {
  const write = /^(?:POST|PUT) (?!.*(?:oauth|auth\.test|search))/
  const isWrite = ({ method, path }: { method: string; path: string }): boolean => write.test(`${method} ${path}`)

  it.each(['disconnect', 'timeout', 'status'] as const)('arrives once when the response is lost (%s)', async (kind) => {
    const stage = await startAt(desk, { sockets: false })
    const { conversationId, sandbox, ticket } = await handOver(stage)
    const before = ticket().entries.length
    sandbox.server.addFault({ kind, status: 500, effect: 'after', matches: isWrite })
    await stage.botpress.bot.customerSays(conversationId, 'said once')
    await stage.pass(60_000)
    expect(ticket().entries.slice(before)).toMatchObject([{ kind: 'customer', text: 'said once' }])
  })

  it('arrives completely, once and in order when the desk fails in the middle', async () => {
    const stage = await startAt(desk)
    const { conversationId, sandbox, ticket } = await handOver(stage)
    const before = ticket().entries.length
    const words = Array.from({ length: 12_000 }, (_unused, index) => `w${index}`)
    let writes = 0
    sandbox.server.addFault({
      kind: 'status',
      status: 503,
      times: 4,
      matches: (request) => isWrite(request) && (writes += 1) > 1,
    })
    await stage.botpress.bot.customerSays(conversationId, words.join(' '))
    await stage.pass(60_000)
    const said = ticket()
      .entries.slice(before)
      .map(({ text }) => text)
      .join(' ')
    expect(said.match(/\bw\d+\b/g)).toEqual(words)
  })

  it('is reported when the desk rejects it permanently', async () => {
    const stage = await startAt(desk)
    const { bot, runtime } = stage.botpress
    const { conversationId, sandbox } = await handOver(stage)
    const seen = seenBy(stage, conversationId).length
    sandbox.server.addFault({ kind: 'status', status: 422, times: 1_000, matches: isWrite })
    const from = runtime.deliveries.length
    await bot.customerSays(conversationId, 'does this arrive?')
    await stage.pass(120_000)
    const refused = runtime.deliveries
      .slice(from)
      .filter(({ to, status }) => to === 'integration' && (status === undefined || status >= 400))
    const shown = seenBy(stage, conversationId).slice(seen)
    expect(refused.length + shown.length).toBeGreaterThan(0)
  })

  it('with a file of any type carries a link that agents can open', async () => {
    const stage = await startAt(desk)
    const { conversationId, ticket } = await handOver(stage)
    const before = ticket().entries.length
    for (const [type, field, name] of [
      ['image', 'imageUrl', 'photo.png'],
      ['audio', 'audioUrl', 'voice.mp3'],
      ['video', 'videoUrl', 'film.mp4'],
      ['file', 'fileUrl', 'invoice.pdf'],
    ] as const) {
      await stage.botpress.bot.customerSays(conversationId, {
        type,
        payload: { [field]: `https://files.example/${name}?a=1&b=2`, title: `My ${name}` },
      })
      await stage.pass(SETTLED_MS)
      const last = ticket().entries.at(-1)
      expect(last?.kind).toBe('customer')
      expect(last?.text).toContain(`My ${name}`)
      expect(last?.text).toContain(`https://files.example/${name}?a=1&b=2`)
    }
    expect(ticket().entries).toHaveLength(before + 4)
  })
})
