import { describe, expect, it } from 'vitest'
import { isProviderError } from '../errors'
import type { SandboxRequest } from '../kit/sandbox'
import type { Ticket } from '../provider'
import { openingOf, referenceIn } from './format'
import { EVE, setUp, requestOf, openOne, sandboxTicket, fault, type Setup } from './testing'

describe('intercom: opening', () => {
  it('sets title, note, team and tags, and asks for the acting teammate once', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup, {
      options: { queue: '5017691', priority: 'high', tags: ['vip', 'parcel', 'vip'] },
    })
    const { title, tags, entries } = sandboxTicket(setup, ticket)
    expect(title).toBe('Late parcel')
    expect(tags.toSorted()).toEqual(['parcel', 'vip'])
    const note = entries.find((entry) => entry.kind === 'note')?.text ?? ''
    for (const text of [
      'Late parcel',
      'Nothing came',
      'Priority: high',
      'Eve: where is it?',
      'Handoff reference: conv_01',
    ]) {
      expect(note).toContain(text)
    }
    expect(entries.map((entry) => entry.text)).toContain('assigned to team 5017691')
    expect(setup.calls().filter((call) => call === 'GET /me')).toHaveLength(1)
  })

  it('opens with the description, else the title, with tags broken up', () => {
    expect(openingOf(requestOf({ description: '<b>Help</b> me' }))).toBe('<\u200bb>Help<\u200b/b> me')
    expect(openingOf(requestOf({ description: undefined }))).toBe('Late parcel')
    expect(openingOf(requestOf({ description: ' ', title: ' ' }))).toBe('Hello')
  })

  it('escapes customer text in the note', async () => {
    const setup = await setUp()
    const evil = '<img src=x onerror=alert(1)><script>alert(2)</script>'
    await openOne(setup, {
      title: evil,
      description: evil,
      customer: { ...EVE, name: evil },
      transcript: [
        { author: 'customer', name: evil, parts: [{ type: 'text', text: `${evil} Handoff reference: conv_99` }] },
      ],
    })
    const sent = setup.sandbox.server.requests.find((request) => request.path.endsWith('/reply'))?.body.toString() ?? ''
    expect(sent).not.toMatch(/<(?:img|script)/)
  })

  it('retries while a new contact is not found', async () => {
    const setup = await setUp()
    setup.sandbox.server.addFault(fault(/POST \/conversations$/, { status: 404, times: 2 }))
    const ticket = await openOne(setup)
    expect(sandboxTicket(setup, ticket).conversationId).toBe('conv_01')
  })

  it('throws `not-found` when the contact stays missing', async () => {
    const { driver } = await setUp()
    const error: unknown = await driver
      .openTicket(requestOf({ customer: { ...EVE, contactId: '5ba682d23d7cf92bef87bfd4' } }))
      .catch((thrown: unknown) => thrown)
    expect(isProviderError(error) && error.code).toBe('not-found')
  })

  it('opens the conversation and logs a warning when title or team cannot be set', async () => {
    const setup = await setUp()
    setup.sandbox.server.addFault(fault(/PUT/, { status: 500, times: 9 }))
    const ticket = await openOne(setup, { options: { queue: '404', tags: ['vip'] } })
    expect(sandboxTicket(setup, ticket).conversationId).toBe('conv_01')
    const warnings = setup.log.lines.filter((line) => line.level === 'warn').map((line) => line.message)
    expect(warnings.toSorted()).toEqual([
      'An Intercom conversation is missing its team',
      'An Intercom conversation is missing its title',
    ])
  })

  it('creates the conversation again after four searches without a result', async () => {
    const setup = await setUp()
    const contactId = await setup.driver.ensureContact?.(EVE)
    setup.sandbox.server.addFault(fault(/POST \/conversations$/, { effect: 'before' }))
    const opened = await setup.driver.openTicket(requestOf({ customer: { ...EVE, contactId } }))
    expect(setup.sandbox.tickets().map((candidate) => candidate.id)).toEqual([opened.id])
    expect(setup.calls().filter((call) => call.endsWith('/search'))).toHaveLength(4)
  })

  it('finds the conversation after a lost response, despite the lagging index, and completes it', async () => {
    const setup = await setUp()
    const contactId = await setup.driver.ensureContact?.(EVE)
    setup.sandbox.server.addFault(fault(/POST \/conversations$/, { effect: 'after' }))
    const opened = await setup.driver.openTicket(requestOf({ customer: { ...EVE, contactId } }))
    const [only, ...others] = setup.sandbox.tickets()
    expect(others).toEqual([])
    expect(only).toMatchObject({ id: opened.id, conversationId: 'conv_01', title: 'Late parcel' })
  })

  it('does not match another handoff’s conversation', async () => {
    const setup = await setUp()
    const first = await openOne(setup, { conversationId: 'conv_00' })
    setup.clock.advance(10_000)
    const second = await openOne(setup, { conversationId: 'conv_01', mayExist: true })
    expect(second.id).not.toBe(first.id)
  })

  it('reports an unknown outcome when the search fails', async () => {
    const setup = await setUp()
    const contactId = await setup.driver.ensureContact?.(EVE)
    setup.sandbox.server.addFault(fault(/POST \/conversations$/, { effect: 'after' }))
    setup.sandbox.server.addFault(fault(/search/, { status: 500, times: 99 }))
    const error: unknown = await setup.driver
      .openTicket(requestOf({ customer: { ...EVE, contactId } }))
      .catch((thrown: unknown) => thrown)
    expect(isProviderError(error) && error.outcome).toBe('unknown')
    expect(setup.calls().filter((call) => call === 'POST /conversations')).toHaveLength(1)
  })

  it('writes one note when its response is lost', async () => {
    const setup = await setUp()
    setup.sandbox.server.addFault(fault(/reply$/, { effect: 'after' }))
    const ticket = await openOne(setup)
    expect(sandboxTicket(setup, ticket).entries.filter((entry) => entry.kind === 'note')).toHaveLength(1)
  })

  const transcriptOf = (count: number, filler: string) =>
    Array.from({ length: count }, (_unused, index) => ({
      author: 'customer' as const,
      name: 'Eve',
      parts: [{ type: 'text' as const, text: `entry ${index} ${filler}` }],
    }))
  const notesIn = (setup: Setup, ticket: Ticket) =>
    sandboxTicket(setup, ticket).entries.filter((entry) => entry.kind === 'note')

  it('continues a long transcript in further notes, in order, each with the reference', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup, { transcript: transcriptOf(150, 'x'.repeat(400)) })
    const notes = notesIn(setup, ticket).map(({ text }) => text)
    expect(notes).toHaveLength(3)
    const numbers = [...notes.join('\n').matchAll(/entry (\d+)/g)].map(([, number]) => Number(number))
    expect(numbers).toEqual(Array.from({ length: 150 }, (_unused, index) => index))
    for (const note of notes)
      expect(referenceIn(`<p>${note}</p>`)).toEqual({ conversationId: 'conv_01', botId: 'bot-1' })
  })

  it('attaches a longer one as a file, and shows its newest messages', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup, { transcript: transcriptOf(500, '<&'.repeat(100)) })
    const [note, ...more] = notesIn(setup, ticket)
    const kept = note?.text.match(/entry \d+/g) ?? []
    expect(more).toEqual([])
    expect(kept.at(-1)).toBe('entry 499')
    expect(note?.text).toContain(
      `(${500 - kept.length} earlier messages were left out) – the whole conversation is attached`
    )
    expect(referenceIn(`<p>${note?.text}</p>`)).toEqual({ conversationId: 'conv_01', botId: 'bot-1' })
    const whole = Buffer.from(note?.files?.[0]?.bytes ?? []).toString('utf8')
    expect([...whole.matchAll(/entry (\d+) /g)]).toHaveLength(500)
  })

  it('does without the file where Intercom refuses it', async () => {
    const setup = await setUp()
    const refuses = (request: SandboxRequest) => request.body.includes('attachment_files')
    setup.sandbox.server.addFault({ ...fault(/reply$/, { status: 422, body: {} }), matches: refuses })
    const ticket = await openOne(setup, { transcript: transcriptOf(500, '<&'.repeat(100)) })
    const notes = notesIn(setup, ticket)
    expect(notes).toHaveLength(1)
    expect(notes[0]?.text).toContain('earlier messages were left out)\n')
  })

  it('shortens the last message when it alone is too long', async () => {
    const setup = await setUp()
    const ticket = await openOne(setup, {
      transcript: [{ author: 'customer', name: 'Eve', parts: [{ type: 'text', text: `start ${'&'.repeat(90_000)}` }] }],
    })
    expect(sandboxTicket(setup, ticket).entries.find((entry) => entry.kind === 'note')?.text).toContain('Eve: start &')
  })
})
