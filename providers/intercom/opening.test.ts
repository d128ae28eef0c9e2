import { describe, expect, it } from 'vitest'
import { isProviderError } from '../errors'
import { openingOf, referenceIn, toHtml } from './format'
import { EVE, setUp, requestOf, openOne, shown, fault } from './testing'

describe('intercom: opening', () => {
  it('asks four calls deep for a new contact and puts title, note, team and tags side by side', async () => {
    const setting = await setUp()
    const ticket = await openOne(setting, {
      options: { queue: '5017691', priority: 'high', tags: ['vip', 'parcel', 'vip'] },
    })
    const { title, tags, entries } = shown(setting, ticket)
    expect(title).toBe('Late parcel')
    expect(tags.toSorted()).toEqual(['parcel', 'vip'])
    const note = entries.find((entry) => entry.kind === 'note')?.text ?? ''
    for (const words of [
      'Late parcel',
      'Nothing came',
      'Priority: high',
      'Eve: where is it?',
      'Handoff reference: conv_01',
    ]) {
      expect(note).toContain(words)
    }
    expect(entries.map((entry) => entry.text)).toContain('assigned to team 5017691')
    expect(setting.asked().filter((call) => call === 'GET /me')).toHaveLength(1)
  })

  it('begins with the description in the customer’s name, without prefix or signs that are read', () => {
    expect(openingOf(requestOf({ description: '<b>Help</b> me' }))).toBe('<\u200bb>Help<\u200b/b> me')
    expect(openingOf(requestOf({ description: undefined }))).toBe('Late parcel')
    expect(openingOf(requestOf({ description: ' ', title: ' ' }))).toBe('Hello')
  })

  it('lets nothing that a customer wrote become HTML in the note', async () => {
    const setting = await setUp()
    const evil = '<img src=x onerror=alert(1)><script>alert(2)</script>'
    await openOne(setting, {
      title: evil,
      description: evil,
      customer: { ...EVE, name: evil },
      transcript: [
        { author: 'customer', name: evil, parts: [{ type: 'text', text: `${evil} Handoff reference: conv_99` }] },
      ],
    })
    const sent =
      setting.sandbox.server.requests.find((request) => request.path.endsWith('/reply'))?.body.toString() ?? ''
    expect(sent).not.toMatch(/<(?:img|script)/)
  })

  it('waits a moment for a contact that has just been made', async () => {
    const setting = await setUp()
    setting.sandbox.server.addFault(fault(/POST \/conversations$/, { status: 404, times: 2 }))
    const ticket = await openOne(setting)
    expect(shown(setting, ticket).conversationId).toBe('conv_01')
  })

  it('says that the contact is gone when it stays so', async () => {
    const { driver } = await setUp()
    const error: unknown = await driver
      .openTicket(requestOf({ customer: { ...EVE, contactId: '5ba682d23d7cf92bef87bfd4' } }))
      .catch((thrown: unknown) => thrown)
    expect(isProviderError(error) && error.code).toBe('not-found')
  })

  it('opens all the same when what is beside the conversation fails, and logs it', async () => {
    const setting = await setUp()
    setting.sandbox.server.addFault(fault(/PUT/, { status: 500, times: 9 }))
    const ticket = await openOne(setting, { options: { queue: '404', tags: ['vip'] } })
    expect(shown(setting, ticket).conversationId).toBe('conv_01')
    const warnings = setting.log.lines.filter((line) => line.level === 'warn').map((line) => line.message)
    expect(warnings.toSorted()).toEqual([
      'A conversation at Intercom lacks its team',
      'A conversation at Intercom lacks its title',
    ])
  })

  it('opens again when the index shows nothing after several looks', async () => {
    const setting = await setUp()
    const contactId = await setting.driver.ensureContact?.(EVE)
    setting.sandbox.server.addFault(fault(/POST \/conversations$/, { effect: 'before' }))
    const opened = await setting.driver.openTicket(requestOf({ customer: { ...EVE, contactId } }))
    expect(setting.sandbox.tickets().map((candidate) => candidate.id)).toEqual([opened.id])
    expect(setting.asked().filter((call) => call.endsWith('/search'))).toHaveLength(4)
  })

  it('waits for the index, takes the conversation that lost its answer, and completes it', async () => {
    const setting = await setUp()
    const contactId = await setting.driver.ensureContact?.(EVE)
    setting.sandbox.server.addFault(fault(/POST \/conversations$/, { effect: 'after' }))
    const opened = await setting.driver.openTicket(requestOf({ customer: { ...EVE, contactId } }))
    const [only, ...others] = setting.sandbox.tickets()
    expect(others).toEqual([])
    expect(only).toMatchObject({ id: opened.id, conversationId: 'conv_01', title: 'Late parcel' })
  })

  it('does not take another handoff’s conversation for its own', async () => {
    const setting = await setUp()
    const first = await openOne(setting, { conversationId: 'conv_00' })
    setting.clock.advance(10_000)
    const second = await openOne(setting, { conversationId: 'conv_01', mayExist: true })
    expect(second.id).not.toBe(first.id)
  })

  it('leaves the outcome open when it cannot look', async () => {
    const setting = await setUp()
    const contactId = await setting.driver.ensureContact?.(EVE)
    setting.sandbox.server.addFault(fault(/POST \/conversations$/, { effect: 'after' }))
    setting.sandbox.server.addFault(fault(/search/, { status: 500, times: 99 }))
    const error: unknown = await setting.driver
      .openTicket(requestOf({ customer: { ...EVE, contactId } }))
      .catch((thrown: unknown) => thrown)
    expect(isProviderError(error) && error.outcome).toBe('unknown')
    expect(setting.asked().filter((call) => call === 'POST /conversations')).toHaveLength(1)
  })

  it('writes one note when the answer to it is lost', async () => {
    const setting = await setUp()
    setting.sandbox.server.addFault(fault(/reply$/, { effect: 'after' }))
    const ticket = await openOne(setting)
    expect(shown(setting, ticket).entries.filter((entry) => entry.kind === 'note')).toHaveLength(1)
  })

  it('leaves out the oldest of a long transcript and says how many', async () => {
    const setting = await setUp()
    const transcript = Array.from({ length: 500 }, (_unused, index) => ({
      author: 'customer' as const,
      name: 'Eve',
      parts: [{ type: 'text' as const, text: `entry ${index} ${'<&'.repeat(100)}` }],
    }))
    const ticket = await openOne(setting, { transcript })
    const note = shown(setting, ticket).entries.find((entry) => entry.kind === 'note')?.text ?? ''
    const kept = note.match(/entry \d+/g) ?? []
    expect(kept.at(-1)).toBe('entry 499')
    expect(note).toContain(`(${500 - kept.length} earlier messages left out)`)
    expect(referenceIn(toHtml(note))).toBe('conv_01')
  })

  it('shows the end of a conversation whose last entry alone is too long', async () => {
    const setting = await setUp()
    const ticket = await openOne(setting, {
      transcript: [{ author: 'customer', name: 'Eve', parts: [{ type: 'text', text: `start ${'&'.repeat(90_000)}` }] }],
    })
    expect(shown(setting, ticket).entries.find((entry) => entry.kind === 'note')?.text).toContain('Eve: start &')
  })
})
