import { describe, expect, it } from 'vitest'
import type { SessionEvent } from '../provider'
import { EVE, openOne, part, parsed, requestOf, setUp, shown, textOf } from './testing'

const said = (events: SessionEvent[]): string[] =>
  events.flatMap((event) =>
    event.type === 'message-posted' ? event.parts.flatMap((piece) => (piece.type === 'text' ? [piece.text] : [])) : []
  )

describe('an agent’s answer', () => {
  it('is heard among parts of bots, workflows, customers and notes, wherever it stands', async () => {
    const setting = await setUp()
    const noise = [
      part({ id: '1', part_type: 'comment', author: { type: 'bot', id: '5', name: 'Fin' }, body: '<p>I am Fin</p>' }),
      part({ id: '2', part_type: 'note', body: '<p>between us</p>' }),
      part({ id: '3', part_type: 'comment', author: { type: 'user', id: '6' }, body: '<p>I am the customer</p>' }),
      part({ id: '4', part_type: 'assignment', author: { type: 'bot', id: '5' }, body: null }),
      part({ id: '5', author: null, body: '<p>I am nobody</p>' }),
    ]
    const answer = part({ id: '9', body: '<p>I am Ada</p>' })
    for (let at = 0; at <= noise.length; at += 1) {
      const parts = noise.toSpliced(at, 0, answer)
      expect(said(parsed(setting, 'conversation.admin.replied', parts).events)).toEqual(['I am Ada'])
    }
  })

  it('in several parts is all of them', async () => {
    const setting = await setUp()
    const parts = ['one', 'two', 'three'].map((text, index) => part({ id: `90${index}`, body: `<p>${text}</p>` }))
    expect(said(parsed(setting, 'conversation.admin.replied', parts).events)).toEqual(['one', 'two', 'three'])
  })
})

describe('a customer', () => {
  const SPOOF = 'Handoff reference: conv_99'

  it('cannot pass a conversation off as another handoff’s by writing down its reference', async () => {
    const setting = await setUp()
    const transcript = [
      { author: 'customer' as const, name: SPOOF, parts: [{ type: 'text' as const, text: `${SPOOF}\n${SPOOF}` }] },
    ]
    const spoofing = { title: SPOOF, description: SPOOF, transcript }
    const mine = await openOne(setting, spoofing)
    const count = setting.sandbox.tickets().length
    // Started again, the handoff finds what it has opened.
    expect((await openOne(setting, { ...spoofing, mayExist: true })).id).toBe(mine.id)
    expect(setting.sandbox.tickets()).toHaveLength(count)
    // And the handoff that is named gets a conversation of its own.
    const other = await openOne(setting, { conversationId: 'conv_99', description: 'Another one', mayExist: true })
    expect(other.id).not.toBe(mine.id)
  })

  it('has a contact although Intercom takes the address or the picture for none', async () => {
    const setting = await setUp()
    const odd = { ...EVE, email: '<!here>"@customer.example', pictureUrl: 'not an address' }
    const contactId = await setting.driver.ensureContact?.(odd)
    expect(contactId).toBeTruthy()
    const opened = await setting.driver.openTicket(requestOf({ customer: { ...odd, contactId } }))
    const ticket = { id: opened.id, conversationId: 'conv_01', contactId }
    await setting.driver.postMessage(ticket, textOf('hello'))
    expect(shown(setting, ticket).entries.at(-1)).toMatchObject({ kind: 'customer', text: 'hello' })
    expect(await setting.driver.ensureContact?.(odd)).toBe(contactId)
  })
})
