import { afterEach, describe, expect, it } from 'vitest'
import type { TicketOptions } from '../provider'
import { withoutRefused, type TicketFields } from './fields'
import { closeAll, fault, openSession, requests, setUp, ticketRow } from './testing'

afterEach(closeAll)

const opened = async (options: TicketOptions, prepare?: (setting: Awaited<ReturnType<typeof setUp>>) => void) => {
  const setting = await setUp()
  prepare?.(setting)
  const session = await openSession(setting, { options, transcript: [] })
  const row = ticketRow(setting, session.ticket.id)
  const values = (row.fields.custom_fields ?? []).map(({ value }) => value)
  const leftOut = session.opened.leftOut ?? []
  return { setting, row, values, leftOut, attempts: requests(setting, 'POST', /tickets$/).length }
}

describe('a session’s fields', () => {
  it('are found by title or id, whatever the case, and have values of their type', async () => {
    const fields = {
      'order NUMBER': ' 4711 ',
      Reason: 'late',
      Topics: 'order_late, Orders::Lost',
      Paid: 'yes',
      Items: '3',
      'Ordered on': '2026-05-03T10:00:00Z',
    }
    const { values, leftOut, attempts } = await opened({ fields })
    expect(values).toEqual(['4711', 'order_late', ['order_late', 'order_lost'], true, 3, '2026-05-03'])
    expect([leftOut, attempts]).toEqual([[], 1])
  })

  it('stand for form, brand, type, organisation and due date, without a look at the account’s fields', async () => {
    const fields = { Form: '360501', brand_id: '360601', type: 'Question', organization: '360701' }
    const { setting, row, leftOut } = await opened({ fields })
    expect(row.fields).toMatchObject({
      ticket_form_id: 360_501,
      brand_id: 360_601,
      type: 'question',
      organization_id: 360_701,
    })
    expect(leftOut).toEqual([])
    expect(requests(setting, 'GET', /ticket_fields/)).toEqual([])
  })

  it('that the account lacks, or that don’t fit, are left out and named', async () => {
    const fields = {
      Nonsense: 'x',
      'Old field': 'x',
      Reason: 'no such option',
      Topics: 'late, other',
      Items: 'three',
      'Ordered on': 'soon',
      Paid: 'maybe',
      subject: 'Another one',
      Form: 'The long one',
      type: 'rant',
      'Order number': '1',
      empty: ' ',
    }
    const { values, leftOut, attempts } = await opened({ fields, queue: 'C0123', assignee: 'Ada' })
    expect(values).toEqual(['1'])
    expect(attempts).toBe(1)
    for (const name of ['Queue', 'Assignee', ...Object.keys(fields).slice(0, 10)]) {
      expect(
        leftOut.filter((sentence) => sentence.includes(name)),
        name
      ).toHaveLength(1)
    }
    for (const sentence of leftOut) expect(sentence).toMatch(/^(?:Queue|Assignee|Field “.+”): .+\.$/)
  })

  it('that Zendesk refuses are left out, and the ticket opens all the same', async () => {
    const fields = { Postcode: 'SW1A', 'Order number': '4711', brand: '1' }
    const { row, leftOut } = await opened({ fields, priority: 'high', tags: ['vip'] })
    expect(row).toMatchObject({ priority: 'high', tags: ['botpress-hitl-bot-1', 'vip'] })
    // Zendesk names no custom field, so none of them is kept.
    expect(row.fields).toEqual({})
    expect(leftOut.toSorted()).toEqual([
      'Field “Order number”: Zendesk refuses it.',
      'Field “Postcode”: Zendesk refuses it.',
      'Field “brand”: Zendesk refuses it.',
    ])
  })

  it('are sent by their ids, and not by their names, while the account’s fields can’t be read', async () => {
    const { leftOut } = await opened({ fields: { '360000000100': 'x', 'Order number': '1' } }, (setting) =>
      fault(setting, 'GET', /ticket_fields/, { status: 500, times: 9 })
    )
    expect(leftOut).toEqual([
      'Field “Order number”: Zendesk’s fields could not be read.',
      // Sent, and refused by an account without it.
      'Field “360000000100”: Zendesk refuses it.',
    ])
  })

  it('are read once in ten minutes', async () => {
    const { setting } = await opened({ fields: { Items: '3' } })
    await openSession(setting, { conversationId: 'conv_02', options: { fields: { Items: '4' } } })
    expect(requests(setting, 'GET', /ticket_fields/)).toHaveLength(1)
    setting.clock.advance(11 * 60_000)
    await openSession(setting, { conversationId: 'conv_03', options: { fields: { Items: '4' } } })
    expect(requests(setting, 'GET', /ticket_fields/)).toHaveLength(2)
  })
})

describe('assignee and subject', () => {
  it('are an agent by id or e-mail address, and a prefix of the title', async () => {
    const setting = await setUp()
    const [ada, bob] = setting.sandbox.agents
    const options = { assignee: ' ADA@acme.example ', subjectPrefix: '[Shop]' }
    const first = await openSession(setting, { options })
    expect(ticketRow(setting, first.ticket.id)).toMatchObject({
      assignee_id: Number(ada?.id),
      subject: '[Shop] Late parcel',
    })
    const second = await openSession(setting, { conversationId: 'conv_02', options: { assignee: bob?.id ?? '' } })
    expect(ticketRow(setting, second.ticket.id).assignee_id).toBe(Number(bob?.id))
  })
})

describe('a refusal', () => {
  const fields = (): TicketFields => ({
    body: { group_id: 1, priority: 'high', custom_fields: [{ id: 4_711_000, value: 'x' }] },
    wishes: new Map([
      ['group_id', 'Queue'],
      ['priority', 'Priority'],
      ['4711000', 'Field “A”'],
    ]),
    leftOut: [],
  })

  it('leaves out what it names, and everything where it names nothing', () => {
    expect(withoutRefused(fields(), ['group'])?.body).toEqual({
      priority: 'high',
      custom_fields: [{ id: 4_711_000, value: 'x' }],
    })
    expect(withoutRefused(fields(), ['custom_field_4711000'])?.body).toEqual({ group_id: 1, priority: 'high' })
    expect(withoutRefused(fields(), ['base'])?.body).toEqual({ group_id: 1, priority: 'high' })
    expect(withoutRefused(fields(), [])).toMatchObject({ body: {}, leftOut: { length: 3 } })
    expect(withoutRefused(fields(), ['requester'])).toBeUndefined()
    expect(withoutRefused({ body: {}, wishes: new Map(), leftOut: [] }, [])).toBeUndefined()
  })
})
