import { describe, expect, it } from 'vitest'
import type { SessionEvent } from '../provider'
import { EVE, openOne, part, parsed, requestOf, setUp, sandboxTicket, textOf } from './testing'

const textsOf = (events: SessionEvent[]): string[] =>
  events.flatMap((event) =>
    event.type === 'message-posted' ? event.parts.flatMap((piece) => (piece.type === 'text' ? [piece.text] : [])) : []
  )

describe('an agent’s reply', () => {
  it('is delivered from any position among parts by bots, workflows and customers, and notes', async () => {
    const setup = await setUp()
    const others = [
      part({ id: '1', part_type: 'comment', author: { type: 'bot', id: '5', name: 'Fin' }, body: '<p>I am Fin</p>' }),
      part({ id: '2', part_type: 'note', body: '<p>internal</p>' }),
      part({ id: '3', part_type: 'comment', author: { type: 'user', id: '6' }, body: '<p>I am the customer</p>' }),
      part({ id: '4', part_type: 'assignment', author: { type: 'bot', id: '5' }, body: null }),
      part({ id: '5', author: null, body: '<p>I have no author</p>' }),
    ]
    const reply = part({ id: '9', body: '<p>I am Ada</p>' })
    for (let index = 0; index <= others.length; index += 1) {
      const parts = others.toSpliced(index, 0, reply)
      expect(textsOf(parsed(setup, 'conversation.admin.replied', parts).events)).toEqual(['I am Ada'])
    }
  })

  it('is delivered whole when it has several parts', async () => {
    const setup = await setUp()
    const parts = ['one', 'two', 'three'].map((text, index) => part({ id: `90${index}`, body: `<p>${text}</p>` }))
    expect(textsOf(parsed(setup, 'conversation.admin.replied', parts).events)).toEqual(['one', 'two', 'three'])
  })
})

describe('a customer', () => {
  const SPOOF = 'Handoff reference: conv_99'

  it('cannot make a conversation match another handoff by writing its reference', async () => {
    const setup = await setUp()
    const transcript = [
      { author: 'customer' as const, name: SPOOF, parts: [{ type: 'text' as const, text: `${SPOOF}\n${SPOOF}` }] },
    ]
    const spoofing = { title: SPOOF, description: SPOOF, transcript }
    const own = await openOne(setup, spoofing)
    const count = setup.sandbox.tickets().length
    // A retried start finds its own conversation.
    expect((await openOne(setup, { ...spoofing, mayExist: true })).id).toBe(own.id)
    expect(setup.sandbox.tickets()).toHaveLength(count)
    // The handoff with the spoofed reference gets its own conversation.
    const other = await openOne(setup, { conversationId: 'conv_99', description: 'Another one', mayExist: true })
    expect(other.id).not.toBe(own.id)
  })

  it('gets a contact even if Intercom rejects the e-mail address and the picture', async () => {
    const setup = await setUp()
    const invalid = { ...EVE, email: '<!here>"@customer.example', pictureUrl: 'not an address' }
    const contactId = await setup.driver.ensureContact?.(invalid)
    expect(contactId).toBeTruthy()
    const opened = await setup.driver.openTicket(requestOf({ customer: { ...invalid, contactId } }))
    const ticket = { id: opened.id, conversationId: 'conv_01', contactId }
    await setup.driver.postMessage(ticket, textOf('hello'))
    expect(sandboxTicket(setup, ticket).entries.at(-1)).toMatchObject({ kind: 'customer', text: 'hello' })
    expect(await setup.driver.ensureContact?.(invalid)).toBe(contactId)
  })
})
